// Figures of campaigns as they stand in the database: of now, and of each minute.
import type { CampaignFigures } from '../corpus/schema/statistics.js';
import type { CampaignFiguresRow, Store } from '../corpus/store/store.js';
import type { PlotRow } from '../reports/status/stats.js';
import { isAlive } from './campaign-lock.js';
import { nearest, Trouble } from './trouble.js';

/** The figures in a row, or null where a campaign was saved before it had any. */
export function figuresIn(json: string): CampaignFigures | null {
  const figures = JSON.parse(json) as Partial<CampaignFigures>;
  return figures.campaign === undefined ? null : (figures as CampaignFigures);
}

export function isRunning(row: CampaignFiguresRow): boolean {
  return row.owner !== null && isAlive(row.owner, row.at);
}

/** One row for each checkpoint minute that has figures, oldest first. */
export function minutesOf(store: Store, campaign: string): PlotRow[] {
  const result = store.queryReadOnly(
    'SELECT at, figures FROM coverage WHERE campaign = :campaign ORDER BY minute',
    { campaign },
    { maxRows: 1_000_000 },
  );
  if (!result.ok) throw new Trouble(result.problem);
  return result.rows.flatMap(([at, json]) => {
    const figures = figuresIn(String(json));
    return figures === null ? [] : [{ at: String(at), figures }];
  });
}

export function noSuchCampaign(name: string, names: readonly string[]): Trouble {
  return new Trouble(
    {
      title: 'NO CAMPAIGN HAS THIS NAME',
      facts: [names.length === 0 ? 'There is none yet.' : `There are: ${names.join(', ')}.`],
      next: `relock ${names.length === 0 ? 'fuzz' : 'status'} ${nearest(name, names) ?? ''}`.trim(),
    },
    name,
  );
}
