// Searches the programs behind each cell of a matrix, and says how they end.

import {
  type CellProgram,
  type CellPrograms,
  LIBRARY_FOLDER,
  matrixCells,
} from '../corpus/scenarios/pci-rescan-remove/library.js';
import { VERSIONS } from '../corpus/scenarios/pci-rescan-remove/versions.js';
import type { MatrixCellForm, MatrixForm, MatrixProgramForm } from '../corpus/schema/forms.js';
import type { SearchFind } from '../corpus/schema/verdict.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { establish } from '../engine/campaign/establish.js';
import { explore } from '../engine/explore/exhaustive.js';
import { asWritten } from '../engine/lower/as-written.js';
import { expectationText } from './replaying.js';

/** The matrices that there are. */
export const MATRICES = ['pci-rescan-remove'] as const;

/** States of one program; those of the library have some hundred. */
const STATES = 1_000_000;

interface Searched {
  readonly form: MatrixProgramForm;
  readonly words: readonly string[];
}

function wordOf({ kind, tasks }: SearchFind, window: boolean): string {
  if (window) return 'window';
  switch (kind) {
    case 'deadlock':
      return tasks.length === 1 ? 'self' : tasks.length === 2 ? 'AB-BA' : 'cycle';
    case 'violated':
      return 'race';
    case 'stranded':
      return 'stranded';
    default: {
      const never: never = kind;
      return never;
    }
  }
}

function searchOf({ file, text, isWindow }: CellProgram, foundAt: string): Searched {
  const parsed = parseLitmus(text);
  if (!parsed.ok) throw new Error(`${file}: ${parsed.problems[0]?.message}`);
  const { program, expect } = parsed.value;
  const result = explore(program, { states: STATES });
  const ends = result.finds.map((find) => ({
    find,
    end: expectationText({
      kind: find.kind,
      tasks: find.tasks.map((t) => program.tasks[t]?.name ?? '?').sort(),
    }),
  }));
  const found = ends.map(({ end }) => end).sort();
  const expected = (expect ?? []).map(expectationText).sort();
  const witnesses = ends.flatMap(({ find }) => {
    const done = establish({
      lowered: asWritten(program),
      run: { schedule: find.schedule },
      captures: [],
      foundAt,
    });
    return done.ok ? [done.witness] : [];
  });
  return {
    form: {
      file: `${LIBRARY_FOLDER}/${file}`,
      window: isWindow,
      expected,
      found,
      // An end that was not replayed is not claimed.
      ok: result.complete && found.join() === expected.join() && witnesses.length === found.length,
      complete: result.complete,
      states: result.states,
      witnesses,
    },
    words: result.finds.map((find) => wordOf(find, isWindow)),
  };
}

/** One cell, searched now. `foundAt`: ISO 8601 time for its witnesses. */
export function cellForm({ cell, version, programs }: CellPrograms, foundAt: string): MatrixCellForm {
  const searched = programs.map((program) => searchOf(program, foundAt));
  const ends = searched.flatMap(({ form }) => form.found);
  const order = ['self', 'AB-BA', 'cycle', 'stranded', 'race', 'window'];
  const words = [...new Set(searched.flatMap((one) => one.words))];
  return {
    version: version.tag,
    verdict:
      ends.length === 0 ? 'none' : ends.some((end) => !end.startsWith('violated')) ? 'deadlock' : 'violated',
    words: words.sort((a, b) => order.indexOf(a) - order.indexOf(b)),
    says: cell.says,
    differs: cell.differs ?? null,
    ok: searched.every(({ form }) => form.ok),
    complete: searched.every(({ form }) => form.complete),
    programs: searched.map(({ form }) => form),
  };
}

/** The whole matrix, searched now. */
export function matrixForm(foundAt: string): MatrixForm {
  const rows = new Map<string, { id: string; title: string; source: string; cells: MatrixCellForm[] }>();
  for (const programs of matrixCells()) {
    const { id, title, source } = programs.row;
    const row = rows.get(id) ?? { id, title, source, cells: [] };
    rows.set(id, row);
    row.cells.push(cellForm(programs, foundAt));
  }
  const all = [...rows.values()].flatMap(({ cells }) => cells);
  return {
    schema: 'relock.matrix/1',
    name: MATRICES[0],
    versions: VERSIONS.map(({ tag, title, source }) => ({ tag, title, source })),
    rows: [...rows.values()],
    ok: all.every((cell) => cell.ok),
    complete: all.every((cell) => cell.complete),
  };
}
