// Tests of the ftrace importer on committed recordings (facts in the sidecar of each), and the laws that every importer keeps.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { CONTEXTS, EVENT_KINDS, KNOWN_BY } from '../../corpus/schema/event.js';
import { LOCK_MODES } from '../../corpus/schema/lock.js';
import { importSource } from '../import.js';
import { IMPORTERS } from '../registry.js';
import { sourceOf } from '../source.js';

const TESTDATA = join(import.meta.dirname, '../testdata/ftrace');

/** What is true of a sample; read by eye against the ground truth that was recorded with it. */
interface Facts {
  readonly about: string;
  readonly format: string;
  readonly arch: string | null;
  readonly kernel: string | null;
  readonly platform: readonly string[];
  readonly byEvent: Readonly<Record<string, number>>;
  readonly skipped: Readonly<Record<string, number>>;
  readonly reports: number;
  readonly basis: string | null;
  readonly kinds: Readonly<Record<string, string>>;
  /** Events of these classes are listed below; empty for all that name a lock. */
  readonly of: readonly string[];
  readonly events: readonly string[];
}

const samples = readdirSync(TESTDATA).filter((name) => !name.endsWith('.json'));
const bytesOf = (name: string): Buffer => readFileSync(join(TESTDATA, name));
const textOf = (name: string): string =>
  (name.endsWith('.gz') ? gunzipSync(bytesOf(name)) : bytesOf(name)).toString('utf8');
const factsOf = (name: string): Facts =>
  JSON.parse(
    readFileSync(join(TESTDATA, `${name.replace(/\.(txt|log)(\.gz)?$/, '')}.json`), 'utf8'),
  ) as Facts;

