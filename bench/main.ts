// Runs the benchmarks, each beside its peers in the same run, and prints ratios.
import type { Bench, BenchResult } from './bench.js';
import { campaigns } from './campaigns.js';
import { importFtrace } from './import-ftrace.js';
import { importGigabyte } from './import-gigabyte.js';
import { importText } from './import-text.js';
import { importTraceDat } from './import-trace-dat.js';
import { modelRuns } from './model-runs.js';
import { packSize } from './pack-size.js';
import { prediction } from './prediction.js';
import { proofs } from './proofs.js';
import { servePages } from './serve-pages.js';
import { walks } from './walks.js';

const BENCHES: readonly Bench[] = [
  importText,
  importFtrace,
  importTraceDat,
  importGigabyte,
  modelRuns,
  packSize,
  servePages,
  walks,
  proofs,
  campaigns,
  prediction,
];

function print(result: BenchResult): void {
  const ours = result.rows[0];
  process.stdout.write(`\n${result.title}\n`);
  for (const row of result.rows) {
    const ratio =
      ours === undefined || row === ours
        ? ''
        : `   relock is ${(ours.rate / row.rate).toPrecision(2)} times as fast`;
    process.stdout.write(
      `  ${row.who.padEnd(34)} ${row.rate.toPrecision(3).padStart(9)} ${result.unit}${ratio}\n`,
    );
  }
  for (const note of result.notes) process.stdout.write(`  ${note}\n`);
}

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
if (process.argv.includes('--help')) {
  for (const bench of BENCHES) process.stdout.write(`${bench.name.padEnd(16)} ${bench.about}\n`);
} else {
  for (const bench of BENCHES) {
    // The gigabyte takes long and much disk: it runs when asked for by name.
    if (wanted.length > 0 ? !wanted.includes(bench.name) : bench === importGigabyte) continue;
    for (const result of await bench.run()) print(result);
  }
}
