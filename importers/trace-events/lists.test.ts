// Laws of lists and tables: what they do is what the methods of arrays do.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutTo, lastOf, lastPlaceOf, removeAt, shortList, tableOf } from './lists.js';

const numbers = fc.array(fc.nat(5), { maxLength: 12 });

describe('lists', () => {
  it('give the last element and the last place of an element', () => {
    fc.assert(
      fc.property(numbers, fc.nat(6), (list, element) => {
        expect(lastOf(list)).toBe(list.at(-1));
        expect(lastPlaceOf(list, element)).toBe(list.lastIndexOf(element));
      }),
    );
  });

  it('lose an element as by splice, and what is behind a length', () => {
    fc.assert(
      fc.property(numbers, fc.nat(11), fc.nat(12), (list, at, length) => {
        const [removed, spliced, cut] = [[...list], [...list], [...list]];
        if (at < list.length) {
          removeAt(removed, at);
          spliced.splice(at, 1);
          expect(removed).toEqual(spliced);
        }
        cutTo(cut, length);
        expect(cut).toEqual(list.slice(0, length));
      }),
    );
  });

  it('begin empty, and tables with nothing in them', () => {
    expect(shortList<number>()).toEqual([]);
    expect(tableOf<number>().filter((entry) => entry !== undefined)).toEqual([]);
    expect(tableOf<number>()[1000]).toBeUndefined();
  });
});
