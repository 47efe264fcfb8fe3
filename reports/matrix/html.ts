// A matrix as one HTML page that needs nothing else: the table, and below it each cell with its witnesses.
import type { MatrixCellForm, MatrixForm, MatrixProgramForm } from '../../corpus/schema/forms.js';
import { cycleText } from '../explain.js';
import { type Html, html, trusted } from '../html/html.js';
import { cellName, cellText } from './text.js';

// Colours only repeat what the words say; their contrast is at least 7 to 1 in both schemes.
const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  background: Canvas; color: CanvasText; }
table { border-collapse: collapse; }
th, td { border: 1px solid #767676; padding: .3rem .6rem; text-align: left; vertical-align: top; }
tbody th { font-weight: normal; }
a { color: inherit; }
td a { font-weight: bold; white-space: nowrap; }
.deadlock { background: #fbd5d5; color: #4a0000; }
.violated { background: #fdeab5; color: #3d2c00; }
.none { background: #d9f2dd; color: #00320c; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #767676; }
dt { font-weight: bold; }
.scroll { overflow-x: auto; }
`;

function idOf(row: string, cell: MatrixCellForm): string {
  return `cell-${cellName(row, cell.version)}`;
}

function list(ends: readonly string[]): string {
  return ends.length === 0 ? 'none' : ends.join('; ');
}

function programHtml(program: MatrixProgramForm): Html {
  const covered = program.complete ? 'every schedule' : 'not complete';
  return html`<dl>
<dt>Program</dt><dd><code>${program.file}</code></dd>
<dt>Expected</dt><dd>${list(program.expected)}</dd>
<dt>Found</dt><dd>${list(program.found)} (${covered}, ${program.states} states)</dd>
</dl>
${program.witnesses.map(
  (w) => html`<h4>Witness ${w.id}: ${cycleText(w.cycle) || w.kind} (${w.grade})</h4>
<pre tabindex="0">${w.litmus}</pre>
`,
)}`;
}

function cellHtml(row: MatrixForm['rows'][number], cell: MatrixCellForm): Html {
  return html`<section id="${idOf(row.id, cell)}">
<h3>${row.title}, ${cell.version}: ${cellText(cell)}</h3>
<p>Said: ${cell.says} (${row.source})</p>
${cell.differs === null ? null : html`<p><strong>But</strong> ${cell.differs}.</p>\n`}${cell.programs.map(programHtml)}
<p><a href="#matrix">Back to the matrix</a></p>
</section>
`;
}

function rowHtml(row: MatrixForm['rows'][number]): Html {
  const cells = row.cells.map(
    (cell) => html`<td class="${cell.verdict}"><a href="#${idOf(row.id, cell)}">${cellText(cell)}</a></td>`,
  );
  return html`<tr><th scope="row">${row.id}. ${row.title}</th>${cells}</tr>
`;
}

/** The page. Deterministic; no script, no address outside of itself. */
export function matrixHtml(form: MatrixForm): string {
  const title = `relock matrix ${form.name}`;
  const head = form.versions.map(
    ({ tag, title: text }) => html`<th scope="col"><abbr title="${text}">${tag}</abbr></th>`,
  );
  const ends = form.ok
    ? 'Every program ends as its file expects.'
    : 'Some programs do NOT end as their files expect.';
  const covered = form.complete ? 'Every schedule was covered.' : 'NOT every schedule was covered.';
  return String(html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${ends} ${covered} A <code>*</code> marks a cell where the search finds more than is said.</p>
<h2 id="matrix">Matrix</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix">
<table>
<thead><tr><th scope="col">Row</th>${head}</tr></thead>
<tbody>
${form.rows.map(rowHtml)}</tbody>
</table>
</div>
<h2>Versions</h2>
<dl>
${form.versions.map((v) => html`<dt>${v.tag}</dt><dd>${v.title} (<code>${v.source}</code>)</dd>\n`)}</dl>
<h2>Cells</h2>
${form.rows.map((row) => row.cells.map((cell) => cellHtml(row, cell)))}
</main>
</body>
</html>
`);
}
