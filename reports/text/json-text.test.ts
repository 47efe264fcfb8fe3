// JSON that a terminal may see: the same value, and nothing in it that a terminal obeys.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from './json-text.js';

describe('jsonText', () => {
  it('reads back as it was, and holds no control character but newlines', () => {
    const names = fc.string({ unit: fc.integer({ min: 0, max: 0x2070 }).map((c) => String.fromCharCode(c)) });
    fc.assert(
      fc.property(fc.dictionary(names, names), (value) => {
        const text = jsonText({ value }, 1);
        expect(JSON.parse(text)).toEqual({ value });
        expect(text.replaceAll('\n', '').search(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)).toBe(-1);
      }),
    );
  });
});
