// A matrix as one HTML page that needs nothing else: the table, and below it each cell with its witnesses.
import type { MatrixCellForm, MatrixForm, MatrixProgramForm } from '../../corpus/schema/forms.js';
import { cycleText } from '../explain.js';
import { cellName, cellText } from './text.js';

/** Text as it may stand in an element or a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

// Colours only repeat what the words say; their contrast is at least 7 to 1 in both schemes.
const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border: 1px solid #767676; padding: .3rem .6rem; text-align: left; vertical-align: top; }
tbody th { font-weight: normal; }
td a { font-weight: bold; color: inherit; }
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
  return escaped(ends.length === 0 ? 'none' : ends.join('; '));
}

function programHtml(program: MatrixProgramForm): string {
  const witnesses = program.witnesses.map(
    (w) =>
      `<h4>Witness ${escaped(w.id)}: ${escaped(cycleText(w.cycle) || w.kind)} (${w.grade})</h4>\n` +
      `<pre tabindex="0">${escaped(w.litmus)}</pre>`,
  );
  return [
    '<dl>',
    `<dt>Program</dt><dd><code>${escaped(program.file)}</code></dd>`,
    `<dt>Expected</dt><dd>${list(program.expected)}</dd>`,
    `<dt>Found</dt><dd>${list(program.found)} (${program.complete ? 'every schedule' : 'not complete'}, ${program.states} states)</dd>`,
    '</dl>',
    ...witnesses,
  ].join('\n');
}

function cellHtml(row: MatrixForm['rows'][number], cell: MatrixCellForm): string {
  return [
    `<section id="${escaped(idOf(row.id, cell))}">`,
    `<h3>${escaped(row.title)}, ${escaped(cell.version)}: ${escaped(cellText(cell))}</h3>`,
    `<p>Said: ${escaped(cell.says)} (${escaped(row.source)})</p>`,
    ...(cell.differs === null ? [] : [`<p><strong>But</strong> ${escaped(cell.differs)}.</p>`]),
    ...cell.programs.map(programHtml),
    '<p><a href="#matrix">Back to the matrix</a></p>',
    '</section>',
  ].join('\n');
}

/** The page. Deterministic; no script, no address outside of itself. */
export function matrixHtml(form: MatrixForm): string {
  const head = form.versions.map(
    ({ tag, title }) => `<th scope="col"><abbr title="${escaped(title)}">${escaped(tag)}</abbr></th>`,
  );
  const rows = form.rows.map((row) => {
    const cells = row.cells.map(
      (cell) =>
        `<td class="${cell.verdict}"><a href="#${escaped(idOf(row.id, cell))}">${escaped(cellText(cell))}</a></td>`,
    );
    return `<tr><th scope="row">${escaped(row.id)}. ${escaped(row.title)}</th>${cells.join('')}</tr>`;
  });
  const title = `relock matrix ${form.name}`;
  const verdict = `${form.ok ? 'Every program ends as its file expects.' : 'Some programs do NOT end as their files expect.'} ${
    form.complete ? 'Every schedule was covered.' : 'NOT every schedule was covered.'
  }`;
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escaped(title)}</h1>`,
    `<p>${verdict} A <code>*</code> marks a cell where the search finds more than is said.</p>`,
    '<h2 id="matrix">Matrix</h2>',
    '<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix">',
    '<table>',
    `<thead><tr><th scope="col">Row</th>${head.join('')}</tr></thead>`,
    `<tbody>\n${rows.join('\n')}\n</tbody>`,
    '</table>',
    '</div>',
    '<h2>Versions</h2>',
    '<dl>',
    ...form.versions.map(
      (v) => `<dt>${escaped(v.tag)}</dt><dd>${escaped(v.title)} (<code>${escaped(v.source)}</code>)</dd>`,
    ),
    '</dl>',
    '<h2>Cells</h2>',
    ...form.rows.flatMap((row) => row.cells.map((cell) => cellHtml(row, cell))),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
