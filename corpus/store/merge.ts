// Merging: takes over from another database what this one lacks; doing it twice takes over nothing the second time.
import { realpathSync } from 'node:fs';
import type { Problem } from '../schema/forms.js';
import type { CaptureId, Signature, WitnessId } from '../schema/ids.js';
import type { Witness } from '../schema/witness.js';
import { saveFigures } from './campaign-lock.js';
import { addCapture, capturePack, loadCapture, loadPrograms, putPrograms } from './capture-table.js';
import { cannotBe, notOurs } from './check-file.js';
import { DATABASE_VERSION, databaseVersion, migrate } from './migrations.js';
import { type Database, openReadable, openScratch } from './sqlite.js';
import type { Merged, TriageEntry } from './store.js';
import { append, triageLog } from './triage-table.js';
import { problemOf, unsealed } from './trouble.js';
import { putChanges, storeWitness } from './witness-table.js';

/** A database that can be merged into another, or why it is refused. */
export type OpenToMerge =
  | { readonly ok: true; readonly db: Database }
  | { readonly ok: false; readonly problem: Problem };

/** Opens the other database for reading; one of an older version as a copy in memory, brought up to date there. */
export function openToMerge(path: string, into: string, busyTimeoutMs: number): OpenToMerge {
  const missing = cannotBe(path, path, 'read');
  if (missing !== null) return { ok: false, problem: missing };
  if (realpathSync(path) === realpathSync(into))
    return {
      ok: false,
      problem: {
        title: 'THIS IS THE DATABASE ITSELF',
        about: path,
        facts: ['A database is not merged into itself. Nothing was changed.'],
        next: 'relock import OTHER.db',
      },
    };
  let db: Database | null = null;
  try {
    db = openReadable(path, busyTimeoutMs);
    const problem = notOurs(db, path);
    if (problem !== null) {
      db.close();
      return { ok: false, problem };
    }
    if (databaseVersion(db) === DATABASE_VERSION) return { ok: true, db };
    const copy = openScratch(db.serialize());
    db.close();
    migrate(copy);
    return { ok: true, db: copy };
  } catch (error) {
    db?.close();
    const problem = problemOf(error, path);
    if (problem === null) throw error;
    return { ok: false, problem };
  }
}

/** What of another database is taken over, beside its captures and programs. */
export interface Accept {
  readonly witness: (witness: Witness) => boolean;
  readonly campaign: (name: string) => boolean;
}

/** The caller has opened a transaction on `db`. */
export function merge(db: Database, other: Database, accept: Accept): Merged {
  const captures = mergeCaptures(db, other);
  const programs = counted(db, 'program_source', () => putPrograms(db, loadPrograms(other, null)));
  const { stored, refused } = mergeWitnesses(db, other, accept.witness);
  return {
    captures,
    programs,
    witnesses: stored,
    sightings: counted(db, 'sighting', () => mergeSightings(db, other)),
    decisions: counted(db, 'triage', () => mergeDecisions(db, other)),
    ...mergeCampaigns(db, other, accept.campaign),
    refused,
  };
}

function counted(db: Database, table: string, work: () => void): number {
  const count = () => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  const before = count();
  work();
  return count() - before;
}

function mergeCaptures(db: Database, other: Database): number {
  const rows = other.prepare('SELECT id, imported_at, import_ms FROM capture ORDER BY seq').all() as {
    readonly id: CaptureId;
    readonly imported_at: string;
    readonly import_ms: number | null;
  }[];
  let stored = 0;
  for (const { id, imported_at, import_ms } of rows) {
    if (db.prepare('SELECT 1 FROM capture WHERE id = ?').get(id) !== undefined) continue;
    // Decoding checks the bytes against their checksum: damage does not spread.
    const capture = loadCapture(other, id);
    const pack = capturePack(other, id);
    if (capture === null || pack === null || capture.id !== id) continue;
    addCapture(db, capture, pack, imported_at, import_ms);
    stored++;
  }
  return stored;
}

function mergeWitnesses(
  db: Database,
  other: Database,
  accept: (witness: Witness) => boolean,
): { stored: number; refused: string[] } {
  const refused: string[] = [];
  let stored = 0;
  // As they were stored: the captures of later sightings are not part of a witness.
  const rows = other
    .prepare('SELECT id, body, body_sha256, campaign, found_at FROM witness ORDER BY seq')
    .all() as {
    readonly id: WitnessId;
    readonly body: string;
    readonly body_sha256: string | null;
    readonly campaign: string | null;
    readonly found_at: string;
  }[];
  for (const { id: given, body, body_sha256, campaign, found_at } of rows) {
    const read = unsealed<Omit<Witness, 'state'>>(body, body_sha256, `witness ${given}`);
    const witness: Witness = { ...read, state: 'open' };
    if (db.prepare('SELECT 1 FROM witness WHERE id = ?').get(witness.id) !== undefined) continue;
    if (!accept(witness)) {
      refused.push(witness.id);
      continue;
    }
    const { outcome, id } = storeWitness(db, witness, { campaign, at: found_at });
    if (outcome !== 'stored' && outcome !== 'stored-as-first') continue;
    stored++;
    mergeChanges(db, other, id);
  }
  return { stored, refused };
}

