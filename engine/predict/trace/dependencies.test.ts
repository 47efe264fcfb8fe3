// Tests of lock order and dependencies of a trace against their definitions, by looking at all pairs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dependenciesOfTrace } from './dependencies.js';
import { lockOrderOf } from './lock-order.js';
import {
  type Asking,
  askings,
  diceOf,
  madeTrace,
  RESOURCES,
  sharedLocks,
  THREADS,
} from './made-traces.laws.js';
import type { Trace } from './trace.js';

const made = fc.record({
  seed: fc.nat(),
  length: fc.integer({ min: 10, max: 80 }),
  wild: fc.boolean(),
});
const traceFrom = (
  { seed, length, wild }: typeof made extends fc.Arbitrary<infer T> ? T : never,
  locks?: number,
) =>
  madeTrace(diceOf(seed), length, wild, {
    threads: THREADS,
    locks: locks ?? RESOURCES,
  });

/** Whether one resource leads to another one over one or more "held while asked for". */
function leads(trace: Trace): (a: number, b: number) => boolean {
  const pairs = askings(trace).flatMap(({ want, held }) => held.map((lock) => [lock, want] as const));
  return (a, b) => {
    const reached = new Set([a]);
    for (let grown = true; grown; ) {
      grown = false;
      for (const [from, to] of pairs) {
        if (!reached.has(from)) continue;
        if (to === b) return true;
        if (!reached.has(to)) grown = true;
        reached.add(to);
      }
    }
    return false;
  };
}

/** Dependencies by definition: grouped, inside a ring of lock orders, and not left without others for a ring. */
function defined(trace: Trace): (Omit<Asking, 'row'> & { events: number[] })[] {
  const reaches = leads(trace);
  const groups = new Map<string, Omit<Asking, 'row'> & { events: number[] }>();
  for (const { row, ...asking } of askings(trace)) {
    if (!asking.held.some((lock) => reaches(asking.want, lock))) continue;
    const group = groups.get(JSON.stringify(asking)) ?? { ...asking, events: [] };
    group.events.push(row);
    groups.set(JSON.stringify(asking), group);
  }
  let left = [...groups.values()];
  for (let before = -1; before !== left.length; ) {
    before = left.length;
    left = left.filter(
      ({ thread, want, held }) =>
        left.some((other) => other.thread !== thread && other.held.includes(want)) &&
        left.some((other) => other.thread !== thread && held.includes(other.want)),
    );
  }
  return left;
}

const sorted = <T>(list: readonly T[]): string[] => list.map((one) => JSON.stringify(one)).sort();

describe('lock order of a trace', () => {
  it('has the strongly connected components of "held while asked for"', () => {
    let rings = 0;
    fc.assert(
      fc.property(made, (draws) => {
        const trace = traceFrom(draws);
        const { components, shared } = lockOrderOf(trace);
        const reaches = leads(trace);
        expect(shared).toEqual(sharedLocks(trace));
        for (let a = 0; a < trace.locks + trace.threads; a++) {
          expect(components.cyclic[a]).toBe(reaches(a, a) ? 1 : 0);
          for (let b = 0; b < a; b++)
            if (reaches(a, a) && reaches(b, b))
              expect(components.of[a] === components.of[b]).toBe(reaches(a, b) && reaches(b, a));
        }
        expect(components.any).toBe(components.cyclic.includes(1));
        if (components.any) rings++;
      }),
      { numRuns: 300 },
    );
    expect(rings).toComeUpMoreThan(50);
  });

  it('is the same with so many locks that no table of all pairs is kept', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1 << 20), { minLength: 400, maxLength: 400 }), (draws) => {
        const from = (locks: number): Trace => {
          let at = 0;
          return madeTrace((below) => draws[at++ % draws.length]! % below, 60, true, {
            threads: THREADS,
            locks,
          });
        };
        const few = lockOrderOf(from(RESOURCES)).components;
        for (const locks of [(1 << 13) - THREADS, (1 << 13) - THREADS + 1]) {
          const many = lockOrderOf(from(locks)).components;
          expect(many.cyclic.subarray(0, RESOURCES)).toEqual(few.cyclic.subarray(0, RESOURCES));
          expect(many.cyclic.subarray(locks)).toEqual(few.cyclic.subarray(RESOURCES));
        }
      }),
      { numRuns: 4 },
    );
  });
});

describe('dependencies of a trace', () => {
  it('are those of the definition, with all their rows', () => {
    let some = 0;
    fc.assert(
      fc.property(made, (draws) => {
        const trace = traceFrom(draws);
        const { dependencies, moments } = dependenciesOfTrace(trace, lockOrderOf(trace).components);
        const expected = defined(trace);
        expect(
          sorted(
            dependencies.map(({ thread, want, held, events }) => ({
              thread,
              want,
              held,
              events: [...events],
            })),
          ),
        ).toEqual(sorted(expected));
        some += expected.length;
        if (expected.length > 0) expect(moments[0]).toEqual({ row: trace.from, open: [] });
      }),
      { numRuns: 600 },
    );
    expect(some).toComeUpMoreThan(100);
  });

  it('keep every row of one that is seen many times', () => {
    const row = (t: number, verb: string, lock: number) => ({ t, verb, lock });
    const events = Array.from({ length: 50 }, () => [
      row(0, 'acquire', 0),
      row(0, 'acquire', 1),
      row(0, 'release', 1),
      row(0, 'release', 0),
      row(1, 'acquire', 1),
      row(1, 'acquire', 0),
      row(1, 'release', 0),
      row(1, 'release', 1),
    ]).flat();
    const plain = madeTrace(() => 0, 0, false);
    const kinds: Record<string, number> = { acquire: 1, release: 2 };
    const trace: Trace = {
      ...plain,
      kind: Uint8Array.from(events, ({ verb }) => kinds[verb]!),
      task: Uint32Array.from(events, ({ t }) => t),
      lock: Int32Array.from(events, ({ lock }) => lock),
      from: 0,
      to: events.length,
    };
    const { dependencies } = dependenciesOfTrace(trace, lockOrderOf(trace).components);
    expect(dependencies.map(({ events: rows }) => [...rows])).toEqual([
      Array.from({ length: 50 }, (_, i) => 8 * i + 1),
      Array.from({ length: 50 }, (_, i) => 8 * i + 5),
    ]);
  });
});
