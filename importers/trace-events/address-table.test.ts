// Laws of the table of addresses: each has one number, and its text is that of the 64-bit number.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable } from './address-table.js';

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 0xffn, 0xffff_ffffn, 1n << 32n, 0xffff_8880_0000_0010n, 2n ** 64n - 1n),
);
const halves = (value: bigint): [number, number] => [
  Number(BigInt.asIntN(32, value >> 32n)),
  Number(BigInt.asIntN(32, value)),
];

describe('addresses', () => {
  it('are known again, and print as numbers of 64 bits', () => {
    fc.assert(
      fc.property(fc.array(address, { maxLength: 700 }), fc.constantFrom(0, 8, 16), (all, digits) => {
        const table = new AddressTable();
        const known = new Map<bigint, number>();
        for (const value of all) {
          const [high, low] = halves(value);
          expect(table.find(high, low)).toBe(known.get(value) ?? -1);
          const id = table.id(high, low);
          expect(id).toBe(known.get(value) ?? known.size);
          known.set(value, id);
        }
        expect(table.size).toBe(known.size);
        for (const [value, id] of known)
          expect(table.text(id, digits)).toBe(value.toString(16).padStart(digits, '0'));
      }),
    );
  });
});
