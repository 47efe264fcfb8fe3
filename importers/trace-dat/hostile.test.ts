// Laws of damaged and hostile trace.dat files: never an exception, bounded work, and what is whole is read.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeTraceDat, type Parts, partsOf } from '../../bench/made-trace-dat.js';
import { claimedSize, codecOf } from './codec.js';
import { captureOf, S390_V6, sample, X86_V7 } from './fixtures.laws.js';

const FORMS = [
  ['6', { version: 6, compression: 'none' }],
  ['7 none', { version: 7, compression: 'none' }],
  ['7 zlib', { version: 7, compression: 'zlib' }],
  ['7 zstd', { version: 7, compression: 'zstd' }],
] as const;

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

describe.each([
  ['x86_64', X86_V7],
  ['s390x', S390_V6],
])('damage to a file of %s', (_arch, name) => {
  let parts: Parts;
  beforeAll(async () => {
    parts = await partsOf(sample(name));
  });

  it.each(FORMS)('never throws when bytes are changed (version %s)', async (_form, form) => {
    const whole = await makeTraceDat(parts, { ...form, kallsyms: false });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) }), {
          minLength: 1,
          maxLength: 12,
        }),
        // Most of a file is text; the numbers that steer the reading stand near its ends.
        fc.constantFrom('anywhere', 'head', 'tail'),
        async (changes, where) => {
          const bytes = Buffer.from(whole);
          for (const { at, byte } of changes) {
            const place = where === 'head' ? at % 64 : where === 'tail' ? bytes.length - 1 - (at % 1024) : at;
            bytes[place] = byte;
          }
          const capture = await captureOf(bytes);
          // A page holds no more records than it has words.
          expect(total(capture.byEvent)).toBeLessThan(whole.length * 8);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(FORMS)('never throws when the file is cut anywhere (version %s)', async (_form, form) => {
    const whole = await makeTraceDat(parts, { ...form, kallsyms: false });
    const all = (await captureOf(whole)).byEvent;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), async (length) => {
        const { byEvent } = await captureOf(whole.subarray(0, length));
        for (const [event, count] of Object.entries(byEvent))
          expect(count).toBeLessThanOrEqual(all[event] ?? 0);
      }),
      { numRuns: 40 },
    );
  });

  it.each(FORMS)('never throws when 32-bit words are made absurd (version %s)', async (_form, form) => {
    const whole = await makeTraceDat(parts, { ...form, kallsyms: false });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 4),
        fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xfffffff0, 0x10000),
        async (at, word) => {
          const bytes = Buffer.from(whole);
          bytes.writeUInt32LE(word, at & ~3);
          await captureOf(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('never throws when a gzip wrapper is cut', async () => {
    const packed = gzipSync(await makeTraceDat(parts, { version: 6, compression: 'none', kallsyms: false }));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: packed.length }), async (length) => {
        await captureOf(packed.subarray(0, length));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a decompression bomb', () => {
  it('is refused before anything is allocated', async () => {
    const zlib = await codecOf('zlib');
    const zstd = await codecOf('zstd');
    // 1 GiB out of 100 bytes.
    expect(zlib(Buffer.alloc(100), 1 << 30)).toBeNull();
    expect(zstd(Buffer.alloc(100), 1 << 30)).toBeNull();
    // A frame that claims another size than the file says (single segment, 4 bytes of size).
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0]);
    expect(claimedSize(frame)).toBe(0x7fff_ffff);
    expect(zstd(frame, 4096)).toBeNull();
    expect(claimedSize(Buffer.from('not a frame'))).toBe(-1);
  });

  it('that repeats one page is read, and no further than the file is worth', async () => {
    const parts = await partsOf(sample(X86_V7));
    const top = parts.buffers[0];
    if (top === undefined) throw new Error('the sample has no buffer');
    // The same small range of the file as the data of thousands of CPUs.
    const cpus = Array.from({ length: 64 }, () => ({ cpu: 0, pages: Buffer.alloc(40 * 4096) }));
    const capture = await captureOf(
      await makeTraceDat(
        { ...parts, buffers: [{ ...top, cpus }] },
        { version: 7, compression: 'zstd', kallsyms: false },
      ),
    );
    expect(total(capture.byEvent)).toBe(0);
  });
});

describe('data that several CPUs claim', () => {
  it('are read once', async () => {
    const parts = await partsOf(sample(S390_V6));
    const bytes = await makeTraceDat(parts, { version: 6, compression: 'none', kallsyms: false });
    const all = (await captureOf(bytes)).byEvent;
    // The table of version 6 stands behind its tag: give CPU 1 the range of CPU 0, and more than the file has in all.
    const at = bytes.indexOf('flyrecord\0') + 10;
    bytes.writeBigUInt64BE(4096n, at);
    bytes.writeBigUInt64BE(BigInt(bytes.length - 4096), at + 8);
    const capture = await captureOf(bytes);
    expect(capture.skipped.map(({ stat }) => stat)).toContain('trace_dat_data_twice');
    expect(total(capture.byEvent)).toBeLessThanOrEqual(total(all) * 2);
  });
});