function mergeChanges(db: Database, other: Database, id: WitnessId): void {
  const rows = other
    .prepare('SELECT how, class, rule, change, cures FROM change_tried WHERE witness = ? ORDER BY n')
    .all(id) as { how: string; class: string | null; rule: string | null; change: string; cures: number }[];
  putChanges(
    db,
    id,
    rows.map((row) => ({ ...row, cures: row.cures === 1 })),
  );
}

/** A sighting of a witness that was no better than what is here counts for the signature. */
function mergeSightings(db: Database, other: Database): void {
  const rows = other
    .prepare('SELECT signature, witness, capture, campaign, at FROM sighting ORDER BY seq')
    .all() as {
    readonly signature: Signature;
    readonly witness: WitnessId | null;
    readonly capture: CaptureId | null;
    readonly campaign: string | null;
    readonly at: string;
  }[];
  const insert = db.prepare(
    `INSERT INTO sighting (signature, witness, capture, campaign, at)
     SELECT :signature, (SELECT id FROM witness WHERE id = :witness), :capture, :campaign, :at
      WHERE EXISTS (SELECT 1 FROM signature WHERE signature = :signature)
        AND (:capture IS NULL OR EXISTS (SELECT 1 FROM capture WHERE id = :capture))
        AND NOT EXISTS (SELECT 1 FROM sighting x
                         WHERE x.signature = :signature AND x.at = :at
                           AND x.witness IS (SELECT id FROM witness WHERE id = :witness)
                           AND x.capture IS :capture AND x.campaign IS :campaign)`,
  );
  for (const row of rows) insert.run(row);
}

function mergeDecisions(db: Database, other: Database): void {
  const signatures = other.prepare('SELECT DISTINCT signature FROM triage').pluck().all() as Signature[];
  const isHere = db.prepare('SELECT 1 FROM signature WHERE signature = ?');
  const same = (a: TriageEntry, b: TriageEntry) =>
    a.state === b.state && a.note === b.note && a.who === b.who && a.at === b.at;
  for (const signature of signatures) {
    if (isHere.get(signature) === undefined) continue;
    const known = triageLog(db, signature);
    for (const entry of triageLog(other, signature)) {
      if (known.some((one) => same(one, entry))) continue;
      const dupIsHere = entry.dupOf !== null && isHere.get(entry.dupOf) !== undefined;
      append(db, { ...entry, dupOf: dupIsHere ? entry.dupOf : null });
    }
  }
}

/** A campaign is one run of the dice: of the same one the later checkpoint wins, of two with one name this one's stays. */
function mergeCampaigns(
  db: Database,
  other: Database,
  accept: (name: string) => boolean,
): { campaigns: number; leftCampaigns: string[] } {
  const columns = `name, seed, execs, steps, seconds, features, seeds, new_signatures, model, state, state_sha256,
                   started_at, updated_at`;
  const rows = other.prepare(`SELECT ${columns} FROM campaign ORDER BY name`).all() as {
    readonly name: string;
    readonly seed: number;
    readonly started_at: string;
    readonly updated_at: string;
  }[];
  const leftCampaigns: string[] = [];
  let campaigns = 0;
  for (const row of rows) {
    if (!accept(row.name)) continue;
    const here = db
      .prepare('SELECT seed, started_at, updated_at FROM campaign WHERE name = ?')
      .get(row.name) as { seed: number; started_at: string; updated_at: string } | undefined;
    if (here !== undefined) {
      if (here.seed !== row.seed || here.started_at !== row.started_at) leftCampaigns.push(row.name);
      if (!(here.seed === row.seed && here.started_at === row.started_at && here.updated_at < row.updated_at))
        continue;
    }
    const names = columns.split(',').map((name) => name.trim());
    const updates = names.slice(1).map((name) => `${name} = excluded.${name}`);
    db.prepare(
      `INSERT INTO campaign (${columns}) VALUES (${names.map((name) => `:${name}`).join(', ')})
       ON CONFLICT (name) DO UPDATE SET ${updates.join(', ')}`,
    ).run(row);
    const minutes = other
      .prepare(
        `SELECT campaign, minute, at, execs, steps, features, seeds, new_signatures, figures FROM coverage_minute
         WHERE campaign = ?`,
      )
      .all(row.name);
    const put = db.prepare(
      `INSERT OR REPLACE INTO coverage_minute
         (campaign, minute, at, execs, steps, features, seeds, new_signatures, figures)
       VALUES (:campaign, :minute, :at, :execs, :steps, :features, :seeds, :new_signatures, :figures)`,
    );
    for (const minute of minutes) put.run(minute);
    const now = other.prepare('SELECT at, figures FROM campaign_now WHERE campaign = ?').get(row.name) as
      | { readonly at: string; readonly figures: string }
      | undefined;
    if (now !== undefined) saveFigures(db, row.name, now.figures, now.at);
    campaigns++;
  }
  return { campaigns, leftCampaigns };
}
