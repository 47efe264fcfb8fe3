// Files of a running campaign for other eyes: stats, plot.csv and log in a folder named after it, beside the database.
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CampaignFigures } from '../corpus/schema/statistics.js';
import type { Store } from '../corpus/store/store.js';
import { statusLine } from '../reports/status/line.js';
import { plotCsv, statsText } from '../reports/status/stats.js';
import { minutesOf } from './campaign-figures.js';

/** Short runs leave nothing behind: the folder is made when a run is so old. */
const AFTER_SECONDS = 60;

export interface CampaignFiles {
  update(figures: CampaignFigures): void;
}

/** Writes once a minute of work; says once why it cannot, and lets the campaign go on. */
export function campaignFiles(store: Store, name: string, talk: (text: string) => void): CampaignFiles {
  const folder = join(dirname(store.path), name);
  let writtenAt = 0;
  let given = false;
  return {
    update: (figures) => {
      if (given || figures.run_seconds - writtenAt < AFTER_SECONDS) return;
      writtenAt = figures.run_seconds;
      const reason = write(folder, store, figures);
      if (reason === null) return;
      given = true;
      talk(`${name}: stats, plot.csv and log are not written: ${reason}`);
    },
  };
}

function write(folder: string, store: Store, figures: CampaignFigures): string | null {
  if (existsSync(folder) && !isOurs(folder, figures.campaign))
    return `${folder} is there already, and is not this campaign's.`;
  try {
    mkdirSync(folder, { recursive: true });
    replace(join(folder, 'stats'), statsText(figures, new Date().toISOString()));
    replace(join(folder, 'plot.csv'), plotCsv(minutesOf(store, figures.campaign)));
    appendFileSync(join(folder, 'log'), `${new Date().toISOString()} ${statusLine(figures)}\n`);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isOurs(folder: string, campaign: string): boolean {
  try {
    const stats = readFileSync(join(folder, 'stats'), 'utf8');
    return stats.split('\n').some((line) => /^campaign +: /.test(line) && line.endsWith(`: ${campaign}`));
  } catch {
    return false;
  }
}

/** Whoever reads sees the old file or the new one, whole. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
