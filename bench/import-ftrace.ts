// Import speed on ftrace text of lock events, one core, beside grep -c and wc -l on the same file.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { type Bench, type BenchResult, bestOf } from './bench.js';

/** Two tasks that contend for two locks, with lock, sched and irq events. The samples stand in the source tree, seen from dist/bench. */
const SAMPLE = fileURLToPath(
  new URL('../../importers/testdata/ftrace/15-x86-lk-contend.txt.gz', import.meta.url),
);
const MEGABYTES = 128;

/** Writes the sample again and again, each copy later than the one before by all the time that the sample takes. */
function writeMadeTrace(path: string, megabytes: number): void {
  const text = gunzipSync(readFileSync(SAMPLE)).toString('latin1');
  const lines = text.split('\n');
  const times = [...text.matchAll(TIME)].map((match) => Number(match[1]));
  const span = Math.max(...times) - Math.min(...times) + 1;
  const records = lines.filter((line) => !line.startsWith('#')).join('\n');
  const file = openSync(path, 'w');
  let written = writeSync(file, `${lines.filter((line) => line.startsWith('#')).join('\n')}\n`);
  for (let copy = 0; written < megabytes << 20; copy++)
    written += writeSync(
      file,
      records.replace(TIME, (_, seconds: string) => ` ${Number(seconds) + copy * span}.`),
    );
  closeSync(file);
}
const TIME = / (\d+)\.(?=\d{6}: )/g;

async function measure(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const path = join(folder, 'made.ftrace.txt');
  writeMadeTrace(path, MEGABYTES);
  const size = statSync(path).size / 1e6;
  let records = 0;
  let events = 0;
  const ours = await bestOf(3, async () => {
    const opened = await openSource(path);
    if (!opened.ok) throw new Error(opened.problem.title);
    const imported = await importSource(opened.source);
    await opened.source.close();
    if (!imported.ok) throw new Error(imported.problem.title);
    const { byEvent, events: rows } = imported.capture;
    records = Object.values(byEvent).reduce((sum, count) => sum + count, 0);
    events = rows.kind.length;
  });
  const grep = await bestOf(3, () =>
    spawnSync('grep', ['-c', 'lock_acquire:', path], { env: { ...process.env, LC_ALL: 'C' } }),
  );
  const wc = await bestOf(3, () => spawnSync('wc', ['-l', path]));
  rmSync(folder, { recursive: true });
  return {
    title: `import of ${size.toFixed(0)} MB of ftrace text with lock events`,
    unit: 'MB/s',
    rows: [
      { who: 'relock import', seconds: ours, rate: size / ours },
      { who: 'grep -c', seconds: grep, rate: size / grep },
      { who: 'wc -l', seconds: wc, rate: size / wc },
    ],
    notes: [
      `${records} records, ${events} events of the capture; ${(records / ours / 1e6).toPrecision(2)} million records/s`,
    ],
  };
}

export const importFtrace: Bench = {
  name: 'import-ftrace',
  about: 'import speed on ftrace text with lock events, beside grep -c and wc -l',
  async run() {
    return [await measure()];
  },
};
