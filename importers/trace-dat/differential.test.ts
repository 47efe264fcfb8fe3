// Runs `trace-cmd report` beside relock on files of every form, and compares what was read.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MakeOptions, makeTraceDat, partsOf } from '../../bench/made-trace-dat.js';
import { ALL_LOCKS, captureOf, S390_V6, sample, X86_V7 } from './fixtures.laws.js';
import { reportCounts } from './report-counts.laws.js';

const installed = spawnSync('trace-cmd', ['--version']).error === undefined;
if (!installed) console.warn('SKIPPED: trace-cmd is not installed: relock is not compared with it');

/** Debian builds trace-cmd without zlib, so that form is left to parity.test.ts. */
const FORMS: readonly MakeOptions[] = [
  { version: 6, compression: 'none', copies: 3 },
  { version: 7, compression: 'none', copies: 3 },
  { version: 7, compression: 'zstd', copies: 3 },
];

describe.runIf(installed)('trace-cmd report', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'relock-trace-cmd-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const report = (bytes: Uint8Array): string => {
    const path = join(folder, 'made.dat');
    writeFileSync(path, bytes);
    const result = spawnSync('trace-cmd', ['report', '-t', path], { encoding: 'utf8', maxBuffer: 1 << 29 });
    expect(result.status, result.stderr).toBe(0);
    return result.stdout;
  };

  it.each([X86_V7, S390_V6, ALL_LOCKS])('counts the same events in the sample %s', async (name) => {
    const bytes = sample(name);
    expect((await captureOf(bytes)).byEvent).toEqual(reportCounts(report(bytes)));
  });

  it.each(
    [X86_V7, S390_V6].flatMap((name) =>
      FORMS.map((form) => [`${name} as version ${form.version} ${form.compression}`, name, form] as const),
    ),
  )('counts the same events in %s', async (_what, name, form) => {
    const bytes = await makeTraceDat(await partsOf(sample(name)), form);
    const counts = reportCounts(report(bytes));
    expect(counts.lock_acquire).toBe(12);
    expect((await captureOf(bytes)).byEvent).toEqual(counts);
  });
});
