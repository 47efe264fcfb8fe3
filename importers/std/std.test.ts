// Tests of STD traces: numbered samples with their facts, and the laws that every importer keeps.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { stdText } from '../../corpus/text/std.js';
import { importSource } from '../import.js';
import { IMPORTERS, sniff } from '../registry.js';
import { sourceOf } from '../source.js';
import { expectedFacts, factsOf } from '../testdata/expected-facts.laws.js';

const FOLDER = join(import.meta.dirname, '../testdata/std');
const samples = readdirSync(FOLDER).filter((name) => name.endsWith('.std'));

async function read(text: string | Uint8Array | Iterable<Uint8Array>, format?: string): Promise<Capture> {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const imported = await importSource(sourceOf('x', bytes), format === undefined ? {} : { format });
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

const exported = (capture: Capture): string => [...stdText(capture)].join('');

describe('samples of STD traces', () => {
  it.each(samples)('%s', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    expect(sniff(text)?.id).toBe('std');
    const others = IMPORTERS.filter((importer) => importer.id !== 'std' && importer.sniff(text));
    expect(others.map((importer) => importer.id)).toEqual([]);
    const capture = await read(text);
    expect(factsOf(capture)).toEqual(expect.objectContaining(expectedFacts(text)));
    // Every event stands on the line that it names, and says there what it says here.
    const lines = text.split(/\r?\n/);
    capture.events.where.forEach((line, i) => {
      const thread = capture.tasks[capture.events.task[i]!]!.name;
      expect(lines[line - 1]?.startsWith(`${thread}|`)).toBe(true);
    });
  });
});

const anyName = fc
  .oneof(
    fc.constantFrom('T0', 'L1', 'x', '0', 'a(b)', 'java.lang.Object@7f', 'Ünïcode'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  )
  .filter(
    (name) =>
      !/[|\n\r\ufffd\ufeff]/.test(name) &&
      name.trim() !== '' &&
      !name.startsWith('#') &&
      !name.includes('T9'),
  );
const anyThread = fc.oneof(fc.constantFrom('T0', 'T1', 'main'), anyName);
const anyLocation = fc.oneof(
  fc.nat({ max: 2 ** 33 }).map(String),
  fc.constantFrom('007', 'F.java:12', 'm()'),
);
const anyOp = fc.oneof(
  fc.tuple(fc.constantFrom('acq', 'rel', 'req', 'r', 'w', 'begin', 'end'), anyName),
  fc.tuple(fc.constantFrom('fork', 'join'), anyThread),
);
const anyLine = fc
  .tuple(anyThread, anyOp, anyLocation)
  .map(([thread, [op, name], location]) => `${thread}|${op}(${name})|${location}\n`);
const anyTrace = fc.array(anyLine, { minLength: 1, maxLength: 40 }).map((lines) => lines.join(''));

describe('laws of STD traces', () => {
  it('import, export is identity; and so is every further round', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, async (text) => {
        const capture = await read(text, 'std');
        expect(exported(capture)).toBe(text);
        expect(capture.skipped).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('however the bytes arrive, the events are the same', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        const bytes = Buffer.from(text);
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        expect((await read(pieces, 'std')).events).toEqual((await read(bytes, 'std')).events);
      }),
      { numRuns: 50 },
    );
  });

  it('half a trace, or garbage in it, never throws; what is lost is counted', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, fc.nat(), fc.uint8Array({ maxLength: 30 }), async (text, cut, garbage) => {
        const bytes = Buffer.from(text);
        const at = cut % bytes.length;
        const capture = await read(
          Buffer.concat([bytes.subarray(0, at), garbage, bytes.subarray(at)]),
          'std',
        );
        const events = text.split('\n').length - 1;
        const lost = capture.skipped.reduce((n, skip) => n + skip.count, 0);
        expect(capture.events.kind.length + lost).toBeGreaterThanOrEqual(events - 1);
      }),
      { numRuns: 100 },
    );
  });

  it('tells a lock and a variable of one name apart, and counts only the lock', async () => {
    const capture = await read('T0|acq(x)|1\nT0|w(x)|2\nT0|rel(x)|3\n');
    expect(capture.locks.length).toBe(2);
    expect(capture.locks.map((lock) => capture.classes[lock.class]?.variable === true)).toEqual([
      false,
      true,
    ]);
    expect([...capture.events.kind].map((kind) => EVENT_KINDS[kind])).toEqual([
      'acquire',
      'write',
      'release',
    ]);
  });

  it('passes over a line of megabytes', async () => {
    const long = `T0|acq(${'x'.repeat(3 << 20)})|1\n`;
    const bytes = Buffer.from(`T0|acq(a)|1\nT0|rel(a)|2\n${long}T0|acq(b)|3\n`);
    const pieces = Array.from({ length: 49 }, (_, i) => bytes.subarray(i << 16, (i + 1) << 16));
    const capture = await read(pieces);
    expect(capture.skipped.map((skip) => [skip.stat, skip.first_line])).toEqual([['line_too_long', 3]]);
    expect([...capture.events.where]).toEqual([1, 2, 4]);
  });
});

describe('export of other captures', () => {
  it('names tasks and locks without bars and blanks, and leaves readers out', async () => {
    const log = readFileSync(join(FOLDER, '../kernel-log/01-x86-sriov-vs-remove-hung.log'));
    const text = exported(await read(log));
    expect(text.split('\n').filter((line) => line !== '').length).toBeGreaterThan(3);
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^[^|()\s]+\|(acq|req|rel)\([^|\s]+\)\|\d+$/);
    expect(text).toMatch(/^sriov-set-124\|req\(pci_rescan_remove_lock\)\|\d+$/m);
    expect((await read(text, 'std')).skipped).toEqual([]);
  });
});
