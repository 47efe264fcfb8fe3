// A matrix of rows and versions as text of at most 75 columns, and one cell of it in full.
import type { MatrixCellForm, MatrixForm } from '../../corpus/schema/forms.js';
import { cycleText } from '../explain.js';
import { wrap } from '../text/layout.js';

/** `none`, `self+AB-BA`, with `*` where the account that the matrix follows says otherwise, `?` and `!` for trouble. */
export function cellText(cell: MatrixCellForm): string {
  const words = cell.words.length === 0 ? 'none' : cell.words.join('+');
  return `${words}${cell.differs === null ? '' : '*'}${cell.complete ? '' : '?'}${cell.ok ? '' : '!'}`;
}

/** The name under which a cell is asked for: `2.v9`. */
export function cellName(row: string, version: string): string {
  return `${row}.${version.toLowerCase()}`;
}

export function matrixText(form: MatrixForm): string[] {
  const columns = form.versions.map(({ tag }, i) => {
    const texts = form.rows.map((row) => cellText(row.cells[i]!));
    return { tag, texts, width: Math.max(tag.length, ...texts.map((text) => text.length)) + 2 };
  });
  const first = Math.max(...form.rows.map(({ id }) => id.length)) + 2;
  const line = (head: string, cells: readonly string[]): string =>
    `${head.padEnd(first)}${cells.map((text, i) => text.padEnd(columns[i]!.width)).join('')}`.trimEnd();
  const cells = form.rows.flatMap((row) => row.cells.map((cell) => ({ row, cell })));
  const [example] = cells[0]?.cell.programs ?? [];
  const folder = example?.file.replace(/[^/]*$/, '') ?? '';
  const differing = cells.filter(({ cell }) => cell.differs !== null);
  const wrong = cells.filter(({ cell }) => !cell.ok);
  const states = cells.flatMap(({ cell }) => cell.programs).reduce((sum, program) => sum + program.states, 0);
  return [
    line(
      '',
      columns.map(({ tag }) => tag),
    ),
    ...form.rows.map((row, i) =>
      line(
        row.id,
        columns.map(({ texts }) => texts[i]!),
      ),
    ),
    '',
    ...form.rows.flatMap((row) => wrap(row.title, row.id.padEnd(first), ' '.repeat(first))),
    '',
    ...form.versions.flatMap(({ tag, title }) => wrap(title, tag.padEnd(6), ' '.repeat(6))),
    '',
    ...wrap(
      'self: a task waits for itself. AB-BA: two wait for each other. race: a VF is removed twice. window: a driver ' +
        'binds in between. none: no schedule ends badly.',
      '',
      '',
    ),
    ...[...new Set(differing.map(({ cell }) => cell.differs ?? ''))].flatMap((why) => {
      const names = differing.filter(({ cell }) => cell.differs === why);
      return wrap(
        `${names.map(({ row, cell }) => cellName(row.id, cell.version)).join(', ')}: ${why}.`,
        '* ',
        '  ',
      );
    }),
    ...wrong.flatMap(({ row, cell }) =>
      wrap(
        `${cellName(row.id, cell.version)} expects ${ends(cell.programs.flatMap((p) => p.expected))} and ends in ` +
          ends(cell.programs.flatMap((p) => p.found)),
        '! ',
        '  ',
      ),
    ),
    ...wrap(
      `${form.complete ? 'Every schedule was covered' : 'NOT every schedule was covered'} (${states} states), and ` +
        'each end was replayed. Programs:',
      '',
      '',
    ),
    `${folder}ROW.VERSION.litmus`,
    `relock matrix ${form.name} ${cellName('2', 'v9')}    shows a cell with its witnesses`,
  ];
}

function ends(list: readonly string[]): string {
  return list.length === 0 ? 'none' : list.join('; ');
}

/** One cell: what is said, what was found, and the litmus text of each end with its schedule. */
export function cellLines(form: MatrixForm, rowId: string, cell: MatrixCellForm): string[] {
  const row = form.rows.find(({ id }) => id === rowId);
  const version = form.versions.find(({ tag }) => tag === cell.version);
  return [
    ...wrap(`${row?.title ?? ''}, ${cell.version}`, '', ''),
    ...wrap(version?.title ?? '', 'version   ', '          '),
    ...wrap(cell.says, 'said      ', '          '),
    ...wrap(row?.source ?? '', 'said in   ', '          '),
    ...(cell.differs === null ? [] : wrap(cell.differs, 'but       ', '          ')),
    ...cell.programs.flatMap((program) => [
      '',
      `program   ${program.file}`,
      ...wrap(ends(program.expected), 'expected  ', '          '),
      ...wrap(
        `${ends(program.found)} (${program.complete ? 'every schedule' : 'not complete'}, ${program.states} states)`,
        'found     ',
        '          ',
      ),
      ...program.witnesses.flatMap((witness) => [
        '',
        ...wrap(
          `${witness.id}: ${cycleText(witness.cycle) || witness.kind} (${witness.grade})`,
          'witness   ',
          '          ',
        ),
        '-- 8< --',
        ...witness.litmus.trimEnd().split('\n'),
        '-- >8 --',
      ]),
    ]),
  ];
}
