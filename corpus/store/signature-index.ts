// The signature index: one small row a bug with all that lists and facets need, and what has changed since it was read.
import type { Basis } from '../schema/capture.js';
import type { Signature, WitnessId } from '../schema/ids.js';
import type { Grade, Witness, WitnessKind } from '../schema/witness.js';
import type { Database } from './sqlite.js';

/** How far the append-only tables had come; whoever appends to them changes what a list shows. */
export interface Marks {
  readonly witness: number;
  readonly sighting: number;
  readonly triage: number;
}

/** One bug in a list. */
export interface SignatureRow {
  readonly signature: Signature;
  readonly witness: WitnessId;
  readonly kind: WitnessKind;
  readonly title: string;
  readonly cycle: readonly string[];
  readonly state: Witness['state'];
  readonly basis: Basis;
  readonly grade: Grade;
  readonly sightings: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly platforms: readonly string[];
  readonly kernels: readonly string[];
}

export const MARKS = `
  SELECT (SELECT coalesce(max(seq), 0) FROM witness) AS witness,
         (SELECT coalesce(max(seq), 0) FROM sighting) AS sighting,
         (SELECT coalesce(max(seq), 0) FROM triage) AS triage`;

export function loadMarks(db: Database): Marks {
  return db.prepare(MARKS).get() as Marks;
}

/** Signatures that a row behind the marks names. */
export const TOUCHED = `
  SELECT signature FROM witness NOT INDEXED WHERE seq > :witness
  UNION SELECT signature FROM sighting NOT INDEXED WHERE seq > :sighting
  UNION SELECT signature FROM triage NOT INDEXED WHERE seq > :triage`;

/** The rows of signatures that changed since the marks; of all without marks. */
export function loadSignatureRows(db: Database, since: Marks | null): SignatureRow[] {
  const only = since === null ? '' : `WHERE s.signature IN (${TOUCHED})`;
  const values = since === null ? [] : [since];
  const places = new Map<string, { platforms: Set<string>; kernels: Set<string> }>();
  const seen = db
    .prepare(
      `SELECT DISTINCT s.signature, c.platform, c.kernel FROM sighting s JOIN capture c ON c.id = s.capture ${only}`,
    )
    .all(...values) as { signature: string; platform: string; kernel: string | null }[];
  const tags = new Map<string, readonly string[]>();
  for (const { signature, platform, kernel } of seen) {
    const place = places.get(signature) ?? { platforms: new Set(), kernels: new Set() };
    places.set(signature, place);
    let list = tags.get(platform);
    if (list === undefined) {
      list = JSON.parse(platform) as string[];
      tags.set(platform, list);
    }
    for (const tag of list) place.platforms.add(tag);
    if (kernel !== null) place.kernels.add(kernel);
  }
  const rows = db
    .prepare(
      `SELECT s.signature, s.best_witness AS witness, s.kind, s.title, s.cycle, s.state, w.basis, w.grade, s.sightings,
              s.first_seen AS firstSeen, s.last_seen AS lastSeen
       FROM signatures s JOIN witness w ON w.id = s.best_witness ${only}`,
    )
    .all(...values) as (Omit<SignatureRow, 'cycle' | 'platforms' | 'kernels'> & { cycle: string })[];
  return rows.map((row) => ({
    ...row,
    cycle: JSON.parse(row.cycle) as string[],
    platforms: [...(places.get(row.signature)?.platforms ?? [])].sort(),
    kernels: [...(places.get(row.signature)?.kernels ?? [])].sort(),
  }));
}
