// Import speed on ftrace text in five layouts, one core, beside grep -c and wc -l on the same file.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Bench, type BenchResult, bestCpuOfCommand } from './bench.js';
import { importRuns, ourRows } from './import-runs.js';

/** What each sample of importers/testdata/ftrace stands for. */
const SAMPLES: readonly (readonly [about: string, file: string])[] = [
  ['ftrace text with lock, sched and irq events', '15-x86-lk-contend.txt.gz'],
  ['ftrace text of lock events with stacks', '03-x86-pci-locks-with-stacks.txt.gz'],
  ['trace-cmd report of lock events with stacks', '22-x86-report-stacks.txt.gz'],
  ['function_graph with lock events', '05-x86-graph-with-locks.txt.gz'],
  ['probes of lock functions', '06-x86-kprobes.txt.gz'],
];
const MEGABYTES = 288;
/** The first sample once more, each fourth lock event of a lock that was never seen before: what repeats is no help there. */
const NEVER_AGAIN = ['ftrace text of locks that are ever new ones', '15-x86-lk-contend.txt.gz'] as const;
/** As much of that as a capture has room for locks: what is beyond is only counted. */
const MEGABYTES_OF_NEW = 96;

/** Writes the sample again and again, each copy later than the one before by all the time that the sample takes. */
function writeMadeTrace(sample: string, path: string, megabytes: number, everNew: boolean): void {
  // Seen from dist/bench: the samples stand in the source tree.
  const packed = readFileSync(new URL(`../../importers/testdata/ftrace/${sample}`, import.meta.url));
  const text = gunzipSync(packed).toString('latin1');
  const lines = text.split('\n');
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const match of text.matchAll(TIME)) {
    first = Math.min(first, Number(match[1]));
    last = Math.max(last, Number(match[1]));
  }
  // function_graph without times: the same again.
  const span = last === 0 ? 0 : last - first + 1;
  const records = lines.filter((line) => !line.startsWith('#')).join('\n');
  const file = openSync(path, 'w');
  let written = writeSync(file, `${lines.filter((line) => line.startsWith('#')).join('\n')}\n`);
  let locks = 0;
  for (let copy = 0; written < megabytes << 20; copy++) {
    const later = records.replace(TIME, (_, seconds: string) => ` ${Number(seconds) + copy * span}.`);
    const made = everNew
      ? later.replace(ADDRESS, (_, event: string) => event + addressOf(locks++ >> 2))
      : later;
    written += writeSync(file, made);
  }
  closeSync(file);
}
const TIME = / (\d+)\.(?=\d{6}: )/g;
const ADDRESS = /(lock_\w+: )[0-9a-f]{16}/g;

/** Far apart, as what an allocator gives out. */
function addressOf(lock: number): string {
  return ((0x1000000 + lock * 2654435761) % 2 ** 32).toString(16).padStart(16, '0');
}

function measure(about: string, sample: string, everNew = false): BenchResult {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const path = join(folder, 'made.ftrace.txt');
  writeMadeTrace(sample, path, everNew ? MEGABYTES_OF_NEW : MEGABYTES, everNew);
  const size = statSync(path).size / 1e6;
  const runs = importRuns(path, 3);
  // Into a pipe: grep stops at the first match where nobody can see the count.
  const counted = ['-c', 'grep -c lock_acquire: "$1" | cat', 'sh', path];
  const grep = bestCpuOfCommand(1, 'sh', counted, 10) ?? Number.NaN;
  const wc = bestCpuOfCommand(1, 'wc', ['-l', path], 20) ?? Number.NaN;
  rmSync(folder, { recursive: true });
  const { records, rows } = runs;
  return {
    title: `import of ${size.toFixed(0)} MB of ${about}`,
    unit: 'MB per CPU second',
    rows: [
      ...ourRows(runs, size),
      { who: 'grep -c', seconds: grep, rate: size / grep },
      { who: 'wc -l', seconds: wc, rate: size / wc },
    ],
    notes: [
      `${records} records, ${rows} events of the capture; ${(records / runs.first / 1e6).toPrecision(2)} million records per CPU second, peak ${runs.peak.toFixed(0)} MB`,
    ],
  };
}

export const importFtrace: Bench = {
  name: 'import-ftrace',
  about: 'import speed on ftrace text in five layouts, beside grep -c and wc -l',
  async run() {
    const results: BenchResult[] = [];
    for (const [about, sample] of SAMPLES) results.push(measure(about, sample));
    results.push(measure(...NEVER_AGAIN, true));
    return results;
  },
};
