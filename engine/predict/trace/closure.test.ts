// Tests of closures and sweeps against their demands, applied until nothing changes, and against all combinations of events.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Closure, type Demand, reachFrom, sweep } from './closure.js';
import {
  diceOf,
  heldBefore,
  madePattern,
  madeTrace,
  momentAt,
  rowsOf,
  sharedLocks,
  writerOf,
} from './made-traces.laws.js';
import type { Moment } from './moments.js';
import { MustBefore } from './must-before.js';
import type { Pattern } from './patterns.js';
import { stopsOf } from './stops.js';
import { JOIN, READ, type Trace } from './trace.js';

/** Of each thread the row before which it must have run so that the members stand at these rows, or null: they never do. */
function closed(
  trace: Trace,
  demand: Demand,
  pattern: Pattern,
  events: readonly number[],
  moment: Moment | null,
): number[] | null {
  const base = moment?.row ?? trace.from;
  const upTo = Array.from({ length: trace.threads }, () => base);
  const shared = sharedLocks(trace);
  const sections = heldBefore(trace, trace.to).sections.filter(({ lock }) => shared[lock] === 1);
  const isOpen = (row: number): boolean => moment?.open.some((open) => open.row === row) ?? false;
  const keeper = new Map(pattern.flatMap(({ thread, held }) => held.map((lock) => [lock, thread] as const)));
  let isPossible = true;
  let changed = true;
  const raise = (t: number, row: number): void => {
    if (row <= upTo[t]!) return;
    upTo[t] = row;
    changed = true;
  };
  const include = (row: number): void => raise(trace.task[row]!, row + 1);
  const end = (over: number): void => {
    if (over === -1) isPossible = false;
    else include(over);
  };
  for (const [i, { thread }] of pattern.entries()) {
    raise(thread, events[i]!);
    if (trace.forkOf[thread]! >= base) include(trace.forkOf[thread]!);
  }
  while (changed) {
    changed = false;
    for (let t = 0; t < trace.threads; t++)
      if (upTo[t]! > base && trace.forkOf[t]! >= base) include(trace.forkOf[t]!);
    for (const e of rowsOf(trace)) {
      if (e < base || e >= upTo[trace.task[e]!]!) continue;
      if (trace.kind[e] === READ && writerOf(trace, e) >= 0) include(writerOf(trace, e));
      if (trace.kind[e] === JOIN && trace.childOf(e) >= 0) raise(trace.childOf(e), trace.to);
    }
    const inside = sections.filter(({ row, thread }) => isOpen(row) || (row >= base && row < upTo[thread]!));
    for (const { lock, thread, row, over } of inside) {
      const others = inside.filter((other) => other.lock === lock && other.row !== row);
      if (demand === 'in-order') {
        if (others.some((other) => other.row > row)) end(over);
        continue;
      }
      const isKept = keeper.has(lock) && keeper.get(lock) !== thread;
      if (isOpen(row) && others.some((other) => other.thread !== thread)) end(over);
      // What was open when it began, and is never over, stands in nobody's way who does not take it.
      if (isKept && (over >= 0 || !isOpen(row))) end(over);
    }
  }
  return isPossible ? upTo : null;
}

function* combinationsOf(pattern: Pattern): Generator<number[]> {
  const [first, ...rest] = pattern;
  if (first === undefined) yield [];
  else for (const row of first.events) for (const others of combinationsOf(rest)) yield [row, ...others];
}

/** Where the members can all stand: at the earliest rows. */
function firstStanding(trace: Trace, demand: Demand, pattern: Pattern): number[] | null {
  const fits = [...combinationsOf(pattern)].filter((events) => {
    const upTo = closed(trace, demand, pattern, events, null);
    return upTo !== null && pattern.every(({ thread }, i) => upTo[thread]! <= events[i]!);
  });
  return fits.length === 0 ? null : pattern.map((_, i) => Math.min(...fits.map((events) => events[i]!)));
}

const stops = (trace: Trace) =>
  stopsOf(trace, sharedLocks(trace), new MustBefore(trace.threads, trace.locks, new Int32Array(0)));

describe.each(['in-order', 'any-order'] as const)('closure, %s', (demand) => {
  const seeds = fc.nat();

  it('is the least part that meets the demands, from the beginning and from moments', () => {
    let some = 0;
    let never = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 30, max: 120 }), (seed, length) => {
        const dice = diceOf(seed);
        const wild = dice(2) === 0;
        const trace = madeTrace(dice, length, wild);
        const closure = new Closure(trace, stops(trace), demand);
        for (let round = 0; round < 8; round++) {
          const pattern = madePattern(dice, trace);
          if (pattern === null) return;
          const events = pattern.map(({ events: rows }) => rows[dice(rows.length)]!);
          const latest = Math.min(...events) - trace.from;
          const moment = wild || dice(2) === 0 ? null : momentAt(trace, trace.from + dice(latest + 1));
          closure.begin(pattern, moment);
          for (const [i, { thread }] of pattern.entries()) closure.stand(thread, events[i]!);
          const isPossible = closure.close();
          const expected = closed(trace, demand, pattern, events, moment);
          expect(isPossible).toBe(expected !== null);
          if (expected === null) never++;
          else {
            some++;
            expect([...closure.upTo]).toEqual(expected);
            // Why a thread is inside: a row that is inside itself, or -1 where it was asked for.
            for (const [t, cause] of closure.cause.entries())
              if (cause >= 0) expect(cause).toBeLessThan(Math.max(...expected));
              else if (expected[t]! > (moment?.row ?? trace.from))
                expect(pattern.some(({ thread }) => thread === t)).toBe(true);
          }
          if (moment === null) continue;
          const reached = reachFrom(closure, pattern, events, moment);
          const stands =
            expected !== null && pattern.every(({ thread }, i) => expected[thread]! <= events[i]!);
          expect(reached === null ? null : [reached.events, [...reached.upTo]]).toEqual(
            stands ? [events, expected] : null,
          );
        }
      }),
      { numRuns: 500 },
    );
    expect(some).toComeUpMoreThan(200);
    expect(never).toComeUpMoreThan(3);
  });

  it('a sweep comes to the earliest rows at which all members can stand', () => {
    let reachable = 0;
    let passed = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 30, max: 120 }), (seed, length) => {
        const dice = diceOf(seed);
        const trace = madeTrace(dice, length, dice(2) === 0);
        const closure = new Closure(trace, stops(trace), demand);
        for (let round = 0; round < 4; round++) {
          const pattern = madePattern(dice, trace);
          if (pattern === null) return;
          const { reached, at } = sweep(closure, pattern);
          const expected = firstStanding(trace, demand, pattern);
          expect(reached?.events ?? null).toEqual(expected);
          if (reached === null || expected === null) continue;
          reachable++;
          if (at.some((i) => i > 0)) passed++;
          expect(pattern.map(({ events }, i) => events[at[i]!])).toEqual(expected);
          expect([...reached.upTo]).toEqual(closed(trace, demand, pattern, expected, null));
        }
      }),
      { numRuns: 300 },
    );
    expect(reachable).toComeUpMoreThan(100);
    expect(passed).toComeUpMoreThan(5);
  });
});
