// Laws of canonical JSON: same value, same text; the text reads back as the value.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './json.js';

/** The same value with the keys of every object in reverse order of insertion. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

describe('canonicalJson', () => {
  it('sorts keys at every level', () => {
    expect(canonicalJson({ b: [{ z: 1, a: null }], a: 'x', 10: 0, 9: 0 })).toBe(
      '{"10":0,"9":0,"a":"x","b":[{"a":null,"z":1}]}',
    );
  });

  it('indents like JSON.stringify', () => {
    const value = { a: [1, { b: true }], c: {}, d: [] };
    expect(canonicalJson(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it('reads back as the value, whatever the order of keys was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        const text = canonicalJson(value, indent);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value), indent)).toBe(text);
      }),
    );
  });

  it('leaves out undefined members and refuses what JSON cannot say', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    for (const bad of [1n, Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 0, [undefined]])
      expect(() => canonicalJson(bad)).toThrow(/canonicalJson/);
  });
});
