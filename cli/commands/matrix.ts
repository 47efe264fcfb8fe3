// relock matrix: rows of a scenario library by versions, each cell searched completely now.
import type { MatrixCellForm } from '../../corpus/schema/forms.js';
import { matrixHtml } from '../../reports/matrix/html.js';
import { cellLines, cellName, matrixText } from '../../reports/matrix/text.js';
import { page } from '../../reports/text/layout.js';
import { MATRICES, matrixForm } from '../matrix-cells.js';
import type { Session } from '../session.js';
import { EXIT, type ExitCode, nearest, usage } from '../trouble.js';

const FORMS = ['text', 'html', 'json'] as const;

export async function run(session: Session): Promise<ExitCode> {
  const [name = MATRICES[0], wanted] = session.args;
  if (!MATRICES.some((known) => known === name))
    throw usage(
      `There is no matrix "${name}": I have ${MATRICES.join(', ')}.`,
      `relock matrix ${nearest(name, MATRICES) ?? MATRICES[0]}`,
    );
  const form = session.json ? 'json' : (session.text('form') ?? 'text');
  if (!FORMS.some((known) => known === form))
    throw usage(`I have no form "${form}": there are ${FORMS.join(', ')}.`, 'relock matrix --form html');
  const matrix = matrixForm(new Date().toISOString());
  const cells = matrix.rows.flatMap((row) =>
    row.cells.map((cell) => ({ row: row.id, cell, name: cellName(row.id, cell.version) })),
  );
  const chosen = cells.find((one) => one.name === wanted?.toLowerCase());
  if (wanted !== undefined && chosen === undefined) {
    const like =
      nearest(
        wanted,
        cells.map((one) => one.name),
      ) ?? '2.v9';
    throw usage(`There is no cell "${wanted}": a cell is ROW.VERSION.`, `relock matrix ${name} ${like}`);
  }
  if (form === 'json') session.printJson(chosen === undefined ? matrix : one(matrix, chosen));
  else if (form === 'html') session.print(matrixHtml(matrix));
  else
    session.print(
      page(chosen === undefined ? matrixText(matrix) : cellLines(matrix, chosen.row, chosen.cell)),
    );
  return (chosen?.cell ?? matrix).ok ? EXIT.fine : EXIT.found;
}

/** The matrix with one cell alone. */
function one<T extends { readonly rows: readonly { readonly id: string }[] }>(
  matrix: T,
  chosen: { readonly row: string; readonly cell: MatrixCellForm },
): T {
  return {
    ...matrix,
    rows: matrix.rows.filter(({ id }) => id === chosen.row).map((row) => ({ ...row, cells: [chosen.cell] })),
    ok: chosen.cell.ok,
    complete: chosen.cell.complete,
  };
}
