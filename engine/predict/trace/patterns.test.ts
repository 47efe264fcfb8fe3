// Tests of patterns against all sequences of dependencies.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceDependency } from './dependencies.js';
import { type Pattern, type PatternLimits, patternsOf } from './patterns.js';

const LOCKS = 5;
const THREADS = 4;
const NO_LIMITS: PatternLimits = { patterns: 1e6, like: 1e6, guarded: 1e6, steps: 1e6 };

const locks = (most: number) => fc.uniqueArray(fc.nat(LOCKS - 1), { minLength: 1, maxLength: most });
/** Of one thread, which holds itself too if `alive`, wanting a lock or the end of a thread. */
const dependency = fc
  .record({
    thread: fc.nat(THREADS - 1),
    want: fc.oneof(
      { weight: 5, arbitrary: fc.nat(LOCKS - 1) },
      fc.nat(THREADS - 1).map((t) => LOCKS + t),
    ),
    own: locks(3),
    alive: fc.boolean(),
  })
  .filter(({ own, want, thread }) => !own.includes(want) && want !== LOCKS + thread)
  .map(
    ({ thread, want, own, alive }): TraceDependency => ({
      thread,
      want,
      held: [...(alive ? [LOCKS + thread] : []), ...own],
      events: Int32Array.of(0),
    }),
  );
const name = ({ thread, want, held }: TraceDependency): string => `${thread} ${want} ${held}`;
const dependencies = fc.uniqueArray(dependency, { maxLength: 9, selector: name });

/** What of a member's locks counts: a thread that has not ended holds itself only for those who wait for that. */
function heldOf(all: readonly TraceDependency[], { held }: TraceDependency): number[] {
  return held.filter((lock) => lock < LOCKS || all.some(({ want }) => want === lock));
}

/** All rings of members of different threads that want different things, each from its first member on; `free`: hold nothing in common. */
function rings(all: readonly TraceDependency[]): { ring: TraceDependency[]; free: boolean }[] {
  const found: { ring: TraceDependency[]; free: boolean }[] = [];
  const extend = (ring: TraceDependency[]): void => {
    const last = ring.at(-1)!;
    if (ring.length > 1 && heldOf(all, ring[0]!).includes(last.want)) {
      const held = ring.flatMap((member) => heldOf(all, member));
      found.push({ ring, free: new Set(held).size === held.length });
    }
    for (const next of all) {
      if (all.indexOf(next) <= all.indexOf(ring[0]!)) continue;
      if (ring.some(({ thread, want }) => thread === next.thread || want === next.want)) continue;
      if (heldOf(all, next).includes(last.want)) extend([...ring, next]);
    }
  };
  for (const first of all) extend([first]);
  return found;
}

/** The members of a ring in an order that does not hang on where it begins. */
function canonical(ring: Pattern): string {
  const names = ring.map(name);
  const at = names.indexOf([...names].sort()[0]!);
  return [...names.slice(at), ...names.slice(0, at)].join(' | ');
}
const likeness = (all: readonly TraceDependency[], ring: Pattern): string =>
  ring
    .map((member) => `${member.want}<${heldOf(all, member).sort((a, b) => a - b)}`)
    .sort()
    .join(' ');

