// Lines that are found again by their bytes say what they say when they are read as text.
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../../corpus/schema/ids.js';
import { CaptureBuilder } from '../builder.js';
import { TraceTextReader } from './reader.js';

const ABOUT = { id: 'x' as CaptureId, file: 'x', bytes: 1, format: 'ftrace', provenance: 'line' } as const;
const FOLDER = new URL('../testdata/ftrace/', import.meta.url);

function readBy(read: (reader: TraceTextReader) => void) {
  const builder = new CaptureBuilder();
  const reader = new TraceTextReader(builder);
  read(reader);
  reader.finish();
  return builder.finish(ABOUT);
}

/** Both readings of a text, the second one in blocks of the given sizes in lines. */
function both(lines: readonly string[], sizes: readonly number[]) {
  const asText = readBy((reader) => reader.block(lines.join('\n'), 1));
  const asBytes = readBy((reader) => {
    for (let at = 0, turn = 0; at < lines.length; turn++) {
      const size = sizes[turn % sizes.length]!;
      const block = Buffer.from(lines.slice(at, at + size).join('\n'), 'latin1');
      expect(reader.bytes(block, at + 1)).toBe(Math.min(size, lines.length - at));
      at += size;
    }
  });
  return { asText, asBytes };
}

const SAMPLES = readdirSync(FOLDER)
  .filter((name) => /\.txt(\.gz)?$/.test(name))
  .map((name) => {
    const bytes = readFileSync(new URL(name, FOLDER));
    return { name, lines: (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1').split('\n') };
  })
  .filter(({ lines }) => lines.every((line) => /^[\0-\x7f]*$/.test(line)));

describe('a trace as bytes', () => {
  it.each(SAMPLES.map(({ name, lines }) => [name, lines] as const))(
    'says the same as its text: %s',
    (_, lines) => {
      const part = lines.slice(0, 6000);
      const { asText, asBytes } = both(part, [700, 1, 3000]);
      expect(asBytes).toEqual(asText);
    },
  );

  // What is remembered must not be said of lines that only begin or end alike.
  it('says the same as its text when lines are repeated, cut, and changed here and there', () => {
    const change = fc.record({
      line: fc.nat(),
      at: fc.nat(120),
      into: fc.constantFrom(
        '',
        ' ',
        '-',
        ':',
        '.',
        '0',
        '9',
        '(',
        '|',
        '=',
        '>',
        '\r',
        '#',
        'x',
        '    ',
        '=> ',
        ' => ',
      ),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...SAMPLES),
        fc.nat(),
        fc.array(change, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
        ({ lines }, from, changes, sizes) => {
          const start = from % Math.max(1, lines.length - 60);
          const some = [...lines.slice(0, 12), ...lines.slice(start, start + 60)];
          const again = [...some, ...some];
          for (const { line, at, into, cut } of changes) {
            const i = line % again.length;
            const old = again[i]!;
            again[i] = old.slice(0, at) + into + (cut ? '' : old.slice(at + 1));
          }
          const { asText, asBytes } = both([...again, ...some, ...some], sizes);
          expect(asBytes).toEqual(asText);
        },
      ),
      { numRuns: 300 },
    );
  });
});
