// The page of campaigns: what was searched, how coverage grew, what was imported and what that left out.
import type { Cell } from '../../corpus/schema/forms.js';
import type { Store } from '../../corpus/store/store.js';
import { type Html, html } from '../html/html.js';
import { count, grouped } from '../text/layout.js';
import { faceted } from './facets.js';
import { type Page, type Table, tableHtml } from './page.js';
import type { SignatureRows } from './signature-rows.js';

const CAPTURES = `
  SELECT file, format, arch, kernel,
         (SELECT group_concat(value, ' ') FROM json_each(platform)) AS platform, events, reports, gaps, imported_at
  FROM captures ORDER BY imported_at DESC, file LIMIT 200`;
const SKIPPED = `
  SELECT file, stat, severity, count, first_line, advice
  FROM skipped WHERE severity IN ('data-loss', 'error') ORDER BY file, stat LIMIT 200`;
const COVERAGE = 'SELECT minute, features FROM coverage WHERE campaign = ? ORDER BY minute';

/** Throws (our own bug) if one of its own queries cannot be run. */
export function select(
  store: Store,
  name: string,
  sql: string,
  values: Readonly<Record<string, string>> | readonly string[] = [],
): Table {
  const result = store.queryReadOnly(sql, values, { maxRows: 100_000 });
  if (!result.ok) throw new Error(result.problem.facts.join('; '));
  return { name, columns: result.columns, rows: result.rows };
}

export function campaignsPage(store: Store, rows: SignatureRows): Page {
  const campaigns = store.campaigns();
  const captures = select(store, 'captures', CAPTURES);
  const skipped = select(store, 'skipped', SKIPPED);
  const states = faceted(rows.index(), {}, null).counts.state;
  const table: Table = {
    name: 'campaigns',
    columns: [
      'name',
      'seconds',
      'execs',
      'steps',
      'seeds',
      'features',
      'new_signatures',
      'seed',
      'model',
      'updated_at',
    ],
    rows: campaigns.map((c): Cell[] => [
      c.name,
      Math.round(c.seconds),
      c.execs,
      c.steps,
      c.seeds,
      c.features,
      c.newSignatures,
      c.seed,
      c.model,
      c.updatedAt,
    ]),
  };
  const cards = campaigns.map((c) => {
    const coverage = select(store, 'coverage', COVERAGE, [c.name]).rows;
    return html`<tr><td><strong>${c.name}</strong></td><td class="number">${grouped(Math.round(c.seconds))} s</td><td class="number">${grouped(c.execs)}</td><td class="number">${grouped(c.features)}</td><td>${spark(coverage)}</td><td class="number">${c.newSignatures}</td><td class="keep">${c.updatedAt.slice(0, 16).replace('T', ' ')}</td></tr>`;
  });
  const body = html`<h1>Campaigns</h1>
<ul class="chips" aria-label="Signatures by state">${states.map(([state, n]) => html`<li class="chip ${state}"><a href="/signatures?state=${state}">${grouped(n)} ${state}</a></li>`)}<li class="chip">${count(store.captures().length, 'capture')}</li></ul>
<section class="card" aria-labelledby="h-campaigns"><h2 id="h-campaigns">Campaigns</h2>${
    campaigns.length === 0
      ? html`<p>None yet: <code>relock fuzz --for 1m</code></p>`
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Campaigns"><table class="rows"><thead><tr><th scope="col">name</th><th scope="col" class="number">worked</th><th scope="col" class="number">execs</th><th scope="col" class="number">features</th><th scope="col">features by minute</th><th scope="col" class="number">new signatures</th><th scope="col">saved (UTC)</th></tr></thead><tbody>${cards}</tbody></table></div>`
  }</section>
<section class="card" aria-labelledby="h-captures"><h2 id="h-captures">Captures</h2>${tableHtml(captures, 'Captures', () => null, ['events', 'reports', 'gaps'])}</section>
<section class="card" aria-labelledby="h-lost"><h2 id="h-lost">Lost, and how to record better</h2>${tableHtml(skipped, 'Lost', () => null, ['count', 'first_line'])}</section>`;
  return { title: 'Campaigns', section: '/campaigns', body, tables: [table, captures, skipped] };
}

/** Features by minute as one line; the figures stand in coverage.csv (relock export plots). */
function spark(points: readonly (readonly Cell[])[]): Html | null {
  if (points.length < 2) return null;
  const xs = points.map(([minute]) => Number(minute));
  const ys = points.map(([, features]) => Number(features));
  const [x0, x1] = [xs[0] as number, xs[xs.length - 1] as number];
  const top = ys.reduce((a, b) => Math.max(a, b), 1);
  const dots = xs.map((x, i) => {
    const left = ((x - x0) / Math.max(1, x1 - x0)) * 156 + 2;
    return `${left.toFixed(1)},${(30 - ((ys[i] as number) / top) * 28).toFixed(1)}`;
  });
  return html`<svg class="spark" width="160" height="32" viewBox="0 0 160 32" role="img" aria-label="Features grew to ${grouped(ys[ys.length - 1] as number)} in ${grouped(x1 + 1)} minutes"><polyline points="${dots.join(' ')}"/></svg>`;
}
