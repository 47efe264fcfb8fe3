// Tests of meeting classes against every closed walk over class orders.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClassOrder, meetingClasses } from './meeting.js';

const NAMES = ['A', 'B', 'C', 'D', 'K#4', 'E'];
const name = fc.constantFrom(...NAMES);
const orders = fc.array(
  fc.record({
    capture: fc.constantFrom('one', 'two', 'three'),
    pairs: fc.array(fc.tuple(name, name), { maxLength: 4 }),
  }),
  { maxLength: 4 },
);

/** Classes on a walk that comes back to where it began, over pairs of two captures or more; one step a row. */
function byWalking(all: readonly ClassOrder[]): string[] {
  const steps = all.flatMap(({ capture, pairs }) =>
    pairs
      .filter(([a, b]) => a !== b && !a.includes('#') && !b.includes('#'))
      .map(([from, to]) => ({ from, to, capture })),
  );
  const reaches = (a: string, b: string): boolean => {
    const seen = new Set<string>([a]);
    for (let i = 0; i < NAMES.length; i++) for (const { from, to } of steps) if (seen.has(from)) seen.add(to);
    return steps.some(({ from, to }) => to === b && seen.has(from));
  };
  return NAMES.filter((x) => {
    // Everything that leads to x and back from it lies on one closed walk with x.
    const walked = steps.filter(
      ({ from, to }) => (from === x || reaches(x, from)) && (to === x || reaches(to, x)),
    );
    return reaches(x, x) && new Set(walked.map(({ capture }) => capture)).size > 1;
  });
}

describe('meeting classes', () => {
  it('are those on a closed walk over the orders of at least two captures', () => {
    let some = 0;
    fc.assert(
      fc.property(orders, (all) => {
        const expected = byWalking(all);
        expect([...meetingClasses(all)].sort()).toEqual(expected);
        some += expected.length;
      }),
      { numRuns: 500 },
    );
    expect(some).toComeUpMoreThan(20);
  });

  it('a numbered class is another one at the next boot; a pair of one class leads nowhere', () => {
    const pairs = (...list: [string, string][]): ClassOrder['pairs'] => list;
    const met = [
      ...meetingClasses([
        { capture: 'one', pairs: pairs(['A', 'B'], ['K#4', 'A'], ['C', 'C']) },
        { capture: 'two', pairs: pairs(['B', 'A'], ['A', 'K#4'], ['C', 'C']) },
      ]),
    ];
    expect(met.sort()).toEqual(['A', 'B']);
    expect(meetingClasses([{ capture: 'one', pairs: pairs(['A', 'B'], ['B', 'A']) }]).size).toBe(0);
  });
});
