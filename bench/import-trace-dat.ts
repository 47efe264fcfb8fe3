// Import speed on trace.dat of lock events, versions 6 and 7, one core, beside `trace-cmd report` of the same file.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Bench, type BenchResult, bestCpuOfCommand } from './bench.js';
import { importRuns, ourRows } from './import-runs.js';
import { type MakeOptions, partsOf, writeTraceDat } from './made-trace-dat.js';

/** Every lock event of a short run. Seen from dist/bench. */
const SAMPLE = fileURLToPath(
  new URL('../../importers/testdata/trace-dat/003-x86_64-v6-all-locks.dat.gz', import.meta.url),
);
const COPIES = 200;

const PAGE_BYTES = 4096;

/** CPU microseconds of the first write to a page: some tenths on most machines, above ten on some virtual ones, and then most of an import. */
function firstWriteUs(): number {
  const bytes = new Uint8Array(64 << 20);
  const from = process.cpuUsage();
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) bytes[at] = 1;
  const { user, system } = process.cpuUsage(from);
  return (user + system) / (bytes.length / PAGE_BYTES);
}

async function measure(title: string, options: MakeOptions): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const path = join(folder, 'made.dat');
  await writeTraceDat(path, await partsOf(gunzipSync(readFileSync(SAMPLE))), { ...options, copies: COPIES });
  const size = statSync(path).size / 1e6;
  const runs = importRuns(path, 3);
  const { all, records, rows, peak, peakOfAll } = runs;
  const walk = importRuns(path, 3, 'walk').first;
  const peer = bestCpuOfCommand(2, 'trace-cmd', ['report', path]);
  rmSync(folder, { recursive: true });
  return {
    title: `import of ${size.toFixed(0)} MB of trace.dat ${title}`,
    unit: 'events per CPU second',
    rows: [
      ...ourRows(runs, records),
      { who: 'the first, and all columns in full', seconds: all, rate: records / all },
      { who: 'only walking over its pages', seconds: walk, rate: records / walk },
      ...(peer === null
        ? []
        : [{ who: 'trace-cmd report > /dev/null', seconds: peer, rate: records / peer }]),
    ],
    notes: [
      `${records} records, ${rows} rows of the capture, peak ${peak.toFixed(0)} MB, with all columns ${peakOfAll.toFixed(0)} MB`,
      `a page of memory that is written for the first time costs ${firstWriteUs().toFixed(1)} us here`,
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
