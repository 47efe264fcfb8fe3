// Import speed on trace.dat of lock events, versions 6 and 7, one core, beside `trace-cmd report` of the same file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Bench, type BenchResult, bestCpuOfCommand } from './bench.js';
import { type MakeOptions, partsOf, writeTraceDat } from './made-trace-dat.js';

/** Every lock event of a short run. Seen from dist/bench. */
const SAMPLE = fileURLToPath(
  new URL('../../importers/testdata/trace-dat/003-x86_64-v6-all-locks.dat.gz', import.meta.url),
);
const CHILD = fileURLToPath(new URL('./import-trace-dat-child.js', import.meta.url));
const COPIES = 200;

async function measure(title: string, options: MakeOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const path = join(folder, 'made.dat');
  await writeTraceDat(path, await partsOf(gunzipSync(readFileSync(SAMPLE))), { ...options, copies: COPIES });
  const size = statSync(path).size / 1e6;
  let best = { seconds: Number.POSITIVE_INFINITY, records: 0, rows: 0, peak: 0 };
  for (let i = 0; i < 5; i++) {
    const { stdout, stderr } = spawnSync(process.execPath, [CHILD, path], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    const [peak, seconds, records, rows] = stdout.split(' ').map(Number) as [number, number, number, number];
    if (seconds < best.seconds) best = { seconds, records, rows, peak };
  }
  const { seconds, records, rows, peak } = best;
  const peer = bestCpuOfCommand(2, 'trace-cmd', ['report', path]);
  rmSync(folder, { recursive: true });
  return {
    title: `import of ${size.toFixed(0)} MB of trace.dat ${title}`,
    unit: 'events per CPU second',
    rows: [
      { who: 'relock import', seconds, rate: records / seconds },
      ...(peer === null
        ? []
        : [{ who: 'trace-cmd report > /dev/null', seconds: peer, rate: records / peer }]),
    ],
    notes: [
      `${records} records, ${rows} rows of the capture, peak ${peak.toFixed(0)} MB`,
      ...(peer === null ? ['trace-cmd is not installed: no peer'] : []),
    ],
  };
}

export const importTraceDat: Bench = {
  name: 'import-trace-dat',
  about: 'import speed on trace.dat versions 6 and 7, beside trace-cmd report',
  async run() {
    return [
      await measure('version 6', { version: 6, compression: 'none' }),
      await measure('version 7, zstd', { version: 7, compression: 'zstd' }),
    ];
  },
};
