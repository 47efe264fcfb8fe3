// Memory on a log of 1 GB: the peak of a process that imports it, beside one that imports a hundredth of it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.js';
import { writeMadeLog } from './made-log.js';

/** Peak resident memory in MB, and seconds, of a process that imports `path`. */
function peakOf(path: string): {
  readonly megabytes: number;
  readonly seconds: number;
  readonly reports: number;
} {
  const child = fileURLToPath(new URL('./import-child.js', import.meta.url));
  const result = spawnSync(process.execPath, [child, path], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  const [megabytes = 0, seconds = 0, reports = 0] = result.stdout.trim().split(' ').map(Number);
  return { megabytes, seconds, reports };
}

export const importGigabyte: Bench = {
  name: 'import-gigabyte',
  about: 'peak memory on a 1 GB log (only when asked for by name: it writes 1 GB)',
  async run() {
    const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
    const small = join(folder, 'small.log');
    const large = join(folder, 'large.log');
    writeMadeLog(small, 10, 'sparse');
    writeMadeLog(large, 1024, 'sparse');
    const [a, b] = [peakOf(small), peakOf(large)];
    rmSync(folder, { recursive: true });
    return [
      {
        title: 'import of a 1 GB log',
        unit: 'MB/s',
        rows: [{ who: 'relock import', seconds: b.seconds, rate: 1074 / b.seconds }],
        notes: [
          `peak memory ${a.megabytes.toFixed(0)} MB on 10 MB, ${b.megabytes.toFixed(0)} MB on 1 GB (${b.reports} reports)`,
        ],
      },
    ];
  },
};
