// Campaign files: one campaign with all that it works on, as a database of its own in a sealed envelope.
import { openEnvelope, type Seal, sealEnvelope } from '../pack/envelope.js';
import type { Defect, Problem } from '../schema/forms.js';
import type { Signature } from '../schema/ids.js';
import { notOurs } from './check-file.js';
import { merge, type OpenToMerge } from './merge.js';
import { DATABASE_VERSION, databaseVersion, migrate } from './migrations.js';
import { type Database, openEmpty, openScratch } from './sqlite.js';
import { problemOf } from './trouble.js';
import { verify } from './verify.js';

const CAMPAIGN_SEAL: Seal = { magic: 'RLKCMP\r\n', version: 1, noun: 'campaign' };

/** Bytes that tell a campaign file. */
export const CAMPAIGN_MARK_BYTES = CAMPAIGN_SEAL.magic.length;

/** How many defects are told of a file; the rest is counted. */
const DEFECTS_TOLD = 5;

/** True if the bytes begin as a campaign file does; whether they are whole is told when it is opened. */
export function isCampaignFile(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, CAMPAIGN_MARK_BYTES)).toString('latin1') === CAMPAIGN_SEAL.magic;
}

/**
 * The campaign with every capture and program (a campaign works on all there are), its checkpoint, its figures, and the
 * witnesses and decisions of each signature that it saw. Null if there is no such campaign.
 */
export function packCampaign(db: Database, name: string): Uint8Array | null {
  const copy = openEmpty();
  try {
    migrate(copy);
    // One snapshot: the campaign may be running.
    const found = db.transaction(() => {
      if (db.prepare('SELECT 1 FROM campaign WHERE name = ?').get(name) === undefined) return false;
      const seen = db.prepare('SELECT DISTINCT signature FROM sighting WHERE campaign = ?').pluck();
      const signatures = new Set(seen.all(name) as Signature[]);
      const accept = { witness: ({ signature }: { signature: Signature }) => signatures.has(signature) };
      copy.transaction(() => merge(copy, db, { ...accept, campaign: (other) => other === name }))();
      return true;
    })();
    return found ? sealEnvelope(CAMPAIGN_SEAL, copy.serialize()) : null;
  } finally {
    copy.close();
  }
}

/** Opens a campaign file for merging, or says why it is refused: damaged, cut short, of a newer relock. */
export function openCampaignFile(bytes: Uint8Array, about: string): OpenToMerge {
  const opened = openEnvelope(CAMPAIGN_SEAL, bytes);
  if (!opened.ok) {
    const isNewer = opened.problem.title.endsWith('NEWER RELOCK');
    const next = isNewer ? 'Update relock here, or export with the older one there' : AGAIN;
    return refuse({ ...opened.problem, facts: [...opened.problem.facts, UNTOUCHED], next }, about);
  }
  let db: Database | null = null;
  try {
    db = openScratch(opened.body);
    const problem = notOurs(db, about) ?? ofNothing(db, about) ?? unsound(db);
    if (problem === null) return { ok: true, db };
    db.close();
    return refuse(problem, about);
  } catch (error) {
    db?.close();
    const problem = problemOf(error, about);
    if (problem === null) throw error;
    return refuse({ ...problem, next: AGAIN }, about);
  }
}

const AGAIN = 'Copy it again, or export it again there: relock export campaign NAME -o FILE';
const UNTOUCHED = 'Nothing was changed.';

function refuse(problem: Problem, about: string): OpenToMerge {
  return { ok: false, problem: { ...problem, about } };
}

/** An empty image is ours to fill in a database, and nothing that an export writes. */
function ofNothing(db: Database, about: string): Problem | null {
  if (databaseVersion(db) > 0) return null;
  return { title: 'THERE IS NO CAMPAIGN IN THIS FILE', about, facts: [UNTOUCHED], next: AGAIN };
}

/** The seal shows that these are the bytes that were written, not that relock wrote them: so all of it is checked. */
function unsound(db: Database): Problem | null {
  if (databaseVersion(db) < DATABASE_VERSION) migrate(db);
  const defects = verify(db);
  if (defects.length === 0) return null;
  const words = ({ what, id, problem }: Defect) => `${what} ${id}: ${problem}`;
  const more = defects.length - DEFECTS_TOLD;
  return {
    title: 'THIS CAMPAIGN FILE IS NOT SOUND',
    facts: [
      ...defects.slice(0, DEFECTS_TOLD).map(words),
      ...(more > 0 ? [`and ${more} more.`] : []),
      UNTOUCHED,
    ],
    next: AGAIN,
  };
}
