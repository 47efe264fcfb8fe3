// How long imports of one file take: the first of a process, when nothing is compiled yet, and one of a process that has imported before.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from './bench.js';

const CHILD = fileURLToPath(new URL('./import-runs-child.js', import.meta.url));

/** What a child says of one file. Seconds are of CPU, helper threads included; memory is MB. */
export interface ImportRuns {
  /** The first import of the process. */
  readonly first: number;
  /** The best of the later ones. */
  readonly again: number;
  /** The first one, and all columns asked for. */
  readonly all: number;
  /** Of the process after the first import, and after all columns were asked for. */
  readonly peak: number;
  readonly peakOfAll: number;
  /** Records of the file, and rows of the capture. */
  readonly records: number;
  readonly rows: number;
}

/** Imports a file in `times` processes, one after the other (or only walks its pages); the best of each figure. */
export function importRuns(path: string, times: number, what: 'import' | 'walk' = 'import'): ImportRuns {
  const runs = Array.from({ length: times }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, [CHILD, path, what], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as ImportRuns;
  });
  return runs.reduce((best, run) => ({
    ...run,
    first: Math.min(best.first, run.first),
    again: Math.min(best.again, run.again),
    all: Math.min(best.all, run.all),
    peak: Math.max(best.peak, run.peak),
    peakOfAll: Math.max(best.peakOfAll, run.peakOfAll),
  }));
}

/** Our rows of a result: `amount` units of work. The first one is what ratios are taken of. */
export function ourRows({ first, again }: ImportRuns, amount: number): BenchRow[] {
  return [
    { who: 'relock import, first of a process', seconds: first, rate: amount / first },
    { who: 'relock import, a later one', seconds: again, rate: amount / again },
  ];
}
