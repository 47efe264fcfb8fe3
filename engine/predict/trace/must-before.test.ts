// Tests of must-before and stops against the transitive closure of what each row depends on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  diceOf,
  heldBefore,
  madeTrace,
  RESOURCES,
  rowsOf,
  sharedLocks,
  THREADS,
  writerOf,
} from './made-traces.laws.js';
import { MustBefore } from './must-before.js';
import { stopsOf } from './stops.js';
import { ACQUIRE, JOIN, READ, type Trace, WRITE } from './trace.js';

const dice = fc.nat().map(diceOf);

/** Everything that must come before a row, without itself; `to` stands for the end of a thread: `[thread, row]`. */
function allBefore(trace: Trace, row: number): Set<string> {
  const found = new Set<string>();
  const visit = (thread: number, at: number): void => {
    if (found.has(`${thread} ${at}`)) return;
    found.add(`${thread} ${at}`);
    leadTo(thread, at);
  };
  const leadTo = (thread: number, at: number): void => {
    for (const e of rowsOf(trace)) if (e < at && trace.task[e] === thread) visit(thread, e);
    const fork = trace.forkOf[thread]!;
    if (fork >= 0 && fork < at) visit(trace.task[fork]!, fork);
    if (at === trace.to) return;
    const writer = trace.kind[at] === READ ? writerOf(trace, at) : -1;
    if (writer >= 0) visit(trace.task[writer]!, writer);
    const child = trace.kind[at] === JOIN ? trace.childOf(at) : -1;
    if (child >= 0) visit(child, trace.to);
  };
  // What is asked of a row is what its thread knew when it came there.
  for (const e of rowsOf(trace)) if (e < row && trace.task[e] === trace.task[row]) visit(trace.task[row]!, e);
  const fork = trace.forkOf[trace.task[row]!]!;
  if (fork >= 0 && fork < row) visit(trace.task[fork]!, fork);
  return found;
}

const lastOf = (before: Set<string>, thread: number): number =>
  Math.max(
    -1,
    ...[...before]
      .map((one) => one.split(' ').map(Number))
      .flatMap(([t, row]) => (t === thread ? [row!] : [])),
  );

