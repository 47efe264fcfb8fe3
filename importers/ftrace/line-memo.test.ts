// Tests of the memo of lines: what it finds is what a map of whole lines would, and what comes once takes no room.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineMemo } from './line-memo.js';

function viewOf(text: string): DataView {
  const bytes = Buffer.from(text, 'latin1');
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads all lines; what the memo does not know is looked up, and remembered where it says so. */
function readAll(
  lines: readonly string[],
  memo: LineMemo<string>,
): { readonly seen: string[]; readonly added: number } {
  const text = lines.join('\n');
  const view = viewOf(text);
  const seen: string[] = [];
  let added = 0;
  let from = 0;
  for (const line of lines) {
    const known = memo.find(view, from, text.length);
    expect(memo.end).toBe(from + line.length);
    seen.push(known ?? line);
    if (known === null && memo.cameBefore) {
      memo.add(view, from, line);
      added++;
    }
    from = memo.end + 1;
  }
  return { seen, added };
}

describe('LineMemo', () => {
  it('finds for each line what belongs to it, whatever the lines', () => {
    const line = fc.string({ unit: fc.constantFrom(...'ab 01:=>'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 200 }), (lines) => {
        expect(readAll(lines, new LineMemo()).seen).toEqual(lines);
      }),
    );
  });

  it('remembers a line when it comes again, and once', () => {
    const lines = Array.from({ length: 900 }, (_, i) => `lock_acquire: ${(i % 3).toString(16)} lock`);
    const { seen, added } = readAll(lines, new LineMemo());
    expect(seen).toEqual(lines);
    expect(added).toBe(3);
  });

  it('keeps nothing of lines that never come again', () => {
    const lines = Array.from(
      { length: 100_000 },
      (_, i) => `lock_acquire: ${(i * 2_654_435_761).toString(16)} lock`,
    );
    expect(readAll(lines, new LineMemo()).added).toBe(0);
  });

  it('forgets all when there are too many, and still tells the truth', () => {
    const many = Array.from({ length: 70_000 }, (_, i) => `line ${i}`);
    const lines = many.flatMap((text) => [text, text, text]);
    const { seen, added } = readAll(lines, new LineMemo());
    expect(seen).toEqual(lines);
    expect(added).toBe(many.length);
  });
});
