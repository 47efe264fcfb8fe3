// The lock-order page: which class was taken under which, as a graph; an edge tells who recorded it.
import type { Cell } from '../../corpus/schema/forms.js';
import type { Store } from '../../corpus/store/store.js';
import { textWidth } from '../draw/paint.js';
import { type Html, html } from '../html/html.js';
import { count } from '../text/layout.js';
import { select } from './campaigns-page.js';
import { layOut, type OrderEdge, type PlacedClass } from './order-layout.js';
import { type Page, type Table, tableHtml } from './page.js';

/** More edges are no picture any more; a filter brings the rest. */
const MOST_EDGES = 300;
const ROW = 84;
const GAP = 34;
const BOX = 28;

const EDGES = `
  SELECT class_held, class_wanted, count(*) AS times, count(DISTINCT capture) AS captures
  FROM lock_order_sources
  WHERE (:platform = '' OR EXISTS (SELECT 1 FROM json_each(platform) WHERE value = :platform))
    AND (:focus = '' OR class_held = :focus OR class_wanted = :focus)
  GROUP BY class_held, class_wanted ORDER BY times DESC, class_held, class_wanted`;
const PLATFORMS = `
  SELECT DISTINCT value FROM captures, json_each(captures.platform) ORDER BY value`;
const SOURCES = `
  SELECT task, mode, ctx, site_held, site_wanted, file, line, kernel, arch
  FROM lock_order_sources WHERE class_held = :held AND class_wanted = :wanted
    AND (:platform = '' OR EXISTS (SELECT 1 FROM json_each(platform) WHERE value = :platform))
  ORDER BY file, line LIMIT 200`;
const WITNESSED = `
  SELECT a.signature, s.best_witness, s.title, s.state
  FROM signature_classes a JOIN signature_classes b ON b.signature = a.signature
  JOIN signatures s ON s.signature = a.signature
  WHERE a.class = :held AND b.class = :wanted LIMIT 50`;

export interface OrderQuery {
  readonly platform: string;
  readonly focus: string;
  readonly held: string;
  readonly wanted: string;
}

export function orderQuery(url: URL): OrderQuery {
  const value = (name: string) => url.searchParams.get(name) ?? '';
  return { platform: value('platform'), focus: value('focus'), held: value('held'), wanted: value('wanted') };
}

function address(query: OrderQuery): string {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== '') values.set(name, value);
  const text = values.toString();
  return `/order${text === '' ? '' : `?${text}`}`;
}

export function orderPage(store: Store, query: OrderQuery): Page {
  const table = select(store, 'edges', EDGES, { platform: query.platform, focus: query.focus });
  const platforms = select(store, 'platforms', PLATFORMS).rows.map(([value]) => String(value));
  const edges = table.rows.slice(0, MOST_EDGES).map(
    ([held, wanted, times]): OrderEdge => ({
      held: String(held),
      wanted: String(wanted),
      times: Number(times),
    }),
  );
  const chosen = query.held !== '' && query.wanted !== '';
  const sources = chosen
    ? select(store, 'sources', SOURCES, { held: query.held, wanted: query.wanted, platform: query.platform })
    : null;
  const witnesses = chosen
    ? select(store, 'witnesses', WITNESSED, { held: query.held, wanted: query.wanted })
    : null;
  const options = ['', ...platforms].map(
    (name) =>
      html`<option value="${name}"${name === query.platform ? html` selected` : null}>${name === '' ? 'all platforms' : name}</option>`,
  );
  const body = html`<h1>Lock order</h1>
<p class="lead">An arrow from A to B: B was wanted while A was held. Red: classes that can be taken in a ring. Choose an arrow to see who recorded it, a class to see only its own.</p>
<form class="line" action="/order" method="get"><label for="platform">Platform</label><select id="platform" name="platform">${options}</select><label for="focus">Class</label><input type="text" id="focus" name="focus" value="${query.focus}"><button type="submit">Show</button>${query.focus === '' && query.platform === '' ? null : html`<a class="button" href="/order">all</a>`}</form>
${chosen ? edgeCard(query, sources, witnesses) : null}
${edges.length === 0 ? html`<p>No lock order was recorded${query.platform === '' && query.focus === '' ? '' : ' that fits'}.</p>` : graph(edges, query)}
${table.rows.length > MOST_EDGES ? html`<p class="formats">The ${MOST_EDGES} most frequent of ${count(table.rows.length, 'edge')} are drawn; the table has all.</p>` : null}
<details class="card"><summary>${count(table.rows.length, 'edge')} as a table</summary>${tableHtml({ ...table, rows: table.rows.slice(0, 1000) }, 'Edges', (row) => edgeAddress(query, String(row[0]), String(row[1])), ['times', 'captures'])}</details>`;
  const tables: Table[] = sources === null ? [table] : [sources, table];
  return { title: 'Lock order', section: '/order', body, tables, scripts: ['explorer.js'] };
}

function edgeAddress(query: OrderQuery, held: string, wanted: string): string {
  return address({ ...query, held, wanted });
}

