// Campaigns: the last checkpoint of each, and one row of figures per minute of work.
import { sha256 } from './sha256.js';
import type { Database } from './sqlite.js';
import type { Campaign, CampaignFiguresRow, CampaignSummary, Checkpoint } from './store.js';
import { instant } from './trouble.js';

/** Writes a checkpoint; the caller has opened a transaction. */
export function saveCheckpoint(db: Database, name: string, checkpoint: Checkpoint, at: string): void {
  const { seed, execs, steps, seconds, features, seeds, newSignatures, model, state } = checkpoint;
  const all = checkpoint.figures ?? '{}';
  const figures = { name, execs, steps, features, seeds, newSignatures, at: instant(at) };
  db.prepare(
    `INSERT INTO campaign (name, seed, execs, steps, seconds, features, seeds, new_signatures, model, state,
                           state_sha256, started_at, updated_at)
     VALUES (:name, :seed, :execs, :steps, :seconds, :features, :seeds, :newSignatures, :model, :state, :sum, :at, :at)
     ON CONFLICT (name) DO UPDATE SET
       seed = excluded.seed, execs = excluded.execs, steps = excluded.steps, seconds = excluded.seconds,
       features = excluded.features, seeds = excluded.seeds, new_signatures = excluded.new_signatures,
       model = excluded.model, state = excluded.state, state_sha256 = excluded.state_sha256,
       updated_at = excluded.updated_at`,
  ).run({ ...figures, seed, seconds, model, state, sum: sha256(state) });
  db.prepare(
    `INSERT INTO coverage_minute (campaign, minute, at, execs, steps, features, seeds, new_signatures, figures)
     VALUES (:name, :minute, :at, :execs, :steps, :features, :seeds, :newSignatures, :all)
     ON CONFLICT (campaign, minute) DO UPDATE SET
       at = excluded.at, execs = excluded.execs, steps = excluded.steps, features = excluded.features,
       seeds = excluded.seeds, new_signatures = excluded.new_signatures, figures = excluded.figures`,
  ).run({ ...figures, minute: Math.floor(seconds / 60), all });
}

const COLUMNS = `name, seed, execs, steps, seconds, features, seeds, new_signatures AS newSignatures, model,
                 started_at AS startedAt, updated_at AS updatedAt`;

export function loadCampaign(db: Database, name: string): Campaign | null {
  const row = db.prepare(`SELECT ${COLUMNS}, state FROM campaign WHERE name = ?`).get(name);
  return (row as Campaign | undefined) ?? null;
}

/** Last worked on first. */
export function loadCampaigns(db: Database): CampaignSummary[] {
  return db
    .prepare(`SELECT ${COLUMNS} FROM campaign ORDER BY updated_at DESC, name`)
    .all() as CampaignSummary[];
}

/** Last worked on first. */
export function loadCampaignFigures(db: Database): CampaignFiguresRow[] {
  const rows = db
    .prepare(
      `SELECT n.campaign, n.at, n.figures, l.token, l.pid, l.host, l.began
       FROM campaign_now n LEFT JOIN campaign_lock l ON l.campaign = n.campaign ORDER BY n.at DESC, n.campaign`,
    )
    .all() as (Omit<CampaignFiguresRow, 'owner'> & {
    readonly token: string | null;
    readonly pid: number;
    readonly host: string;
    readonly began: string;
  })[];
  return rows.map(({ campaign, at, figures, token, pid, host, began }) => ({
    campaign,
    at,
    figures,
    owner: token === null ? null : { token, pid, host, began },
  }));
}

/** Signatures whose first witness the campaign found. */
export function newSignatures(db: Database, campaign: string): number {
  return db
    .prepare(
      `SELECT count(*) FROM witness w WHERE w.campaign = ?
         AND w.seq = (SELECT min(seq) FROM witness y WHERE y.signature = w.signature)`,
    )
    .pluck()
    .get(campaign) as number;
}
