// Stats file and plot.csv of a campaign: the statistics table as text, `key : value` and columns.
import {
  type CampaignFigures,
  PLOT_COLUMNS,
  STATISTICS,
  type Statistic,
} from '../../corpus/schema/statistics.js';
import { plainName } from '../text/plain-text.js';

const KEY_WIDTH = Math.max(...STATISTICS.map(({ key }) => key.length));

/** One line a statistic, as AFL's fuzzer_stats; lists as JSON on one line. `-` for what is not known yet. */
export function statsText(figures: CampaignFigures, at: string): string {
  const lines = [['at', at], ...STATISTICS.map(({ key }) => [key, valueText(figures[key])])];
  return lines.map(([key = '', value = '']) => `${key.padEnd(KEY_WIDTH)} : ${plainName(value)}\n`).join('');
}

function valueText(value: CampaignFigures[Statistic['key']]): string {
  if (value === null) return '-';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Figures at one checkpoint. */
export interface PlotRow {
  readonly at: string;
  readonly figures: CampaignFigures;
}

/** The first line names the columns; an empty field is not known. */
export function plotCsv(rows: readonly PlotRow[]): string {
  const lines = rows.map(({ at, figures }) =>
    PLOT_COLUMNS.map((key) => (key === 'at' ? at : csvValue(figures[key as Statistic['key']]))).join(','),
  );
  return [PLOT_COLUMNS.join(','), ...lines].map((line) => `${line}\n`).join('');
}

function csvValue(value: CampaignFigures[Statistic['key']] | undefined): string {
  return typeof value === 'number' ? String(value) : '';
}