function edgeCard(query: OrderQuery, sources: Table | null, witnesses: Table | null): Html {
  return html`<section class="card" aria-labelledby="h-edge"><h2 id="h-edge">Who recorded it</h2><p><code>${query.wanted}</code> was wanted while <code>${query.held}</code> was held:</p>${sources === null ? null : tableHtml(sources, 'Recordings')}${
    witnesses === null || witnesses.rows.length === 0
      ? html`<p>No witness has both classes in its cycle.</p>`
      : html`<h2>Witnesses with both</h2>${tableHtml(witnesses, 'Witnesses', (row: readonly Cell[], column) => (column === 'best_witness' ? `/witness/${row[1]}` : null))}`
  }<p><a href="${address({ ...query, held: '', wanted: '' })}">close</a></p></section>`;
}

function graph(edges: readonly OrderEdge[], query: OrderQuery): Html {
  const placed = layOut(edges);
  const rows: PlacedClass[][] = [];
  for (const node of placed.values()) rows[node.layer] = [...(rows[node.layer] ?? []), node];
  const boxWidth = (name: string) => textWidth(name) + 20;
  const widths = rows.map((row) => row.reduce((sum, node) => sum + boxWidth(node.name) + GAP, GAP));
  const width = Math.max(600, ...widths);
  const at = new Map<string, { x: number; y: number; width: number }>();
  for (const [layer, row] of rows.entries()) {
    let x = (width - (widths[layer] as number)) / 2 + GAP;
    for (const node of row.sort((a, b) => a.place - b.place)) {
      const w = boxWidth(node.name);
      at.set(node.name, { x, y: 30 + layer * ROW, width: w });
      x += w + GAP;
    }
  }
  const height = 30 + rows.length * ROW;
  const most = edges.reduce((a, edge) => Math.max(a, edge.times), 1);
  const paths = edges.map((edge) => {
    const [a, b] = [at.get(edge.held), at.get(edge.wanted)];
    const [from, to] = [placed.get(edge.held), placed.get(edge.wanted)];
    if (a === undefined || b === undefined || from === undefined || to === undefined) return null;
    const cyclic = from.component === to.component && from.cyclic;
    const chosen = edge.held === query.held && edge.wanted === query.wanted;
    const d = pathOf(a, b, edge.held === edge.wanted);
    const paint = ['edge', cyclic ? 'cyclic' : '', chosen ? 'chosen' : ''].filter((p) => p !== '').join(' ');
    const label = `${edge.wanted} while ${edge.held} was held, ${count(edge.times, 'time')}`;
    return html`<a class="${paint}" href="${edgeAddress(query, edge.held, edge.wanted)}" aria-label="${label}"><title>${label}</title><path class="drawn" d="${d}" stroke-width="${(1.2 + (2 * edge.times) / most).toFixed(1)}" marker-end="url(#${cyclic ? 'o-cyclic' : 'o-tip'})"/><path class="reach" d="${d}"/></a>`;
  });
  const boxes = [...placed.values()].map((node) => {
    const { x, y, width: w } = at.get(node.name) as { x: number; y: number; width: number };
    return html`<a class="node${node.cyclic ? ' cyclic' : ''}" href="${address({ ...query, focus: node.name, held: '', wanted: '' })}" aria-label="only ${node.name}"><rect x="${x}" y="${y}" width="${w}" height="${BOX}" rx="14"/><text x="${x + w / 2}" y="${y + 18}" text-anchor="middle">${node.name}</text></a>`;
  });
  return html`<div class="explorer"><p class="line zoom" hidden><button type="button" data-zoom="1.25" aria-label="Zoom in">+</button> <button type="button" data-zoom="0.8" aria-label="Zoom out">&minus;</button> <button type="button" data-zoom="0">whole graph</button> <span class="formats">Ctrl and wheel zooms, drag moves</span></p><div class="graph" tabindex="0" role="region" aria-label="Lock-order graph"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="Graph of ${count(placed.size, 'class')} and ${count(edges.length, 'edge')}"><defs><marker id="o-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker><marker id="o-cyclic" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip cyclic" d="M0 0 10 5 0 10z"/></marker></defs>${paths}${boxes}</svg></div></div>`;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Down from the lower edge to the upper one; back up along the side, so that two directions stay apart. */
function pathOf(a: Box, b: Box, loop: boolean): string {
  if (loop) {
    const [x, y] = [a.x + a.width, a.y + BOX / 2];
    return `M${x} ${y - 6}C${x + 32} ${y - 24} ${x + 32} ${y + 24} ${x} ${y + 6}`;
  }
  const [ax, bx] = [a.x + a.width / 2, b.x + b.width / 2];
  if (b.y > a.y) {
    const middle = (a.y + BOX + b.y) / 2;
    return `M${ax} ${a.y + BOX}C${ax} ${middle} ${bx} ${middle} ${bx} ${b.y - 1}`;
  }
  if (b.y === a.y) {
    const lift = a.y - 26;
    return `M${ax} ${a.y}C${ax} ${lift} ${bx} ${lift} ${bx} ${b.y - 1}`;
  }
  const side = Math.max(a.x + a.width, b.x + b.width) + 26;
  return `M${a.x + a.width} ${a.y + BOX / 2}C${side} ${a.y + BOX / 2} ${side} ${b.y + BOX / 2} ${b.x + b.width + 1} ${b.y + BOX / 2}`;
}
