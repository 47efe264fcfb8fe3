// The page of signatures: a list with facets and full-text search; filter, search and page number stand in the URL.
import type { SignatureRow } from '../../corpus/store/signature-index.js';
import type { Store } from '../../corpus/store/store.js';
import { type Html, html } from '../html/html.js';
import { count, grouped, shortId } from '../text/layout.js';
import { FACETS, type Facet, type Filter, faceted } from './facets.js';
import type { Page, Table } from './page.js';
import type { SignatureRows } from './signature-rows.js';

const ROWS_PER_PAGE = 50;
const VALUES_PER_FACET = 14;

/** What the address asks for. */
export interface SignaturesQuery {
  readonly filter: Filter;
  readonly search: string;
  /** From 1. */
  readonly page: number;
}

/** Reads the query string; what it does not know it leaves out. */
export function signaturesQuery(url: URL): SignaturesQuery {
  const filter: { [F in Facet]?: string } = {};
  for (const facet of FACETS) {
    const value = url.searchParams.get(facet);
    if (value !== null && value !== '') filter[facet] = value;
  }
  const page = Number(url.searchParams.get('page') ?? '1');
  return {
    filter,
    search: url.searchParams.get('q')?.trim() ?? '',
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
}

/** `?state=open&page=2`, with what is left out left out. */
export function signaturesAddress({ filter, search, page }: SignaturesQuery): string {
  const values = new URLSearchParams();
  if (search !== '') values.set('q', search);
  for (const facet of FACETS) {
    const value = filter[facet];
    if (value !== undefined) values.set(facet, value);
  }
  if (page > 1) values.set('page', String(page));
  const text = values.toString();
  return `/signatures${text === '' ? '' : `?${text}`}`;
}

export function signaturesPage(store: Store, rows: SignatureRows, query: SignaturesQuery): Page {
  const index = rows.index();
  const all = index.rows;
  const among = query.search === '' ? null : new Set<string>(store.matching(query.search));
  const { rows: fits, counts } = faceted(index, query.filter, among);
  const pages = Math.max(1, Math.ceil(fits.length / ROWS_PER_PAGE));
  const page = Math.min(query.page, pages);
  const shown = fits.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE);
  const hidden = Object.entries(query.filter).map(
    ([facet, value]) => html`<input type="hidden" name="${facet}" value="${value}">`,
  );
  const body = html`<h1>Signatures</h1>
<p class="lead">${count(fits.length, 'signature')}${fits.length === all.length ? null : html` of ${grouped(all.length)}`}: one line a bug, newest sighting first.</p>
<form class="line" action="/signatures" method="get" role="search">${hidden}<label for="q">Search</label><input type="search" id="q" name="q" value="${query.search}" placeholder="zpci AND rescan"><button type="submit">Search</button></form>
<div class="facets"><aside aria-label="Filters">${FACETS.map((facet) => facetHtml(facet, counts[facet], query))}</aside>
<section class="card" aria-label="List of signatures">${listHtml(shown)}${pagerHtml(query, page, pages)}</section></div>`;
  return { title: 'Signatures', section: '/signatures', body, tables: [tableOf(shown), facetTable(counts)] };
}

function facetHtml(
  facet: Facet,
  values: readonly (readonly [string, number])[],
  query: SignaturesQuery,
): Html | null {
  const chosen = query.filter[facet];
  if (values.length === 0 && chosen === undefined) return null;
  const link = (value: string) => {
    const { [facet]: _, ...rest } = query.filter;
    const filter = value === chosen ? rest : { ...rest, [facet]: value };
    return signaturesAddress({ ...query, filter, page: 1 });
  };
  const first = values.slice(0, VALUES_PER_FACET);
  const list =
    chosen !== undefined && !first.some(([value]) => value === chosen)
      ? [[chosen, 0] as const, ...first]
      : first;
  return html`<h3>${facet}</h3><ul>${list.map(
    ([value, rows]) =>
      html`<li><a href="${link(value)}"${value === chosen ? html` aria-current="true"` : null}>${value === chosen ? '× ' : ''}${value}</a><span class="number">${grouped(rows)}</span></li>`,
  )}</ul>${values.length > first.length ? html`<span class="formats">and ${grouped(values.length - first.length)} more: search for them</span>` : null}`;
}

function listHtml(rows: readonly SignatureRow[]): Html {
  if (rows.length === 0) return html`<p>No signature fits. <a href="/signatures">Show all</a></p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Signatures"><table class="rows"><thead><tr><th scope="col">witness</th><th scope="col">state</th><th scope="col">what</th><th scope="col">basis</th><th scope="col" class="number">seen</th><th scope="col">last</th></tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><td class="keep"><a href="/witness/${row.witness}"><code>${shortId(row.witness)}</code></a></td><td class="keep"><span class="chip ${row.state}">${row.state}</span></td><td><a href="/witness/${row.witness}">${unbroken(row.title)}</a></td><td class="keep">${row.basis}, ${row.grade}</td><td class="number">${row.sightings}</td><td class="keep">${row.lastSeen.slice(0, 10)}</td></tr>`,
  )}</tbody></table></div>`;
}

/** A line may end between names, never within one or within an arrow. */
function unbroken(title: string): Html[] {
  return title.split(' ').map((word) => html`<span class="keep">${word}</span> `);
}

function pagerHtml(query: SignaturesQuery, page: number, pages: number): Html | null {
  if (pages === 1) return null;
  const to = (n: number, text: string) =>
    n < 1 || n > pages
      ? null
      : html` <a class="button" href="${signaturesAddress({ ...query, page: n })}">${text}</a>`;
  return html`<p>Page ${page} of ${grouped(pages)}${to(page - 1, 'newer')}${to(page + 1, 'older')}</p>`;
}

function tableOf(rows: readonly SignatureRow[]): Table {
  return {
    name: 'signatures',
    columns: [
      'witness',
      'signature',
      'state',
      'kind',
      'title',
      'basis',
      'grade',
      'sightings',
      'first_seen',
      'last_seen',
      'platforms',
      'kernels',
    ],
    rows: rows.map((row) => [
      row.witness,
      row.signature,
      row.state,
      row.kind,
      row.title,
      row.basis,
      row.grade,
      row.sightings,
      row.firstSeen,
      row.lastSeen,
      row.platforms.join(' '),
      row.kernels.join(' '),
    ]),
  };
}

function facetTable(counts: Readonly<Record<Facet, readonly (readonly [string, number])[]>>): Table {
  return {
    name: 'facets',
    columns: ['facet', 'value', 'signatures'],
    rows: FACETS.flatMap((facet) =>
      counts[facet].slice(0, VALUES_PER_FACET).map(([value, rows]) => [facet, value, rows]),
    ),
  };
}
