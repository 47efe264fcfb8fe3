// What a benchmark is: a name, what it is compared with, and rows of figures measured in one run.

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
