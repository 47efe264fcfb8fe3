// The plot of a campaign as one HTML page, with uPlot out of node_modules in it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Store } from '../corpus/store/store.js';
import { plotPage } from '../reports/status/plot-page.js';
import { minutesOf, noSuchCampaign } from './campaign-figures.js';
import { EXIT, Trouble } from './trouble.js';

/** Of the named campaign, or of the one that was worked on last. Throws Trouble if there is nothing to plot. */
export function campaignPlot(store: Store, name: string | undefined): string {
  const names = store.campaigns().map((campaign) => campaign.name);
  const chosen = name ?? names[0];
  if (chosen !== undefined && !names.includes(chosen)) throw noSuchCampaign(chosen, names);
  const rows = chosen === undefined ? [] : minutesOf(store, chosen);
  if (rows.length > 0) return plotPage(rows, assets());
  throw new Trouble(
    {
      title: 'THERE IS NOTHING TO PLOT',
      facts: ['No campaign has run yet, or none since relock keeps figures for each minute.'],
      next: 'relock fuzz --for 5m',
    },
    store.path,
    EXIT.nothing,
  );
}

function assets(): { readonly script: string; readonly style: string } {
  const dist = dirname(createRequire(import.meta.url).resolve('uplot'));
  const read = (name: string): string => readFileSync(join(dist, name), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}
