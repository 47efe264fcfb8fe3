// Tests of moments: what was open at each, how far they stand apart, and which one lies before a row.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diceOf, heldBefore, madeTrace, RESOURCES, rowsOf } from './made-traces.laws.js';
import { Moments, momentBefore } from './moments.js';
import { ACQUIRE, Held, RELEASE, type Trace } from './trace.js';

/** Keeps moments on a walk over a trace, as `dependenciesOfTrace` does. */
function momentsOf(trace: Trace): Moments {
  const held = new Held(trace);
  const moments = new Moments(trace, held);
  for (let e = trace.from; e < trace.to; e++) {
    if (e >= moments.next) moments.keep(e);
    if (trace.kind[e] === ACQUIRE && held.take(trace.task[e]!, trace.lock[e]!))
      moments.taken[trace.lock[e]!] = e;
    if (trace.kind[e] === RELEASE) held.give(trace.lock[e]!);
  }
  return moments;
}

/** A trace in which thread 0 takes all locks but one and keeps them, and then nothing more happens. */
function quiet(rows: number, threads: number, locks: number): Trace {
  const at = (e: number): boolean => e < locks - 1;
  return {
    kind: Uint8Array.from({ length: rows }, (_, e) => (at(e) ? ACQUIRE : 99)),
    task: new Uint32Array(rows),
    lock: Int32Array.from({ length: rows }, (_, e) => (at(e) ? e : -1)),
    from: 0,
    to: rows,
    threads,
    locks,
    forkOf: new Int32Array(threads).fill(-1),
    joined: new Uint8Array(threads).fill(1),
    childOf: () => -1,
  };
}

describe('moments', () => {
  it('hold what was open, in the order of taking', () => {
    let open = 0;
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, wild) => {
        const trace = madeTrace(diceOf(seed), 4000, wild);
        const { kept } = momentsOf(trace);
        expect(kept.map(({ row }) => row)).toEqual(rowsOf(trace).filter((e) => (e - trace.from) % 512 === 0));
        for (const moment of kept) {
          expect(moment.open).toEqual(heldBefore(trace, moment.row).holdings);
          open += moment.open.length;
        }
        for (const row of [trace.from, trace.from + 1, trace.to - 1, trace.from + 511, trace.from + 512])
          expect(momentBefore(kept, row)).toBe(kept.findLast((moment) => moment.row <= row));
        expect(momentBefore(kept, -1)).toBe(kept[0]);
      }),
      { numRuns: 20 },
    );
    expect(open).toComeUpMoreThan(20);
  });

  it('stand further apart where there are many threads, or more rows than moments', () => {
    const steps = (trace: Trace): number[] => {
      const { kept } = momentsOf(trace);
      return [kept[0]!.row, kept[1]!.row, kept.length];
    };
    expect(steps(quiet(8000, 100, 1))).toEqual([0, 1600, 5]);
    expect(steps(quiet(8000, 2, 1))).toEqual([0, 512, 16]);
    expect(steps(quiet(1 << 22, 2, 1))).toEqual([0, 1024, 4096]);
    const long = madeTrace(() => 0, 10, false, { threads: 50, locks: RESOURCES });
    expect(momentsOf({ ...long, to: long.from + 3 }).kept).toHaveLength(1);
  });

  it('are no more once half a million open sections are kept', () => {
    const trace = quiet(1 << 21, 1, 600);
    const { kept, next } = momentsOf(trace);
    expect(kept[2]!.open).toHaveLength(599);
    // 599 of them at each moment but the first two.
    expect(kept.length).toBe(877);
    expect(next).toBe(trace.to);
    expect(kept.reduce((sum, { open }) => sum + open.length, 0)).toBeGreaterThan(1 << 19);
  });
});
