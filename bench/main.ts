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
import { largeProof, proofs } from './proofs.js';
import { schedules } from './schedules.js';
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
  schedules,
  proofs,
  largeProof,
  campaigns,
  prediction,
];

/** These take long and much disk or memory: they run when asked for by name. */
const BY_NAME: readonly Bench[] = [importGigabyte, largeProof];

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
    if (wanted.length > 0 ? !wanted.includes(bench.name) : BY_NAME.includes(bench)) continue;
    for (const result of await bench.run()) print(result);
  }
}