async function capture(bytes: Uint8Array, name = 'x'): Promise<Capture> {
  const imported = await importSource(sourceOf(name, bytes));
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

/** Events that name a lock of those classes, one a line: `LINE TASK CONTEXT kind how class mode @ site`. */
function lockEvents(from: Capture, of: readonly string[]): string[] {
  const { events, tasks, locks, classes, sites } = from;
  const lines: string[] = [];
  for (let i = 0; i < events.kind.length; i++) {
    const kind = EVENT_KINDS[events.kind[i]!]!;
    const lock = locks[events.lock[i]!];
    const name = lock === undefined ? '' : classes[lock.class]!.name;
    if (
      kind !== 'gap' &&
      (lock === undefined || (of.length === 0 ? name.startsWith('work ') : !of.includes(name)))
    )
      continue;
    const task = tasks[events.task[i]!]!;
    const site = sites[events.site[i]!];
    const peer = tasks[events.peer[i]!];
    lines.push(
      [
        events.where[i],
        `${task.name}/${task.pid ?? '-'}`,
        CONTEXTS[events.context[i]!],
        kind,
        KNOWN_BY[events.known[i]!],
        ...(lock === undefined ? [] : [name, LOCK_MODES[events.mode[i]!]]),
        ...(peer === undefined ? [] : [`of ${peer.name}`]),
        ...(site === undefined ? [] : [`@ ${site.at}`]),
      ].join(' '),
    );
  }
  return lines;
}

function summary(from: Capture, about: string, of: readonly string[]): Facts {
  return {
    about,
    format: from.format,
    arch: from.arch,
    kernel: from.kernel,
    platform: from.platform,
    byEvent: from.byEvent,
    skipped: Object.fromEntries(from.skipped.map((skip) => [skip.stat, skip.count])),
    reports: from.reports.length,
    basis: from.episodes.find((episode) => episode.origin === 'trace')?.basis ?? null,
    kinds: Object.fromEntries(
      from.classes.filter(({ name }) => !name.startsWith('work ')).map(({ name, kind }) => [name, kind]),
    ),
    of,
    events: lockEvents(from, of),
  };
}

describe('recordings of real kernels', () => {
  it.each(samples)('reads %s as its sidecar says', async (name) => {
    const facts = factsOf(name);
    expect(summary(await capture(bytesOf(name)), facts.about, facts.of)).toEqual(facts);
  });

  it('tells both the reports and the dumped buffer of one dmesg', async () => {
    const read = await capture(bytesOf('23-dump-in-dmesg.log'));
    expect(read.reports.length).toBeGreaterThan(0);
    expect(read.byEvent.contention_begin).toBe(1);
    expect(new Set(read.episodes.map((episode) => episode.origin)).has('trace')).toBe(true);
  });

  it('says the same of a run in lines that end in CR LF, quoted, and packed', async () => {
    const name = '01-x86-lk-abba.txt.gz';
    const plain = summary(await capture(Buffer.from(textOf(name))), '', []);
    const crlf = Buffer.from(textOf(name).replaceAll('\n', '\r\n'));
    expect(summary(await capture(crlf), '', [])).toEqual(plain);
    const quoted = await capture(
      Buffer.from(`Hi,\nhere is the trace.\n\n${textOf(name).replace(/^/gm, '> ')}\nRegards\n`),
    );
    const shifted = lockEvents(quoted, []).map((line) => line.replace(/^\d+ /, ''));
    expect(shifted).toEqual(plain.events.map((line) => line.replace(/^\d+ /, '')));
  });
});

describe('laws', () => {
  const traces = samples.filter((name) => factsOf(name).format === 'ftrace');

  it.each(traces)('%s is recognised under any name, and by nobody else', async (name) => {
    const head = textOf(name).slice(0, 1 << 16);
    const claimed = IMPORTERS.filter((importer) => importer.sniff(head)).map((importer) => importer.id);
    expect(claimed[0]).toBe('ftrace');
    for (const alias of ['trace', 'x.log', 'report.eml', 'a.litmus'])
      expect((await capture(bytesOf(name), alias)).format).toBe('ftrace');
  });

  it('does not take logs, mails and litmus texts for traces', () => {
    const other = [
      '[    1.000000] INFO: task a:1 blocked for more than 120 seconds.\n',
      'litmus 1 a\nlock A mutex\ntask t\n  lock A\n  unlock A\nexpect none\n',
      'From: a@b.c\nSubject: a trace\n\n# tracer: nop\n',
      'pid-12 [000] is what the second column looks like\nas everybody knows\nwho has read one\n',
    ];
    const ftrace = IMPORTERS.find((importer) => importer.id === 'ftrace');
    for (const text of other) expect(ftrace?.sniff(text)).toBe(false);
  });

  it('never throws on half a file, and where an event stands is in the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (name, part) => {
          const whole = textOf(name);
          const half = whole.slice(0, Math.floor(whole.length * part));
          const imported = await importSource(sourceOf('x', Buffer.from(half)));
          if (!imported.ok) return;
          const lines = half.split('\n').length;
          for (const where of imported.capture.events.where) {
            expect(where).toBeGreaterThanOrEqual(1);
            expect(where).toBeLessThanOrEqual(lines);
          }
          for (const skip of imported.capture.skipped) expect(skip.advice.length).toBeGreaterThan(20);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never throws on lines that were mangled, and sees each lock given back no oftener than taken', async () => {
    const lines = textOf('05-x86-graph-with-locks.txt.gz')
      .split('\n')
      .concat(textOf('06-x86-kprobes.txt.gz').split('\n'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.nat(lines.length - 1), fc.nat(200), fc.string({ maxLength: 12 }), fc.boolean()),
          { maxLength: 80 },
        ),
        async (edits) => {
          const text = edits
            .map(([n, at, put, cut]) => {
              const line = lines[n]!;
              return cut ? line.slice(0, at) + put : line.slice(0, at) + put + line.slice(at);
            })
            .join('\n');
          const imported = await importSource(sourceOf('x', Buffer.from(`# tracer: nop\n${text}`)));
          if (imported.ok) expect(imported.capture.events.kind.length).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 80 },
    );
  });
});
