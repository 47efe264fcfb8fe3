// Test of closed sets against their definition, by trying every set of tasks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClosedSets } from './closed-sets.js';

const TASKS = 6;
const masks = fc.array(fc.integer({ min: 0, max: (1 << TASKS) - 1 }), { minLength: TASKS, maxLength: TASKS });

function isClosed(set: number, needs: readonly number[]): boolean {
  return needs.every((need, t) => (set & (1 << t)) === 0 || (need & ~set) === 0);
}

const bits = (mask: number): number => [...mask.toString(2)].filter((digit) => digit === '1').length;

describe('closed sets', () => {
  it('holds of all sets that are closed one with the fewest tasks that can move, of those that have any', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: (1 << TASKS) - 1 }), (needs, movable) => {
        const found = new ClosedSets(TASKS, { neededBy: (t) => needs[t]! }).smallest(movable);
        const sizes = Array.from({ length: 1 << TASKS }, (_, set) => set)
          .filter((set) => isClosed(set, needs) && (set & movable) !== 0)
          .map((set) => bits(set & movable));
        // Every closed set holds the closure of each of its tasks, so that none can be smaller than the best of those.
        expect(bits(found)).toBe(Math.min(bits(movable), ...sizes));
        expect(found & ~movable).toBe(0);
      }),
    );
  });

  it('gives what a closure leaves of those that can move, or all of them', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: (1 << TASKS) - 1 }), (needs, movable) => {
        const found = new ClosedSets(TASKS, { neededBy: (t) => needs[t]! }).smallest(movable);
        const closures = Array.from({ length: 1 << TASKS }, (_, set) => set).filter((set) =>
          isClosed(set, needs),
        );
        expect(found === movable || closures.some((set) => (set & movable) === found)).toBe(true);
      }),
    );
  });

  it('asks for no task twice, and anew in the next state', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 1, max: (1 << TASKS) - 1 }), (needs, movable) => {
        const asked: number[] = [];
        const demands = {
          neededBy(t: number): number {
            asked.push(t);
            return needs[t]!;
          },
        };
        const sets = new ClosedSets(TASKS, demands);
        const found = sets.smallest(movable);
        expect(new Set(asked).size).toBe(asked.length);
        expect(sets.smallest(movable)).toBe(found);
      }),
    );
  });
});
