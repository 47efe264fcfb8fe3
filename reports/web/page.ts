// Pages: what a route answers, and its four forms - HTML in the common frame, JSON, CSV and plain text.
import type { Cell } from '../../corpus/schema/forms.js';
import { type Html, html } from '../html/html.js';
import { columnsText, csv } from '../text/csv.js';
import { jsonText } from '../text/json-text.js';
import { plainText } from '../text/plain-text.js';

/** Rows with the names of their columns. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One page as data and as markup. The first table is what CSV shows. */
export interface Page {
  readonly title: string;
  /** Path of the navigation that it belongs to. */
  readonly section: '/campaigns' | '/signatures' | '/order' | '/sql';
  readonly body: Html;
  readonly tables: readonly Table[];
  /** Whole answer in JSON where that is more than the tables. */
  readonly json?: object;
  /** Whole answer as text where that is more than the tables. */
  readonly text?: string;
  readonly status?: 200 | 400 | 404;
  /** Browser scripts that it uses. */
  readonly scripts?: readonly ('witness.js' | 'explorer.js')[];
}

export const FORMATS = ['json', 'csv', 'txt'] as const;
export type Format = (typeof FORMATS)[number];

/** Media type and text of a page in one of the plain forms. */
export function formatted(page: Page, format: Format): { readonly type: string; readonly text: string } {
  switch (format) {
    case 'json': {
      const tables = Object.fromEntries(
        page.tables.map(({ name, columns, rows }) => [name, { columns, rows }]),
      );
      return {
        type: 'application/json; charset=utf-8',
        text: `${jsonText(page.json ?? { title: page.title, ...tables }, 1)}\n`,
      };
    }
    case 'csv': {
      const [first] = page.tables;
      return {
        type: 'text/csv; charset=utf-8',
        text: first === undefined ? '' : plainText(csv(first.columns, first.rows)),
      };
    }
    case 'txt': {
      const text =
        page.text ??
        page.tables.map(({ name, columns, rows }) => `${name}\n${columnsText(columns, rows)}`).join('\n');
      return { type: 'text/plain; charset=utf-8', text: plainText(text) };
    }
    default: {
      const never: never = format;
      return never;
    }
  }
}

/** Characters of a cell that is never broken. */
const MOST_UNBROKEN = 40;

const SECTIONS = [
  ['/campaigns', 'Campaigns'],
  ['/signatures', 'Signatures'],
  ['/order', 'Lock order'],
  ['/sql', 'SQL'],
] as const;

/** `path` and `query` are those of the request: every form of a page has the same address but for its ending. */
export function framed(page: Page, where: string, path: string, query: string): Html {
  const links = FORMATS.map((format) => html`<a href="${`${path}.${format}${query}`}">.${format}</a>`);
  const scripts = (page.scripts ?? []).map((name) => html`<script src="/assets/${name}" defer></script>`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} - relock</title>
<link rel="stylesheet" href="/assets/page.css">
<link rel="stylesheet" href="/assets/picture.css">
<link rel="icon" href="data:,">
${scripts}
</head>
<body>
<header class="top"><a class="brand" href="/campaigns">relock</a><nav aria-label="Pages">${SECTIONS.map(
    ([href, name]) =>
      html`<a href="${href}"${page.section === href ? html` aria-current="page"` : null}>${name}</a>`,
  )}</nav><span class="where">${where}</span></header>
<main>
${page.body}
<p class="formats">This page as ${links}</p>
</main>
<footer>Read-only, on this machine only. Decisions are made with <code>relock triage</code>.</footer>
</body>
</html>`;
}

/** A table of a page. `link` makes a cell a link; `number` names columns that stand at the right. */
export function tableHtml(
  table: Table,
  label: string,
  link: (row: readonly Cell[], column: string) => string | null = () => null,
  numbers: readonly string[] = [],
): Html {
  if (table.rows.length === 0) return html`<p class="lead">None.</p>`;
  const right = table.columns.map((name) => (numbers.includes(name) ? 'number' : ''));
  const cell = (row: readonly Cell[], value: Cell, i: number): Html => {
    const to = link(row, table.columns[i] ?? '');
    const text = value === null ? '' : String(value);
    const inner = to === null ? html`${text}` : html`<a href="${to}">${text}</a>`;
    // Names, times and ids stand on one line; sentences and long paths may break.
    const keep = text.length <= MOST_UNBROKEN ? ' keep' : '';
    return html`<td class="${right[i] ?? ''}${keep}">${inner}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="rows"><thead><tr>${table.columns.map((name, i) => html`<th scope="col" class="${right[i] ?? ''}">${name.replaceAll('_', ' ')}</th>`)}</tr></thead><tbody>${table.rows.map((row) => html`<tr>${row.map((value, i) => cell(row, value, i))}</tr>`)}</tbody></table></div>`;
}
