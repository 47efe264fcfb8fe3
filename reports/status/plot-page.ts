// The plot of a campaign as one HTML file that opens from a USB stick: figures over working time, uPlot inlined.
import type { CampaignFigures } from '../../corpus/schema/statistics.js';
import { html, trusted } from '../html/html.js';
import { spanText } from '../text/durations.js';
import { grouped } from '../text/layout.js';
import type { PlotRow } from './stats.js';

/** uPlot's own files (node_modules/uplot/dist), which the caller reads. */
export interface PlotAssets {
  readonly script: string;
  readonly style: string;
}

type Plotted =
  | 'features'
  | 'execs'
  | 'new_signatures'
  | 'next_is_new_at_most'
  | 'execs_per_second'
  | 'rss_mib'
  | 'db_mib';

/** One chart: its title, and the statistics drawn in it. */
const CHARTS: readonly { readonly title: string; readonly keys: readonly Plotted[]; readonly log?: true }[] =
  [
    { title: 'Coverage: features', keys: ['features'] },
    { title: 'Execs', keys: ['execs'] },
    { title: 'Execs per second', keys: ['execs_per_second'] },
    { title: 'Finds: new signatures', keys: ['new_signatures'] },
    {
      title: 'Residual risk: chance of a new end in the next run, at most',
      keys: ['next_is_new_at_most'],
      log: true,
    },
    { title: 'Memory and database, MiB', keys: ['rss_mib', 'db_mib'] },
  ];

const STYLE = `
body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:62rem;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
h2{font-size:1.05rem;margin:1.6rem 0 .4rem}.limits{color:#555}
@media print{.chart{break-inside:avoid}}`;

/** Draws each chart beside its data; without scripts the tables above still say how it ended. */
const DRAW = `
const data=JSON.parse(document.getElementById('data').textContent);
const colours=['#0b5394','#b45f06'];
for(const chart of data.charts){
 const at=document.getElementById(chart.id);
 new uPlot({width:Math.min(900,at.clientWidth||900),height:220,scales:{x:{time:false},...(chart.log?{y:{distr:3}}:{})},
  axes:[{label:'working time, hours'},{size:70}],
  series:[{label:'hours',value:(_,v)=>v==null?'':v.toFixed(3)},...chart.keys.map((key,i)=>({label:key,stroke:colours[i],width:1.5,spanGaps:true}))]},
  [data.hours,...chart.series],at);
}`;

/** `rows`: oldest first, at least one. */
export function plotPage(rows: readonly PlotRow[], assets: PlotAssets): string {
  const last = rows.at(-1)?.figures;
  if (last === undefined) throw new Error('a plot without rows');
  const charts = CHARTS.map((chart, i) => ({
    id: `chart-${i}`,
    ...chart,
    series: chart.keys.map((key) => rows.map(({ figures }) => plottable(figures, key, chart.log === true))),
  }));
  const data = { hours: rows.map(({ figures }) => figures.seconds / 3600), charts };
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>relock: campaign ${last.campaign}</title>
<style>${trusted(assets.style)}${trusted(STYLE)}</style></head><body>
<h1>Campaign ${last.campaign}</h1>
<table>${factsOf(last, rows).map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>
<p class="limits">Fuzzing proves presence, not absence: only programs that were searched completely are proved free of
what was not found, within the lock model.</p>
${charts.map(({ id, title }) => html`<div class="chart"><h2>${title}</h2><div id="${id}"></div></div>`)}
<noscript><p>The curves need scripts; the table above, and plot.csv, hold the same figures.</p></noscript>
<script type="application/json" id="data">${trusted(JSON.stringify(data).replaceAll('<', '\\u003c'))}</script>
<script>${trusted(assets.script)}</script><script>${trusted(DRAW)}</script>
</body></html>
`;
  return String(page);
}

/** Zero has no place on a logarithmic axis. */
function plottable(figures: CampaignFigures, key: Plotted, log: boolean): number | null {
  const value = figures[key];
  return value === null || value === undefined || (log && value <= 0) ? null : value;
}

function factsOf(f: CampaignFigures, rows: readonly PlotRow[]): (readonly [string, string])[] {
  return [
    ['from', `${rows[0]?.at ?? ''} to ${rows.at(-1)?.at ?? ''}`],
    ['working time', spanText(f.seconds)],
    ['execs', grouped(f.execs)],
    ['features', grouped(f.features)],
    ['new signatures', String(f.new_signatures)],
    ['proved', `${f.proved} of ${f.programs} programs`],
    ['model', f.model],
    ['seed, shards', `${f.seed}, ${f.shards}`],
  ];
}
