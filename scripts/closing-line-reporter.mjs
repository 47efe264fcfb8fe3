// Vitest reporter that ends the run with one plain line: `relock: N passed, N failed, N skipped`.
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
}
