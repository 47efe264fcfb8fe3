// Campaign locks: one process works on a campaign at a time, and a dead one is in nobody's way.
import type { Database } from './sqlite.js';
import type { CampaignOwner, LockCampaign } from './store.js';
import { instant } from './trouble.js';

/** Takes the lock unless a living process has it; the caller has opened a transaction. */
export function lockCampaign(
  db: Database,
  campaign: string,
  owner: CampaignOwner,
  at: string,
  isAlive: (owner: CampaignOwner, at: string) => boolean,
): LockCampaign {
  const held = db
    .prepare('SELECT token, pid, host, began, at FROM campaign_lock WHERE campaign = ?')
    .get(campaign) as (CampaignOwner & { readonly at: string }) | undefined;
  if (held !== undefined && held.token !== owner.token && isAlive(held, held.at))
    return { ok: false, holder: held, since: held.at };
  db.prepare(
    `INSERT INTO campaign_lock (campaign, token, pid, host, began, at)
     VALUES (:campaign, :token, :pid, :host, :began, :at)
     ON CONFLICT (campaign) DO UPDATE SET token = excluded.token, pid = excluded.pid, host = excluded.host,
       began = excluded.began, at = excluded.at`,
  ).run({ campaign, ...owner, at: instant(at) });
  return { ok: true, stale: held === undefined || held.token === owner.token ? null : held };
}

export function unlockCampaign(db: Database, campaign: string, token: string): void {
  db.prepare('DELETE FROM campaign_lock WHERE campaign = ? AND token = ?').run(campaign, token);
}

/** Whether the lock is still this one's; if so it is marked as alive. The caller has opened a transaction. */
export function holdsCampaign(db: Database, campaign: string, token: string, at: string): boolean {
  const touched = db
    .prepare('UPDATE campaign_lock SET at = ? WHERE campaign = ? AND token = ?')
    .run(instant(at), campaign, token);
  return touched.changes === 1;
}

/** Figures of now, for those who watch. */
export function saveFigures(db: Database, campaign: string, figures: string, at: string): void {
  db.prepare(
    `INSERT INTO campaign_now (campaign, at, figures) VALUES (?, ?, ?)
     ON CONFLICT (campaign) DO UPDATE SET at = excluded.at, figures = excluded.figures`,
  ).run(campaign, instant(at), figures);
}
