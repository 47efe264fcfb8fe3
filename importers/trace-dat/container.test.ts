// Tests of both versions of the container: every form of one recording gives the same records.
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type MakeOptions, makeTraceDat, type Parts, partsOf } from '../../bench/made-trace-dat.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';
import { ALL_LOCKS, captureOf, S390_V6, sample, skipsOf, X86_V7 } from './fixtures.laws.js';

const FORMS: readonly MakeOptions[] = [
  { version: 6, compression: 'none' },
  { version: 7, compression: 'none' },
  { version: 7, compression: 'zlib' },
  { version: 7, compression: 'zstd' },
];

describe.each([
  ['x86_64', X86_V7],
  ['s390x (big-endian)', S390_V6],
])('a recording of %s', (_arch, name) => {
  let parts: Parts;
  let expected: Readonly<Record<string, number>>;
  beforeAll(async () => {
    const bytes = sample(name);
    parts = await partsOf(bytes);
    const capture = await captureOf(bytes);
    expected = capture.byEvent;
    expect(expected.lock_acquire).toBe(4);
    expect(capture.skipped.filter(({ severity }) => severity === 'data-loss')).toEqual([]);
  });

  it.each(FORMS.map((form) => [`${form.version} ${form.compression}`, form] as const))(
    'is the same as version %s',
    async (_form, form) => {
      const capture = await captureOf(await makeTraceDat(parts, form));
      expect(capture.byEvent).toEqual(expected);
      expect(skipsOf(capture)).toEqual({});
    },
  );

  it.each(['zlib', 'zstd', 'none'] as const)(
    'is the same where numbers stand in the other byte order (%s)',
    async (compression) => {
      const capture = await captureOf(
        await makeTraceDat(parts, { version: 7, compression, kallsyms: false, swapped: true }),
      );
      expect(capture.byEvent).toEqual(expected);
      expect(skipsOf(capture).trace_dat_numbers_swapped).toBeGreaterThan(0);
    },
  );

  it.each(FORMS.map((form) => [`${form.version} ${form.compression}`, form] as const))(
    'is the same in sub-buffers of four pages (version %s)',
    async (_form, form) => {
      // As extracted from a kernel with buffer_subbuf_size_kb: an image of one page in a slot of four.
      const buffers = parts.buffers.map((buffer) => ({
        ...buffer,
        pageSize: 4 * buffer.pageSize,
        cpus: buffer.cpus.map(({ cpu, pages }) => ({
          cpu,
          pages: Buffer.concat(
            Array.from({ length: pages.length / buffer.pageSize }, (_, i) =>
              Buffer.concat(
                [pages.subarray(i * buffer.pageSize, (i + 1) * buffer.pageSize)],
                4 * buffer.pageSize,
              ),
            ),
          ),
        })),
      }));
      const capture = await captureOf(
        await makeTraceDat({ ...parts, buffers }, { ...form, kallsyms: false }),
      );
      expect(capture.byEvent).toEqual(expected);
      expect(skipsOf(capture)).toEqual({});
    },
  );

  it.each(FORMS.map((form) => [`${form.version} ${form.compression}`, form] as const))(
    'has the records of all its instances (version %s)',
    async (_form, form) => {
      const top = parts.buffers[0];
      if (top === undefined) throw new Error('the sample has no buffer');
      const buffers = ['', 'one', 'two'].map((instance) => ({ ...top, name: instance }));
      const capture = await captureOf(
        await makeTraceDat({ ...parts, buffers }, { ...form, kallsyms: false }),
      );
      const thrice = Object.fromEntries(Object.entries(expected).map(([event, count]) => [event, 3 * count]));
      expect(capture.byEvent).toEqual(thrice);
      // On one clock they are one timeline.
      expect(skipsOf(capture)).toEqual({});
    },
  );

  it('is cut where the file is: whole pages before the cut count', async () => {
    for (const form of FORMS) {
      const bytes = await makeTraceDat(parts, { ...form, kallsyms: false, copies: 40 });
      const whole = await captureOf(bytes);
      // Version 7 of ours has its options at the end, so only the fixed order of version 6 survives a cut.
      if (form.version !== 6) continue;
      const capture = await captureOf(bytes.subarray(0, bytes.length - 5000));
      const [all, some] = [whole, capture].map(({ byEvent }) =>
        Object.values(byEvent).reduce((sum, count) => sum + count, 0),
      );
      expect(some).toBeLessThan(all ?? 0);
      expect(some).toBeGreaterThan((all ?? 0) / 2);
      expect(skipsOf(capture).trace_dat_cut_short).toBeGreaterThan(0);
    }
  });
});

describe('a trace.dat', () => {
  it('is recognised under any name, gzipped too', async () => {
    for (const bytes of [sample(ALL_LOCKS), gzipSync(sample(ALL_LOCKS))]) {
      const imported = await importSource(sourceOf('holiday.jpg', bytes));
      expect(imported.ok && imported.capture.format).toBe('trace-dat');
      expect(imported.ok && imported.capture.provenance).toBe('byte');
    }
  });

  it.each([
    ['another version', '\x17\x08\x44tracing5\0\0\x08\0\x10\0\0', 'trace_dat_version_unknown'],
    ['a head without end', '\x17\x08\x44tracing6\0', 'trace_dat_head_broken'],
    ['a page of no bytes', '\x17\x08\x44tracing6\0\0\x08\0\0\0\0', 'trace_dat_head_broken'],
    ['nothing behind the head', '\x17\x08\x44tracing6\0\0\x08\0\x10\0\0', 'trace_dat_head_broken'],
    [
      'an unknown compression',
      '\x17\x08\x44tracing7\0\0\x08\0\x10\0\0lzma\x001\0\x40\0\0\0\0\0\0\0',
      'trace_dat_compression_unknown',
    ],
  ])('with %s is refused by name', async (_what, bytes, stat) => {
    const capture = await captureOf(Buffer.from(bytes, 'latin1'));
    expect(skipsOf(capture)[stat]).toBe(1);
    expect(capture.byEvent).toEqual({});
  });

  it('whose options run in circles is read once', async () => {
    const head = Buffer.from('\x17\x08\x44tracing7\0\0\x08\0\x10\0\0none\x001\0', 'latin1');
    const place = head.length + 8;
    const at = Buffer.alloc(8);
    at.writeBigUInt64LE(BigInt(place));
    const section = Buffer.concat([
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from([0, 0, 8, 0, 0, 0]),
      at,
    ]);
    const capture = await captureOf(Buffer.concat([head, at, section]));
    expect(skipsOf(capture).trace_dat_options_in_circles).toBe(1);
  });
});
