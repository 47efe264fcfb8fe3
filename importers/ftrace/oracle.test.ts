// Counts of records against what the kernel and trace-cmd themselves say of each sample.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';

const SHARED = join(import.meta.dirname, '../../../shared');
const TEXT = join(SHARED, 'formats-samples/text');
const CAPTURES = join(SHARED, 'captures');

async function capture(file: string): Promise<Capture> {
  const imported = await importSource(sourceOf('x', readFileSync(file)));
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}
const records = (from: Capture): number => Object.values(from.byEvent).reduce((sum, n) => sum + n, 0);
const stats = (from: Capture): readonly string[] => from.skipped.map((skip) => skip.stat);

/** Skips that are true of the recording, not of the reading. */
const OF_THE_RUN = new Set([
  'records_overwritten',
  'calls_without_lock',
  'cpus_missing',
  'contention_without_order',
  'wait_not_explained',
]);

interface Sidecar {
  readonly file: string;
  readonly header_entries: readonly [number, number] | null;
  readonly event_lines: number;
  readonly lines_per_event: Readonly<Record<string, number>>;
}
const haveText = existsSync(TEXT);
const haveCaptures = existsSync(CAPTURES);
if (!haveText || !haveCaptures) console.warn('SKIPPED: ../shared is not here, so no oracle of ftrace text');

describe.skipIf(!haveText)('samples of ftrace text', () => {
  const sidecars = haveText
    ? readdirSync(TEXT)
        .filter((name) => name.endsWith('.json'))
        .map((name) => JSON.parse(readFileSync(join(TEXT, name), 'utf8')) as Sidecar)
    : [];

  it.each(
    sidecars.filter((sample) => sample.event_lines > 0).map((sample) => [sample.file, sample] as const),
  )('counts each event of %s', async (file, sample) => {
    const read = await capture(join(TEXT, file));
    expect(read.format).toBe('ftrace');
    expect(read.byEvent).toEqual(sample.lines_per_event);
  });

  // Latency and graph layouts have no sidecar counts; the header of the first names its records.
  it.each([
    ['amd64-6.1-trace-latency.txt', 131],
    ['s390x-6.1-trace-latency-verbose.txt', 57],
  ])('reads all records of %s', async (file, count) => {
    const head = /latency: 0 us, #(\d+)\//.exec(readFileSync(join(TEXT, file), 'utf8'))?.[1];
    expect(Number(head)).toBe(count);
    expect(records(await capture(join(TEXT, file)))).toBe(count);
  });

  it.each([
    ['amd64-6.1-trace-fgraph.txt'],
    ['amd64-6.1-trace-fgraph-latency.txt'],
    ['s390x-6.1-trace-fgraph-full.txt'],
    ['s390x-6.1-trace-fgraph-min.txt'],
  ])('reads every line of %s', async (file) => {
    const lines = readFileSync(join(TEXT, file), 'utf8').split('\n');
    const switches = lines.filter((line) => line.includes(' => ')).length;
    const plain = lines.filter(
      (line) =>
        line !== '' && !line.startsWith('#') && !line.startsWith(' -----') && !/^ \d\) .* => /.test(line),
    ).length;
    expect(switches).toBeGreaterThanOrEqual(0);
    expect(records(await capture(join(TEXT, file)))).toBe(plain);
  });

  it.each([
    ['amd64-6.1-trace-raw.txt', 'trace_in_raw_form'],
    ['s390x-6.1-trace-nocontext.txt', 'trace_without_context'],
  ])('refuses %s and says what to do', async (file, stat) => {
    const read = await capture(join(TEXT, file));
    expect(stats(read)).toEqual([stat]);
    expect(read.events.kind.length).toBe(0);
  });
});

describe.skipIf(!haveCaptures)('captures of real runs', () => {
  const files = haveCaptures
    ? ['x86_64', 's390x'].flatMap((arch) =>
        readdirSync(join(CAPTURES, arch))
          .filter((name) => /\.(ftrace|report)\.txt$/.test(name))
          .map((name) => join(arch, name)),
      )
    : [];
  const refused = /zoo-(raw|hex|no-context-info)\./;
  /** Counts of the whole buffer stand in the header of a file of one CPU. */
  const partial = /zoo-(percpu0|report)\./;

  it.each(files.filter((file) => !refused.test(file) && !partial.test(file)))(
    'reads as many records of %s as its header names',
    async (file) => {
      const text = readFileSync(join(CAPTURES, file), 'utf8');
      const named = /entries-in-buffer\/entries-written: (\d+)\/|latency: \d+ us, #(\d+)\//.exec(text);
      const read = await capture(join(CAPTURES, file));
      expect(read.format).toBe('ftrace');
      expect(stats(read).filter((stat) => !OF_THE_RUN.has(stat))).toEqual([]);
      if (named !== null) expect(records(read)).toBe(Number(named[1] ?? named[2]));
      else {
        // trace-cmd report: each line with a CPU is a record.
        const lines = text
          .split('\n')
          .filter((line) => / \[\d{3}\] |^[ \S]{8}-\d+ +\d[d.X]/.test(line)).length;
        if (file.includes('.report.')) expect(records(read)).toBe(lines);
        expect(records(read)).toBeGreaterThan(0);
      }
    },
  );

  it.each(files.filter((file) => refused.test(file)))('refuses %s and says what to do', async (file) => {
    const read = await capture(join(CAPTURES, file));
    expect(stats(read).length).toBe(1);
    expect(read.skipped[0]?.severity).toBe('error');
  });
});