describe('must before', () => {
  it('is the transitive closure of program order, reads with their writes, forks and joins', () => {
    let known = 0;
    fc.assert(
      fc.property(dice, fc.integer({ min: 10, max: 60 }), (roll, length) => {
        const trace = madeTrace(roll, length, false);
        const asked = Int32Array.from(rowsOf(trace).filter(() => roll(2) === 0));
        const before = new MustBefore(trace.threads, trace.locks, asked);
        stopsOf(trace, sharedLocks(trace), before);
        expect(before.next).toBe(-1);
        for (const row of asked) {
          const all = allBefore(trace, row);
          for (let u = 0; u < THREADS; u++) {
            if (u === trace.task[row]) continue;
            expect(before.lastBefore(row, u)).toBe(lastOf(all, u));
            if (lastOf(all, u) >= 0) known++;
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(known).toComeUpMoreThan(100);
  });

  it('knows as much where values outgrow their first room', () => {
    fc.assert(
      fc.property(dice, (roll) => {
        // Two values of a thousand threads fit at first; the seven others do nothing.
        const trace = madeTrace(roll, 80, false, { threads: 1500, locks: RESOURCES + 7 });
        const asked = Int32Array.from(rowsOf(trace));
        const before = new MustBefore(trace.threads, trace.locks, asked);
        for (let v = 0; v < 7; v++) before.writes(1499 - v, trace.from, RESOURCES + v);
        stopsOf(trace, sharedLocks(trace), before);
        for (const row of asked.filter((_, i) => i % 7 === 0))
          for (let u = 0; u < THREADS; u++)
            if (u !== trace.task[row])
              expect(before.lastBefore(row, u)).toBe(lastOf(allBefore(trace, row), u));
      }),
      { numRuns: 25 },
    );
  });

  it('past too many threads nothing is told, and every read is a stop', () => {
    const before = new MustBefore(2049, 4, Int32Array.of(3, 5));
    before.writes(0, 1, 2);
    expect(before.learns(1, 0, 1, 2)).toBe(true);
    expect(before.learns(1, 0, 1, 2)).toBe(true);
    before.follows(2, 1, 2);
    before.mark(1);
    expect(before.next).toBe(5);
    before.mark(1);
    expect(before.next).toBe(-1);
    expect([0, 1, 2].map((u) => before.lastBefore(3, u))).toEqual([-1, -1, -1]);
    const most = new MustBefore(2048, 4, Int32Array.of(3, 5));
    most.writes(0, 1, 2);
    expect(most.learns(1, 0, 1, 2)).toBe(true);
    expect(most.learns(1, 0, 1, 2)).toBe(false);
    most.mark(1);
    most.mark(0);
    expect([0, 1, 2].map((u) => most.lastBefore(3, u))).toEqual([1, -1, -1]);
  });

  it('past too many rows that are asked about nothing is told, and reads are passed over all the same', () => {
    const asked = Int32Array.from({ length: 2049 }, (_, i) => 10 + i);
    const before = new MustBefore(2048, 4, asked);
    before.writes(0, 1, 2);
    expect(before.learns(1, 0, 1, 2)).toBe(true);
    expect(before.learns(1, 0, 1, 2)).toBe(false);
    before.mark(1);
    expect(before.next).toBe(11);
    expect(before.lastBefore(10, 0)).toBe(-1);
    const most = new MustBefore(2048, 4, asked.subarray(1));
    most.writes(0, 1, 2);
    most.learns(1, 0, 1, 2);
    most.mark(1);
    expect(most.lastBefore(11, 0)).toBe(1);
  });

  it('past too many values a thread knows what it reads itself, and no more', () => {
    const threads = 1024;
    const values = (1 << 22) / threads;
    const before = new MustBefore(threads, values + 1, new Int32Array(0));
    before.writes(0, 1, 0);
    expect(before.learns(1, 0, 1, 0)).toBe(true);
    before.writes(1, 2, 1);
    for (let v = 2; v < values; v++) before.writes(3, v + 1, v);
    // All are still there: what thread 1 knew is learnt with its value.
    expect(before.learns(2, 1, 2, 1)).toBe(true);
    expect(before.learns(2, 0, 1, 0)).toBe(false);
    before.writes(3, values + 1, values);
    expect(before.learns(4, 1, 2, 1)).toBe(true);
    expect(before.learns(4, 1, 2, 1)).toBe(false);
    expect(before.learns(4, 0, 1, 0)).toBe(true);
  });
});

describe('stops', () => {
  it('are the acquisitions with their releases, the joins, and the reads that say something new', () => {
    let some = 0;
    fc.assert(
      fc.property(dice, fc.integer({ min: 10, max: 60 }), fc.boolean(), (roll, length, wild) => {
        const trace = madeTrace(roll, length, wild);
        const { kind, task, lock } = trace;
        const shared = sharedLocks(trace);
        const { first, end, row, link } = stopsOf(
          trace,
          shared,
          new MustBefore(trace.threads, trace.locks, new Int32Array(0)),
        );
        const { sections } = heldBefore(trace, trace.to);
        for (let t = 0; t < THREADS; t++) {
          const expected = rowsOf(trace).flatMap((e): [number, number][] => {
            if (task[e] !== t) return [];
            if (kind[e] === ACQUIRE && shared[lock[e]!] === 1)
              return sections.filter((section) => section.row === e).map(({ over }) => [e, over]);
            if (kind[e] === JOIN && trace.childOf(e) >= 0) return [[e, -1]];
            const writer = kind[e] === READ ? writerOf(trace, e) : -1;
            if (writer < 0 || task[writer] === t) return [];
            return lastOf(allBefore(trace, e), task[writer]!) >= writer ? [] : [[e, writer]];
          });
          some += expected.length;
          const is = Array.from({ length: end[t]! - first[t]! }, (_, i) => first[t]! + i);
          const got = is.map((k): [number, number] => [row[k]!, link[k]!]);
          // Forks and joins that cannot be make reads stops that need be none: then only nothing may be missing.
          if (!wild) expect(got).toEqual(expected);
          else for (const one of expected) expect(got).toContainEqual(one);
        }
      }),
      { numRuns: 300 },
    );
    expect(some).toComeUpMoreThan(1000);
  });

  it('a value that its thread wrote, or that nobody wrote, is no stop', () => {
    fc.assert(
      fc.property(dice, (roll) => {
        const trace = madeTrace(roll, 60, true);
        const { row, link, first, end } = stopsOf(
          trace,
          new Uint8Array(trace.locks),
          new MustBefore(trace.threads, trace.locks, new Int32Array(0)),
        );
        for (let t = 0; t < THREADS; t++)
          for (let k = first[t]!; k < end[t]!; k++) {
            expect(trace.task[row[k]!]).toBe(t);
            if (trace.kind[row[k]!] === JOIN) continue;
            expect(trace.kind[row[k]!]).toBe(READ);
            expect(trace.kind[link[k]!]).toBe(WRITE);
            expect(trace.task[link[k]!]).not.toBe(t);
          }
      }),
      { numRuns: 50 },
    );
  });
});
