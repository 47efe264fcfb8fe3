// Tests of the byte-to-line stream: packings, encodings, line ends, limits, damage.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSource, type Source, sourceOf } from './source.js';

const MIB = 1 << 20;

async function linesOf(source: Source): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of source.lines()) all.push(...batch);
  return all;
}

/** Cuts bytes into pieces of the given sizes, in turn. */
function* pieces(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const TEXT = '[    1.000000] one\n[    2.000000] two \u00e4\n\nlast';
// `xz -9` and `zstd` of "one\ntwo\n", made with xz-utils 5.4 and zstd 1.5.
const XZ = '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAHb25lCnR3bwoAUauer1d1cEkAASAIuxnZux+2830BAAAAAARZWg==';
const ZSTD = 'KLUv/SQIQQAAb25lCnR3bwrmpg5A';

describe('Source', () => {
  it('gives the same lines however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        fc.array(
          fc.string({ unit: 'grapheme' }).map((s) => s.replace(/[\r\n\ufffd\ufeff]/g, ' ')),
          { minLength: 1 },
        ),
        async (sizes, lines) => {
          const bytes = Buffer.from(lines.join('\n'), 'utf8');
          const expected = bytes.length === 0 ? [] : lines.at(-1) === '' ? lines.slice(0, -1) : lines;
          expect(await linesOf(sourceOf('x', pieces(bytes, sizes)))).toEqual(expected);
        },
      ),
    );
  });

  it('numbers the first line of each block', async () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => `line ${i + 1}`).join('\n'));
    for await (const block of sourceOf('x', pieces(bytes, [7, 1000, 3])).blocks()) {
      expect(block.text.split('\n')[0]).toBe(`line ${block.firstLine}`);
      expect(block.text.split('\n').length).toBe(block.lines);
    }
  });

  it.each([
    ['lf', Buffer.from(TEXT)],
    ['crlf', Buffer.from(TEXT.replaceAll('\n', '\r\n'))],
    ['serial console', Buffer.from(TEXT.replaceAll('\n', '\r\r\n'))],
    ['cr only', Buffer.from(TEXT.replaceAll('\n', '\r'))],
    ['utf-8 mark', Buffer.from(`\ufeff${TEXT}`)],
    ['utf-16le mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['utf-16be mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16()],
    ['gzip', gzipSync(TEXT)],
    ['gzip of two members', Buffer.concat([gzipSync(TEXT.slice(0, 9)), gzipSync(TEXT.slice(9))])],
  ])('reads %s', async (_name, bytes) => {
    for (const sizes of [[1], [2, 3], [1 << 16]])
      expect(await linesOf(sourceOf('x', pieces(bytes, sizes)))).toEqual(TEXT.split('\n'));
  });

  it.each([
    ['xz', XZ],
    ['zstd', ZSTD],
  ])('reads %s', async (_name, base64) => {
    const bytes = Buffer.from(base64, 'base64');
    for (const sizes of [[1], [5], [1 << 16]]) {
      const source = sourceOf('x', pieces(bytes, sizes));
      expect(await linesOf(source)).toEqual(['one', 'two']);
      expect(source.damage.cutShort).toBeNull();
    }
  });

  it('keeps what came before the end of a cut gzip file, and says so', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `${i} ${createHash('md5').update(`${i}`).digest('hex')}`,
    );
    const whole = gzipSync(lines.join('\n'));
    const source = sourceOf('x', pieces(whole.subarray(0, whole.length >> 1), [4096]));
    const got = await linesOf(source);
    expect(got.length).toBeGreaterThan(5_000);
    expect(got.slice(0, -1)).toEqual(lines.slice(0, got.length - 1));
    expect(source.damage.cutShort).not.toBeNull();
  });

  it.each([
    ['xz', XZ],
    ['zstd', ZSTD],
  ])('says that a cut %s file is cut', async (_name, base64) => {
    const bytes = Buffer.from(base64, 'base64');
    const source = sourceOf('x', bytes.subarray(0, bytes.length - 8));
    await linesOf(source);
    expect(source.damage.cutShort).not.toBeNull();
  });

  it('replaces and counts invalid UTF-8', async () => {
    const source = sourceOf('x', Buffer.from([0x61, 0x0a, 0xff, 0x62, 0x0a, 0xfe, 0x63]));
    expect(await linesOf(source)).toEqual(['a', '\ufffdb', '\ufffdc']);
    expect(source.damage).toMatchObject({ invalidUtf8: 2, firstInvalidLine: 2 });
  });

  it('cuts lines of more than 1 MiB and goes on with the next', async () => {
    const source = sourceOf('x', pieces(Buffer.from(`a\n${'x'.repeat(3 * MIB)}\nb\n`), [100_000]));
    const lines = await linesOf(source);
    expect(lines.map((line) => line.length)).toEqual([1, MIB, 1]);
    expect(source.damage).toMatchObject({ longLineCount: 1, longLines: [2] });
  });

  it('shows a head, and then still gives everything', async () => {
    const bytes = Buffer.from('0123456789\n'.repeat(20_000));
    const source = sourceOf('x', pieces(bytes, [3000]));
    expect((await source.head()).length).toBe(1 << 16);
    expect((await linesOf(source)).length).toBe(20_000);
    expect(await source.head()).toBe(bytes.toString().slice(0, 1 << 16));
  });

  it('names the raw bytes, read or not', async () => {
    const bytes = gzipSync(TEXT);
    const id = createHash('sha256').update(bytes).digest('hex');
    const read = sourceOf('x', pieces(bytes, [10]));
    await linesOf(read);
    expect(await read.sha256()).toBe(id);
    expect(await sourceOf('x', bytes).sha256()).toBe(id);
    expect(read.bytesRead).toBe(bytes.length);
  });

  it('tells as data why a file cannot be opened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'relock-'));
    try {
      const missing = await openSource(join(folder, 'none'));
      expect(missing.ok ? '' : missing.problem.facts[0]).toMatch(/no file/);
      const directory = await openSource(folder);
      expect(directory.ok ? '' : directory.problem.facts[0]).toMatch(/directory/);
      await writeFile(join(folder, 'empty'), '');
      const empty = await openSource(join(folder, 'empty'));
      expect(empty.ok).toBe(true);
      if (empty.ok) {
        expect(await linesOf(empty.source)).toEqual([]);
        await empty.source.close();
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

it('a file of many chunks is read as it is, though its buffers are used again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'relock-source-'));
  const path = join(folder, 'long.txt');
  const text = Array.from({ length: 40_000 }, (_, i) => `${i} ${'x'.repeat(i % 131)}`).join('\n');
  await writeFile(path, text);
  const opened = await openSource(path);
  if (!opened.ok) throw new Error(opened.problem.title);
  // Only now is it known that nothing has to be unpacked.
  await opened.source.head();
  expect((await linesOf(opened.source)).join('\n')).toBe(text);
  expect(await opened.source.sha256()).toBe(createHash('sha256').update(text).digest('hex'));
  await opened.source.close();
  await rm(folder, { recursive: true });
});
