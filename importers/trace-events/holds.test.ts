// Laws of who holds a lock: the fields say what a list of all holds would, in the same order.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addHold, forgetHolds, holderAt, holdsOf, modeAt, takeBackHold } from './holds.js';
import type { Lock } from './locks.js';
import type { Runner } from './runners.js';

type Holding = Pick<Lock, 'holder' | 'mode' | 'others'>;

const runners = Array.from({ length: 4 }, (_, pid) => ({ pid }) as Runner);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('add' as const), who: fc.nat(3), mode: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('take back' as const), who: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('forget' as const) }) },
);

describe('holds of a lock', () => {
  it('are those of a list', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const lock = { holder: null, mode: 0, others: null } as Holding as Lock;
        const list: { who: Runner; mode: number }[] = [];
        for (const it of steps) {
          if (it.does === 'add') {
            addHold(lock, runners[it.who]!, it.mode);
            list.push({ who: runners[it.who]!, mode: it.mode });
          } else if (it.does === 'forget') {
            forgetHolds(lock);
            list.length = 0;
          } else {
            const at = list.findLastIndex(({ who }) => who === runners[it.who]);
            expect(takeBackHold(lock, runners[it.who]!)).toBe(at === -1 ? -1 : list[at]!.mode);
            if (at !== -1) list.splice(at, 1);
          }
          expect(holdsOf(lock)).toBe(list.length);
          expect(lock.holder === null).toBe(list.length === 0);
          const said = list.map((_, i) => ({ who: holderAt(lock, i)!, mode: modeAt(lock, i) }));
          expect(said.reverse()).toEqual(list);
          expect(holderAt(lock, list.length)).toBeNull();
        }
      }),
    );
  });
});
