// Tests of times: exact beyond 2^53, with offsets, scales and carries.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordClock, unitOf } from './clock.js';

const value = ({ high, low }: RecordClock): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);

describe('a clock', () => {
  it('adds what is relative to its base exactly', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 62n }),
        fc.maxSafeNat(),
        fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }),
        (base, time, offset) => {
          const clock = new RecordClock(base, offset, null);
          clock.at(time);
          expect(value(clock)).toBe(BigInt.asIntN(64, base + offset + BigInt(time)));
        },
      ),
    );
  });

  it('takes times before its base', () => {
    const clock = new RecordClock(2n ** 40n, 0n, null);
    clock.at(-5);
    expect(value(clock)).toBe(2n ** 40n - 5n);
  });

  it('scales ticks to nanoseconds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 50n }),
        fc.nat(),
        fc.integer({ min: 1, max: 0xffff_ffff }),
        (base, time, mult) => {
          const clock = new RecordClock(base, 7n, { mult, shift: 31 });
          clock.at(time);
          expect(value(clock)).toBe(BigInt.asIntN(64, (((base + BigInt(time)) * BigInt(mult)) >> 31n) + 7n));
        },
      ),
    );
  });

  it('counts, or tells time', () => {
    expect(['local', 'mono', 'counter', 'x86-tsc', 'ppc-tb'].map((clock) => unitOf(clock, null))).toEqual([
      'ns',
      'ns',
      'count',
      'count',
      'count',
    ]);
    expect(unitOf('x86-tsc', { mult: 1, shift: 0 })).toBe('ns');
  });
});
