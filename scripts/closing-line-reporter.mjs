// Vitest reporter that ends the run with one plain line: `relock: N passed, N failed, N skipped`; with --coverage, figures before it.
import { relative } from 'node:path';

/** Covered and all lines and branches of the files of each room, and of all. */
function figures(map) {
  const rooms = new Map();
  for (const file of map.files()) {
    const { lines, branches } = map.fileCoverageFor(file).toSummary().data;
    for (const room of [relative(process.cwd(), file).split('/')[0], 'all']) {
      const sum = rooms.get(room) ?? { lines: [0, 0], branches: [0, 0] };
      for (const [what, { covered, total }] of [
        ['lines', lines],
        ['branches', branches],
      ]) {
        sum[what][0] += covered;
        sum[what][1] += total;
      }
      rooms.set(room, sum);
    }
  }
  return rooms;
}

const percent = ([covered, all]) => `${((100 * covered) / Math.max(1, all)).toFixed(1).padStart(5)} %`;

export default class ClosingLineReporter {
  onTestRunEnd(modules) {
    const count = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      // A file that fails to load has no tests; it must still count as a failure.
      if (module.errors().length > 0) count.failed++;
    }
    console.log(`\nrelock: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }

  /** Vitest tells it before the end of the run. */
  onCoverage(map) {
    console.log(
      '\nCode run by the tests in their own processes (what they start as `relock` is not counted):',
    );
    for (const [room, { lines, branches }] of [...figures(map)].sort())
      console.log(`  ${room.padEnd(10)} ${percent(lines)} of lines, ${percent(branches)} of branches`);
  }
}
