// Prediction on STD traces with planted and guarded rings: events per second from text to verdict, growth, memory, nothing missed or false.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchResult, BenchRow } from './bench.js';
import { type MadeStd, STD_SHAPES, type StdKind, writeMadeStd } from './made-std.js';

const SIZES: Readonly<Record<StdKind, readonly number[]>> = {
  locks: [1e4, 1e5, 1e6, 1e7],
  values: [1e4, 1e5, 1e6, 1e7],
  few: [1e4, 1e5, 1e6, 1e7],
  many: [1e6],
  repeats: [3e6],
};
const KINDS = Object.keys(SIZES) as StdKind[];
const ROUNDS = 3;

interface Told {
  readonly cpu: number;
  readonly wall: number;
  readonly megabytes: number;
  readonly complete: boolean;
  readonly found: readonly (readonly string[])[];
}

/** Seconds of CPU of the whole process, Node's own start with it: the median of some runs. */
function predict(path: string): Told {
  const child = join(import.meta.dirname, 'prediction-child.js');
  const runs = Array.from({ length: ROUNDS }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [child, path], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Told;
  });
  return runs.sort((a, b) => a.cpu - b.cpu)[Math.floor(ROUNDS / 2)]!;
}

/** The planted rings that were not found, and what was found and is none of them. */
function faults({ planted }: MadeStd, { found }: Told): { missed: number; false: number } {
  const key = (locks: readonly string[]): string => [...locks].sort().join(' ');
  const truth = new Set(planted.filter(({ deadlock }) => deadlock).map(({ locks }) => key(locks)));
  const got = new Set(found.map(key));
  return {
    missed: [...truth].filter((ring) => !got.has(ring)).length,
    false: [...got].filter((ring) => !truth.has(ring)).length,
  };
}

/** A C program that splits the same lines and looks names up, and does nothing else; null: gcc is not here. */
function parserInC(folder: string): ((path: string) => number) | null {
  const binary = join(folder, 'std-parse');
  const source = join(import.meta.dirname, '../../bench/peers/std-parse.c');
  try {
    execFileSync('gcc', ['-O2', '-o', binary, source], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return (path) => Number(execFileSync(binary, [path], { encoding: 'utf8' }));
}

function measure(folder: string, kind: StdKind): BenchResult {
  const rows: BenchRow[] = [];
  const notes: string[] = [];
  const inC = parserInC(folder);
  for (const events of SIZES[kind]) {
    const path = join(folder, 'made.std');
    const made = writeMadeStd(path, kind, events);
    const told = predict(path);
    const wrong = faults(made, told);
    const rings = made.planted.filter(({ deadlock }) => deadlock).length;
    rows.unshift({
      who: `relock, ${events.toExponential(0).replace('+', '')} events`,
      seconds: told.cpu,
      rate: made.events / told.cpu / 1e6,
    });
    notes.push(
      `${events.toExponential(0).replace('+', '')} events, ${(made.bytes / 1e6).toFixed(1)} MB of text: ${told.cpu.toFixed(2)} s of CPU (${told.wall.toFixed(2)} s by the clock), peak ${told.megabytes.toFixed(0)} MB; of ${rings} rings ${wrong.missed} missed, ${wrong.false} false beside ${made.planted.length - rings} near misses; ${told.complete ? 'complete' : 'NOT complete'}`,
    );
    if (inC !== null && events === SIZES[kind].at(-1)) {
      const seconds = inC(path);
      rows.push({ who: 'gcc -O2, splitting the lines only', seconds, rate: made.events / seconds / 1e6 });
    }
  }
  if (inC === null) notes.push('gcc is not here: no parser in C beside us');
  return { title: `prediction on STD text: ${STD_SHAPES[kind].about}`, unit: 'M events/s', rows, notes };
}

export const prediction: Bench = {
  name: 'prediction',
  about: 'STD traces with planted rings from text to verdict, 10^4 to 10^7 events',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
    try {
      return KINDS.map((kind) => measure(folder, kind));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
