// What a benchmark is: a name, what it is compared with, and rows of figures measured in one run.
import { spawnSync } from 'node:child_process';

/** One line of a result: who did it, how long it took, and its rate. */
export interface BenchRow {
  readonly who: string;
  readonly seconds: number;
  /** Units of work per second, in the benchmark's own unit. */
  readonly rate: number;
}

export interface BenchResult {
  readonly title: string;
  /** Unit of `rate`, e.g. `MB/s`. */
  readonly unit: string;
  /** The first row is ours; ratios are taken against each of the others. */
  readonly rows: readonly BenchRow[];
  readonly notes: readonly string[];
}

export interface Bench {
  readonly name: string;
  /** One line for `npm run bench -- --help`. */
  readonly about: string;
  run(): Promise<readonly BenchResult[]>;
}

/** Seconds that `work` takes: the best of `times` runs, since everything that disturbs a run makes it slower. */
export async function bestOf(times: number, work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = process.hrtime.bigint();
    await work();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
  }
  return best;
}

/**
 * Seconds of CPU that a command takes, its output thrown away; null if it cannot be run. The system counts hundredths of
 * seconds: what is faster is run `rounds` times in a row.
 */
export function bestCpuOfCommand(
  times: number,
  command: string,
  args: readonly string[],
  rounds = 1,
): number | null {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    // The last line that `times` prints is that of the children.
    const again = Array.from({ length: rounds }, (_, n) => n).join(' ');
    const script = `for i in ${again}; do "$@" > /dev/null 2> /dev/null; code=$?; done; times; exit "$code"`;
    const { stdout, status } = spawnSync('sh', ['-c', script, 'sh', command, ...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (status === 127) return null;
    const parts = [...(stdout.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
    const seconds = parts.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0);
    best = Math.min(best, Math.max(seconds, 0.01) / rounds);
  }
  return best;
}
