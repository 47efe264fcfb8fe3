// Laws of packed captures and checkpoints: exact round trip, and every damage is refused by name.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyCapture } from './arbitrary.laws.js';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.js';
import { packColumns, swapBytes, unpackColumns } from './columns.js';
import { decodeCapture, encodeCapture } from './pack.js';

describe('a packed capture', () => {
  it('decodes to an equal capture', () => {
    fc.assert(
      fc.property(anyCapture, (capture) => {
        const decoded = decodeCapture(encodeCapture(capture));
        expect(decoded).toStrictEqual({ ok: true, capture });
      }),
      { numRuns: 300 },
    );
  });

  it('is the same bytes for the same capture', () => {
    fc.assert(
      fc.property(anyCapture, (capture) => {
        expect(Buffer.compare(encodeCapture(capture), encodeCapture(structuredClone(capture)))).toBe(0);
      }),
    );
  });

  it('is refused with any one bit flipped', () => {
    fc.assert(
      fc.property(
        anyCapture,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(7),
        (c, at, bit) => {
          const bytes = encodeCapture(c);
          const i = Math.floor(at * bytes.length);
          bytes[i] = bytes[i]! ^ (1 << bit);
          const decoded = decodeCapture(bytes);
          expect(decoded.ok).toBe(false);
        },
      ),
    );
  });

  it('is refused with each byte of its header changed', () => {
    const [capture] = fc.sample(anyCapture, { numRuns: 1, seed: 1 });
    const whole = encodeCapture(capture!);
    for (let i = 0; i < 60; i++) {
      const bytes = whole.slice();
      bytes[i] = bytes[i]! ^ 0x40;
      expect(decodeCapture(bytes).ok, `byte ${i}`).toBe(false);
    }
  });

  it('is refused when cut short anywhere, and when something is appended', () => {
    const [capture] = fc.sample(anyCapture, { numRuns: 1, seed: 2 });
    const whole = encodeCapture(capture!);
    for (let length = 0; length < whole.length; length++)
      expect(decodeCapture(whole.subarray(0, length)).ok, `${length} bytes`).toBe(false);
    const longer = decodeCapture(Buffer.concat([whole, Buffer.from([0])]));
    expect(longer).toMatchObject({ ok: false, problem: { title: 'THIS PACKED CAPTURE IS TOO LONG' } });
    expect(decodeCapture(whole.subarray(0, whole.length - 1))).toMatchObject({
      ok: false,
      problem: { title: 'THIS PACKED CAPTURE IS CUT SHORT' },
    });
  });

  it('is refused by name when a newer relock wrote it', () => {
    const [capture] = fc.sample(anyCapture, { numRuns: 1, seed: 3 });
    const bytes = encodeCapture(capture!);
    bytes[8] = 99;
    expect(decodeCapture(bytes)).toMatchObject({
      ok: false,
      problem: { title: 'THIS PACKED CAPTURE WAS WRITTEN BY A NEWER RELOCK' },
    });
  });
});

describe('columns', () => {
  it('swap bytes element by element, twice is nothing', () => {
    expect([...swapBytes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.constantFrom(1, 2, 4, 8),
        (bytes, width) => {
          expect(swapBytes(swapBytes(bytes.slice(), width), width)).toEqual(bytes);
        },
      ),
    );
  });

  it('are refused if one is missing or shorter than the others', () => {
    const [capture] = fc.sample(anyCapture, { numRuns: 1, seed: 5 });
    const packed = packColumns(capture!.events);
    expect(unpackColumns(packed)).toEqual(capture!.events);
    expect(unpackColumns({ ...packed, kind: new Uint8Array(capture!.events.kind.length + 1) })).toBeNull();
    const { where, ...rest } = packed;
    expect(where).toBeDefined();
    expect(unpackColumns(rest)).toBeNull();
  });
});

describe('a packed checkpoint', () => {
  it('decodes to an equal value (but for the sign of zero)', () => {
    const anyState = fc.object({
      key: fc.string().filter((key) => key !== '__proto__'),
      values: [
        fc.integer(),
        fc.double({ noNaN: true }).map((x) => x + 0),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
      ],
    });
    fc.assert(
      fc.property(anyState, (state) => {
        expect(decodeCheckpoint(encodeCheckpoint(state))).toEqual({ ok: true, value: state });
      }),
    );
  });

  it('keeps 64-bit and larger integers and bytes', () => {
    const state = { rng: 2n ** 64n - 1n, wide: -(2n ** 90n), bytes: Uint8Array.of(0, 255) };
    const decoded = decodeCheckpoint(encodeCheckpoint(state));
    if (!decoded.ok) throw new Error(decoded.problem.title);
    const value = decoded.value as typeof state;
    expect(value.rng).toBe(state.rng);
    expect(value.wide).toBe(state.wide);
    expect([...value.bytes]).toEqual([0, 255]);
  });

  it('is refused when damaged, and a capture is not taken for one', () => {
    const bytes = encodeCheckpoint([1, 2, 3]);
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1;
    expect(decodeCheckpoint(bytes)).toMatchObject({
      ok: false,
      problem: { title: 'THIS PACKED CHECKPOINT IS DAMAGED' },
    });
    const [capture] = fc.sample(anyCapture, { numRuns: 1, seed: 4 });
    expect(decodeCheckpoint(encodeCapture(capture!)).ok).toBe(false);
  });
});
