// The library: every scenario of the rescan/remove case with the name of its file.
import { CASES } from './cases.js';
import { type Scenario, scenarioText } from './compose.js';
import { type Cell, ROWS, type Row } from './rows.js';
import { VERSIONS, type Version } from './versions.js';

/** Where the files stand, from the project's root. */
export const LIBRARY_FOLDER = 'corpus/scenarios/pci-rescan-remove';

export interface LibraryFile {
  /** File name in the folder. */
  readonly file: string;
  readonly text: string;
}

/** One program of a cell: the row's own, or the one that opens a window. */
export interface CellProgram extends LibraryFile {
  readonly isWindow: boolean;
}

export interface CellPrograms {
  readonly row: Row;
  readonly version: Version;
  readonly cell: Cell;
  readonly programs: readonly CellProgram[];
}

function endsOf(row: Row, cell: Cell): string[] {
  const pair = row.pair === null ? [] : [...row.pair].sort();
  return cell.words.flatMap((word) => {
    switch (word) {
      case 'self':
        return row.alone.map((task) => `deadlock ${task}`);
      case 'AB-BA':
        return [`deadlock ${pair.join(' ')}`];
      case 'race':
        return pair.map((task) => `violated ${task}`);
      case 'none':
      case 'window':
        return [];
      default: {
        const never: never = word;
        return never;
      }
    }
  });
}

function scenarioOf(row: Row, version: Version, window: boolean): Scenario {
  const cell = row.cells[version.tag];
  const paths = (window ? row.window?.paths : row.paths)?.(version) ?? [];
  return {
    name: `${row.id}${window ? '-window' : ''}.${version.tag.toLowerCase()}`,
    about: [
      `Row ${row.id}: ${row.title}${window ? ', and a driver that binds in between' : ''}`,
      `${version.tag}: ${version.title}`,
      `version from ${version.source}`,
      `said: ${cell.says}`,
      `said in ${row.source}`,
      ...(cell.differs === undefined ? [] : [`found: ${cell.differs}`]),
      'Generated; the paths stand in paths.ts.',
    ],
    paths,
    set: row.set,
    rules: version.reentrant ? ['reentrant'] : [],
    expect: window ? (cell.words.includes('window') ? ['violated remover'] : []) : endsOf(row, cell),
  };
}

/** All cells of the matrix, row by row, each with its programs. */
export function matrixCells(): CellPrograms[] {
  return ROWS.flatMap((row) =>
    VERSIONS.map((version) => {
      const kinds = row.window?.versions.includes(version.tag) === true ? [false, true] : [false];
      const programs = kinds.map((isWindow) => {
        const scenario = scenarioOf(row, version, isWindow);
        return { file: `${scenario.name}.litmus`, text: scenarioText(scenario), isWindow };
      });
      return { row, version, cell: row.cells[version.tag], programs };
    }),
  );
}

/** Every file of the library, in order of its name. */
export function libraryFiles(): LibraryFile[] {
  const cells = matrixCells().flatMap(({ programs }) => programs.map(({ file, text }) => ({ file, text })));
  const cases = CASES.map((scenario) => ({ file: `${scenario.name}.litmus`, text: scenarioText(scenario) }));
  return [...cells, ...cases].sort((a, b) => (a.file < b.file ? -1 : 1));
}