describe('patterns', () => {
  it('are all rings of dependencies that hold nothing in common, each once, those with the same locks together', () => {
    let long = 0;
    let alike = 0;
    fc.assert(
      fc.property(dependencies, (all) => {
        const { open, complete } = patternsOf(all, LOCKS, NO_LIMITS);
        const expected = rings(all).filter(({ free }) => free);
        expect(complete).toBe(true);
        expect(open.every((like) => like.all)).toBe(true);
        expect(
          open
            .flatMap(({ patterns }) => patterns)
            .map(canonical)
            .sort(),
        ).toEqual(expected.map(({ ring }) => canonical(ring)).sort());
        for (const { patterns } of open) {
          expect(new Set(patterns.map((ring) => likeness(all, ring))).size).toBe(1);
          for (const ring of patterns)
            for (const [i, { want }] of ring.entries())
              expect(heldOf(all, ring[(i + 1) % ring.length]!)).toContain(want);
          if (patterns.length > 1) alike++;
        }
        expect(new Set(open.map(({ patterns }) => patterns[0]!.length)).size).toBeLessThanOrEqual(3);
        const lengths = open.map(({ patterns }) => patterns[0]!.length);
        for (const [i, length] of lengths.entries())
          if (length === 2) expect(lengths.slice(0, i).every((before) => before === 2)).toBe(true);
        long += lengths.filter((length) => length > 2).length;
      }),
      { numRuns: 1500 },
    );
    expect(long).toComeUpMoreThan(20);
    expect(alike).toComeUpMoreThan(5);
  });

  it('tell of each pair of kinds that hold a lock in common one ring, and the lock', () => {
    let some = 0;
    fc.assert(
      fc.property(dependencies, (all) => {
        const { guarded } = patternsOf(all, LOCKS, NO_LIMITS);
        const expected = rings(all).filter(({ ring, free }) => !free && ring.length === 2);
        expect(guarded.map(({ pattern }) => likeness(all, pattern)).sort()).toEqual(
          [...new Set(expected.map(({ ring }) => likeness(all, ring)))].sort(),
        );
        for (const { pattern, gate } of guarded) {
          expect(expected.map(({ ring }) => canonical(ring))).toContain(canonical(pattern));
          for (const member of pattern) expect(heldOf(all, member)).toContain(gate);
        }
        some += guarded.length;
      }),
      { numRuns: 1000 },
    );
    expect(some).toComeUpMoreThan(50);
  });

  it('say so where a limit cuts some off, and are right up to it', () => {
    let cut = 0;
    fc.assert(
      fc.property(
        dependencies,
        fc.record({
          patterns: fc.nat(4),
          like: fc.integer({ min: 1, max: 3 }),
          guarded: fc.nat(2),
          steps: fc.nat(30),
        }),
        (all, limits) => {
          const { open, guarded, complete } = patternsOf(all, LOCKS, limits);
          const expected = rings(all).filter(({ free }) => free);
          const told = open.flatMap(({ patterns }) => patterns).map(canonical);
          expect(new Set(told).size).toBe(told.length);
          for (const ring of told) expect(expected.map((one) => canonical(one.ring))).toContain(ring);
          for (const { patterns } of open) expect(patterns.length).toBeLessThanOrEqual(limits.like);
          expect(guarded.length).toBeLessThanOrEqual(limits.guarded);
          // A ring of which one stands there is not searched for again.
          if (complete && open.every((like) => like.all)) expect(told.length).toBe(expected.length);
          else {
            cut++;
            if (complete) expect(told.length).toBeLessThan(expected.length);
          }
          expect(told.length).toBeLessThanOrEqual(Math.max(0, limits.patterns - 1) + limits.like);
        },
      ),
      { numRuns: 1000 },
    );
    expect(cut).toComeUpMoreThan(50);
  });

  it('meets its limits where they are', () => {
    const member = (thread: number, want: number, held: number): TraceDependency => ({
      thread,
      want,
      held: [held],
      events: Int32Array.of(0),
    });
    // Two rings of two, each of them with two threads that could stand at one place.
    const all = [member(0, 0, 1), member(1, 1, 0), member(2, 1, 0), member(0, 2, 3), member(1, 3, 2)];
    const cut = (limits: Partial<PatternLimits>) => {
      const { open, complete } = patternsOf(all, LOCKS, { ...NO_LIMITS, ...limits });
      return [open.map(({ patterns, all: whole }) => (whole ? patterns.length : -patterns.length)), complete];
    };
    expect(cut({})).toEqual([[2, 1], true]);
    expect(cut({ like: 2 })).toEqual([[2, 1], true]);
    expect(cut({ like: 1 })).toEqual([[-1, 1], true]);
    expect(cut({ patterns: 3 })).toEqual([[2, 1], false]);
    expect(cut({ patterns: 4 })).toEqual([[2, 1], true]);
    expect(cut({ patterns: 2 })).toEqual([[2], false]);
    // Two steps for rings of two; as many again for those of three, of five, and of any length.
    expect(cut({ steps: 1 })).toEqual([[2], false]);
    expect(cut({ steps: 2 })).toEqual([[2, 1], false]);
    expect(cut({ steps: 7 })).toEqual([[2, 1], false]);
    expect(cut({ steps: 8 })).toEqual([[2, 1], true]);
  });
});
