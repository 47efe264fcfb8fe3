// The SQL page: canned queries with their parameters as form fields, and SELECTs of one's own; the query stands in the URL.
import type { CannedQuery, QueryResult, Store } from '../../corpus/store/store.js';
import { VIEW_DOCS } from '../../corpus/store/view-docs.js';
import { type Html, html } from '../html/html.js';
import { count } from '../text/layout.js';
import { type Page, type Table, tableHtml } from './page.js';

/** Runs a query somewhere it can be stopped. */
export type RunQuery = (sql: string, parameters: Readonly<Record<string, string>>) => Promise<QueryResult>;

export async function sqlPage(store: Store, run: RunQuery, url: URL): Promise<Page> {
  const name = url.searchParams.get('name');
  const queries = store.cannedQueries();
  const canned = queries.find((query) => query.name === name) ?? null;
  const sql = canned?.sql ?? url.searchParams.get('sql') ?? '';
  const parameters = Object.fromEntries(
    (canned?.parameters ?? []).map((parameter) => [parameter, url.searchParams.get(parameter) ?? '']),
  );
  const missing = Object.values(parameters).some((value) => value === '');
  const result = sql.trim() === '' || missing ? null : await run(sql, parameters);
  const table: Table =
    result?.ok === true
      ? { name: 'rows', columns: result.columns, rows: result.rows }
      : { name: 'rows', columns: [], rows: [] };
  const body = html`<h1>SQL</h1>
<p class="lead">Read-only, one SELECT at a time. The views are the public API; the tables behind them may change.</p>
<div class="facets"><aside aria-label="Canned queries"><h3>Canned queries</h3><ul>${queries.map((query) => cannedLink(query, canned))}</ul></aside>
<div>${canned === null ? freeForm(sql) : cannedForm(canned, parameters)}
${result === null ? null : resultHtml(result, table)}
<details class="card"><summary>Views and columns</summary>${VIEW_DOCS.map(
    ({ name: view, row, columns }) =>
      html`<h3><code>${view}</code></h3><p>${row}</p><p class="formats">${columns.map(([column]) => html`<code>${column}</code> `)}</p>`,
  )}</details></div></div>`;
  return {
    title: canned === null ? 'SQL' : `SQL: ${canned.name}`,
    section: '/sql',
    body,
    tables: [table],
    status: result?.ok === false ? 400 : 200,
    json:
      result?.ok === false
        ? { error: result.problem }
        : { schema: 'relock.query/1', columns: table.columns, rows: table.rows },
    ...(result?.ok === false
      ? { text: `${[result.problem.title, ...result.problem.facts].join('\n')}\n` }
      : {}),
  };
}

function cannedLink(query: CannedQuery, chosen: CannedQuery | null): Html {
  const here = query.name === chosen?.name;
  return html`<li><a href="/sql?name=${query.name}" title="${query.title}"${here ? html` aria-current="true"` : null}>${query.name}</a></li>`;
}

function freeForm(sql: string): Html {
  const first = 'SELECT title, state, last_seen FROM signatures ORDER BY last_seen DESC LIMIT 20';
  return html`<section class="card" aria-label="Query"><form action="/sql" method="get"><label for="sql">One SELECT</label><textarea id="sql" name="sql" spellcheck="false">${sql === '' ? first : sql}</textarea><p><button type="submit">Run</button></p></form></section>`;
}

function cannedForm(query: CannedQuery, values: Readonly<Record<string, string>>): Html {
  const fields = query.parameters.map(
    (parameter) =>
      html`<label for="p-${parameter}">${parameter}</label><input type="text" id="p-${parameter}" name="${parameter}" value="${values[parameter] ?? ''}">`,
  );
  const form =
    fields.length === 0
      ? null
      : html`<form class="line" action="/sql" method="get"><input type="hidden" name="name" value="${query.name}">${fields}<button type="submit">Run</button></form>`;
  const own = new URLSearchParams({ sql: query.sql }).toString();
  return html`<section class="card" aria-label="Query"><h2>${query.name}</h2><p>${query.title}.</p>${form}<details><summary>The SQL</summary><pre class="scroll" tabindex="0" role="region" aria-label="SQL of ${query.name}">${query.sql}</pre>${query.parameters.length === 0 ? html`<p><a href="/sql?${own}">Change it</a></p>` : null}</details></section>`;
}

function resultHtml(result: QueryResult, table: Table): Html {
  if (!result.ok)
    return html`<section class="card trouble" role="alert"><h2>${result.problem.title}</h2>${result.problem.facts.map((fact) => html`<p>${fact}</p>`)}</section>`;
  return html`<section class="card" aria-label="Answer"><h2>${count(table.rows.length, 'row')}${result.truncated ? ': cut off at the limit of rows or time' : null}</h2>${tableHtml(table, 'Rows', (row, column) => linkOf(row, column, table.columns))}</section>`;
}

/** Ids of witnesses become links. */
function linkOf(
  row: readonly (string | number | null)[],
  column: string,
  columns: readonly string[],
): string | null {
  if (!['id', 'witness', 'best_witness', 'same_as'].includes(column)) return null;
  const value = row[columns.indexOf(column)];
  return typeof value === 'string' && /^[0-9a-f]{12}$/.test(value) ? `/witness/${value}` : null;
}
