// Import speed on kernel text, one core, beside grep -c and wc -l on the same file.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importSource } from '../importers/import.js';
import { openSource } from '../importers/source.js';
import { type Bench, type BenchResult, bestOf } from './bench.js';
import { type Density, writeMadeLog } from './made-log.js';

/** Imports one file; returns how many reports it had. */
export async function importFile(path: string): Promise<number> {
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  const imported = await importSource(opened.source);
  await opened.source.close();
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture.reports.length;
}

async function measure(density: Density, megabytes: number): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'relock-bench-'));
  const path = join(folder, 'made.log');
  writeMadeLog(path, megabytes, density);
  const size = statSync(path).size / 1e6;
  let reports = 0;
  const ours = await bestOf(3, async () => {
    reports = await importFile(path);
  });
  const grep = await bestOf(3, () =>
    spawnSync('grep', ['-c', 'possible circular locking', path], { env: { ...process.env, LC_ALL: 'C' } }),
  );
  const wc = await bestOf(3, () => spawnSync('wc', ['-l', path]));
  rmSync(folder, { recursive: true });
  return {
    title: `import of ${size.toFixed(0)} MB of kernel text, ${density === 'sparse' ? 'one report in about 4 MB' : 'reports back to back'}`,
    unit: 'MB/s',
    rows: [
      { who: 'relock import', seconds: ours, rate: size / ours },
      { who: 'grep -c', seconds: grep, rate: size / grep },
      { who: 'wc -l', seconds: wc, rate: size / wc },
    ],
    notes: [`${reports} reports`],
  };
}

export const importText: Bench = {
  name: 'import-text',
  about: 'import speed on kernel text, beside grep -c and wc -l',
  async run() {
    return [await measure('sparse', 96), await measure('dense', 24)];
  },
};
