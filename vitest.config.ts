// Test runner configuration: which files are tests, and how the result is summed up.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    setupFiles: ['./vitest.setup.ts'],
    // A loaded machine is no failure: tests that start a dozen processes took two minutes under a load of twenty.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    reporters: ['default', './scripts/closing-line-reporter.mjs'],
    // With --coverage: what the tests' own processes run. What they start as `relock` runs dist/, and is not counted (ADR 0112).
    coverage: {
      provider: 'v8',
      include: ['cli/**/*.ts', 'corpus/**/*.ts', 'engine/**/*.ts', 'importers/**/*.ts', 'reports/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.laws.ts'],
      // The closing line has the figures; `--coverage.reporter=html` shows each line.
      reporter: [],
      reportOnFailure: true,
    },
  },
});
