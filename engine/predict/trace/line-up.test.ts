// Tests of parts, must clocks and line-ups against all orders in which the rows of a part can run.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dice } from '../../lower/trace/made-recordings.laws.js';
import { Closure } from './closure.js';
import { canFollow, lineUp } from './line-up.js';
import {
  diceOf,
  heldBefore,
  madePattern,
  madeTrace,
  momentAt,
  sharedLocks,
  writerOf,
} from './made-traces.laws.js';
import type { Moment } from './moments.js';
import { MustBefore } from './must-before.js';
import { mustClocks } from './must-clocks.js';
import { type Part, partOf } from './part.js';
import { stopsOf } from './stops.js';
import { ACQUIRE, FORK, JOIN, READ, RELEASE, type Trace, WRITE } from './trace.js';

const MOST = 1000;

/** Rows behind a moment and before `upTo` of their threads. */
const rowsInside = (trace: Trace, moment: Moment, upTo: Int32Array): number[] =>
  Array.from({ length: trace.to - moment.row }, (_, i) => moment.row + i).filter(
    (e) => e < upTo[trace.task[e]!]!,
  );

interface Orders {
  readonly any: boolean;
  /** For each row and thread: the fewest rows of that thread that are done before it in some order of all. */
  readonly fewest: ReadonlyMap<number, readonly number[]>;
}

/** Searches all states: how far each thread is inside, and which write each variable shows. */
function ordersOf(trace: Trace, moment: Moment, upTo: Int32Array): Orders {
  const inside = rowsInside(trace, moment, upTo);
  const rows = Array.from({ length: trace.threads }, (_, t) => inside.filter((e) => trace.task[e] === t));
  /** What a read inside sees: a write inside, or what was there at the moment. */
  const seen = (read: number): number =>
    inside.includes(writerOf(trace, read)) ? writerOf(trace, read) : -1;
  const canEnd = new Map<string, boolean>();
  const steps: { at: readonly number[]; row: number; next: string }[] = [];
  const visit = (at: readonly number[], values: ReadonlyMap<number, number>): boolean => {
    const key = `${at} ${[...values].sort((a, b) => a[0] - b[0])}`;
    const known = canEnd.get(key);
    if (known !== undefined) return known;
    let any = at.every((n, t) => n === rows[t]!.length);
    const isDone = (row: number): boolean => rows[trace.task[row]!]!.indexOf(row) < at[trace.task[row]!]!;
    const holders = (lock: number): Map<number, number> => {
      const depths = new Map<number, number>();
      const add = (t: number, n: number) => depths.set(t, (depths.get(t) ?? 0) + n);
      const before = heldBefore(trace, moment.row).holdings.find((holding) => holding.lock === lock);
      if (before !== undefined) add(before.thread, depthOf(trace, before.thread, lock, moment.row));
      for (const e of inside)
        if (trace.lock[e] === lock && isDone(e)) {
          if (trace.kind[e] === ACQUIRE) add(trace.task[e]!, 1);
          if (trace.kind[e] === RELEASE) add(trace.task[e]!, -1);
        }
      return depths;
    };
    for (let t = 0; t < trace.threads; t++) {
      const e = rows[t]![at[t]!];
      if (e === undefined) continue;
      const lock = trace.lock[e]!;
      const fork = trace.forkOf[t]!;
      if (inside.includes(fork) && !isDone(fork)) continue;
      if (trace.kind[e] === ACQUIRE && [...holders(lock)].some(([u, depth]) => u !== t && depth > 0))
        continue;
      if (trace.kind[e] === READ && (values.get(lock) ?? -1) !== seen(e)) continue;
      const child = trace.kind[e] === JOIN ? trace.childOf(e) : -1;
      if (child >= 0 && at[child]! < rows[child]!.length) continue;
      const then = at.with(t, at[t]! + 1);
      const shown = trace.kind[e] === WRITE ? new Map([...values, [lock, e]]) : values;
      if (visit(then, shown)) {
        any = true;
        steps.push({ at, row: e, next: key });
      }
    }
    canEnd.set(key, any);
    return any;
  };
  const any = visit(
    rows.map(() => 0),
    new Map(),
  );
  const fewest = new Map<number, number[]>();
  for (const { at, row } of steps) {
    const known = fewest.get(row) ?? [...at];
    fewest.set(
      row,
      known.map((n, t) => Math.min(n, at[t]!)),
    );
  }
  return { any, fewest };
}

function depthOf(trace: Trace, thread: number, lock: number, row: number): number {
  let depth = 0;
  for (let e = trace.from; e < row; e++) {
    if (trace.task[e] !== thread || trace.lock[e] !== lock) continue;
    if (trace.kind[e] === ACQUIRE) depth++;
    if (trace.kind[e] === RELEASE) depth--;
  }
  return depth;
}

interface Made {
  readonly trace: Trace;
  readonly moment: Moment;
  readonly upTo: Int32Array;
  readonly members: ReadonlySet<number>;
}

/**
 * What must run before some members can stand, from the beginning or from a moment; so many rows at most, that all orders can be
 * searched. Null if none was drawn.
 */
function madePart(dice: Dice, most: number): Made | null {
  for (let tries = 0; tries < 40; tries++) {
    const trace = madeTrace(dice, 2 * most, false);
    const pattern = madePattern(dice, trace);
    if (pattern === null) continue;
    const stops = stopsOf(
      trace,
      sharedLocks(trace),
      new MustBefore(trace.threads, trace.locks, new Int32Array(0)),
    );
    const closure = new Closure(trace, stops, 'any-order');
    const events = pattern.map(({ events: rows }) => rows[dice(rows.length)]!);
    const since = dice(3) > 0 ? 0 : dice(Math.min(...events) - trace.from + 1);
    const moment = momentAt(trace, trace.from + since);
    closure.begin(pattern, since === 0 ? null : moment);
    for (const [i, { thread }] of pattern.entries()) closure.stand(thread, events[i]!);
    if (!closure.close()) continue;
    const upTo = closure.upTo.slice();
    const rows = rowsInside(trace, moment, upTo).length;
    if (rows > most || rows < most / 3) continue;
    return { trace, moment, upTo, members: new Set(pattern.map(({ thread }) => thread)) };
  }
  return null;
}

const seeds = fc.nat();
const lengths = fc.integer({ min: 10, max: 34 });
/** Number in the trace of each thread of a part. */
const threadsOf = (trace: Trace, part: Part): number[] =>
  part.of.map((nodes) => trace.task[part.row[nodes[0]!]!]!);

/** Whether an order of nodes is a correct one, by what stands before what. */
function isCorrect(trace: Trace, part: Part, nodes: readonly number[]): boolean {
  const at = (n: number): number => (nodes.includes(n) ? nodes.indexOf(n) : Number.POSITIVE_INFINITY);
  if (new Set(nodes).size !== part.length || nodes.length !== part.length) return false;
  const all = [...nodes].sort((a, b) => a - b);
  const first = (t: number): number => Math.min(...part.of[t]!.map(at));
  const last = (t: number): number => Math.max(...part.of[t]!.map(at));
  return all.every((n) => {
    const t = part.thread[n]!;
    const place = part.of[t]!.indexOf(n);
    if (place > 0 && at(part.of[t]![place - 1]!) > at(n)) return false;
    const x = trace.lock[part.row[n]!]!;
    const like = (op: number): number[] =>
      all.filter((m) => m !== n && part.op[m] === op && trace.lock[part.row[m]!] === x);
    switch (part.op[n]) {
      case ACQUIRE:
        return like(ACQUIRE).every((m) => at(m) < at(n) || at(m) > at(part.mate[n]!));
      case READ: {
        const before = like(WRITE).filter((m) => at(m) < at(n));
        return (before.sort((a, b) => at(a) - at(b)).at(-1) ?? -1) === part.mate[n];
      }
      case FORK:
        return part.arg[n]! < 0 || part.forkOf[part.arg[n]!] !== n || first(part.arg[n]!) > at(n);
      case JOIN:
        return part.arg[n]! < 0 || last(part.arg[n]!) < at(n);
      default:
        return true;
    }
  });
}

describe('a part of a trace', () => {
  it('has the rows of several threads, each with what it depends on', () => {
    let nodes = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 10, max: 60 }), (seed, length) => {
        const made = madePart(diceOf(seed), length);
        if (made === null) return;
        const { trace, moment, upTo, members } = made;
        const part = partOf(trace, moment, upTo, members, MOST)!;
        const inside = rowsInside(trace, moment, upTo);
        const { sections } = heldBefore(trace, trace.to);
        const open = moment.open.map(({ row }) => row);
        const users = (x: number): Set<number> =>
          new Set(
            [...inside, ...open]
              .filter((e) => trace.lock[e] === x && [ACQUIRE, READ, WRITE].includes(trace.kind[e]!))
              .map((e) => trace.task[e]!),
          );
        const isOuter = (e: number): boolean => sections.some(({ row, over }) => row === e || over === e);
        const expected = [
          ...open.filter((e) => users(trace.lock[e]!).size > 1),
          ...inside.filter((e) => {
            const k = trace.kind[e]!;
            if (k === FORK || k === JOIN) return trace.childOf(e) >= 0;
            if (k === ACQUIRE || k === RELEASE) return users(trace.lock[e]!).size > 1 && isOuter(e);
            return (k === READ || k === WRITE) && users(trace.lock[e]!).size > 1;
          }),
        ];
        expect([...part.row]).toEqual(expected);
        expect(part.length).toBe(expected.length);
        nodes += part.length;
        const threads = threadsOf(trace, part);
        expect(part.threads).toBe(new Set(expected.map((e) => trace.task[e])).size);
        expect([part.locks, part.variables]).toEqual(
          [[ACQUIRE], [READ, WRITE]].map(
            (kinds) =>
              new Set(expected.filter((e) => kinds.includes(trace.kind[e]!)).map((e) => trace.lock[e])).size,
          ),
        );
        const nodeOf = (row: number): number => expected.indexOf(row);
        for (const [n, row] of expected.entries()) {
          const kind = trace.kind[row]!;
          expect(part.op[n]).toBe(kind);
          expect(threads[part.thread[n]!]).toBe(trace.task[row]);
          expect(part.of[part.thread[n]!]![part.place[n]! - 1]).toBe(n);
          if (kind === ACQUIRE)
            expect(part.mate[n]).toBe(nodeOf(sections.find((section) => section.row === row)!.over));
          else expect(part.mate[n]).toBe(kind === READ ? nodeOf(writerOf(trace, row)) : -1);
          if (kind === FORK || kind === JOIN) expect(part.arg[n]).toBe(threads.indexOf(trace.childOf(row)));
          else
            for (const [m, other] of expected.entries())
              if ([FORK, JOIN].includes(trace.kind[other]!) === false)
                expect(
                  part.arg[m] === part.arg[n] &&
                    [ACQUIRE, RELEASE].includes(kind) === [ACQUIRE, RELEASE].includes(trace.kind[other]!),
                ).toBe(trace.lock[other] === trace.lock[row]);
        }
        expect([...part.forkOf]).toEqual(threads.map((t) => nodeOf(trace.forkOf[t]!)));
        expect([...part.stays]).toEqual(threads.map((t) => (members.has(t) ? 1 : 0)));
        expect([...part.open].sort((a, b) => a - b)).toEqual(
          expected
            .filter((row, n) => trace.kind[row] === ACQUIRE && part.mate[n] === -1)
            .sort((a, b) => a - b),
        );
        expect([...part.begun]).toEqual(
          threads.map((t) => expected.filter((e) => e < moment.row && trace.task[e] === t).length),
        );
        if (part.length > 0 && part.row.at(-1)! >= moment.row) {
          expect(partOf(trace, moment, upTo, members, part.length)).toEqual(part);
          expect(partOf(trace, moment, upTo, members, part.length - 1)).toBeNull();
        }
      }),
      { numRuns: 400 },
    );
    expect(nodes).toComeUpMoreThan(1000);
  });

  it('is put in an order if there is one, and no clock says more than holds in every order', () => {
    let some = 0;
    let none = 0;
    let learnt = 0;
    fc.assert(
      fc.property(seeds, lengths, (seed, length) => {
        const made = madePart(diceOf(seed), length);
        if (made === null) return;
        const { trace, moment, upTo, members } = made;
        const part = partOf(trace, moment, upTo, members, MOST)!;
        const { any, fewest } = ordersOf(trace, moment, upTo);
        if (any) some++;
        else none++;
        const always = mustClocks(part, 'those-that-stay');
        if (always.is !== 'clocks') {
          expect(any).toBe(false);
          return;
        }
        const must = mustClocks(part, 'all', always.clock.slice());
        // Demands are added to known ones: the same as all at once.
        if (must.is === 'clocks') expect(mustClocks(part, 'all')).toEqual(must);
        if (must.is !== 'clocks') {
          expect(any).toBe(false);
          return;
        }
        const threads = threadsOf(trace, part);
        for (let n = 0; any && n < part.length; n++)
          for (let u = 0; u < part.threads; u++) {
            const clock = must.clock[n * part.threads + u]!;
            expect(clock).toBeGreaterThanOrEqual(always.clock[n * part.threads + u]!);
            if (u === part.thread[n]) expect(clock).toBe(part.place[n]);
            else if (part.row[n]! < moment.row) expect(clock).toBeLessThanOrEqual(part.begun[u]!);
            else {
              // Nodes among the fewest rows of u that are done before it.
              const done = fewest.get(part.row[n]!)![threads[u]!]!;
              const rows = rowsInside(trace, moment, upTo).filter((e) => trace.task[e] === threads[u]);
              const least = part.of[u]!.filter(
                (m) => part.row[m]! < moment.row || rows.indexOf(part.row[m]!) < done,
              );
              expect(clock).toBeLessThanOrEqual(least.length);
              if (clock > part.begun[u]!) learnt++;
            }
          }
        const lined = lineUp(part, must.clock, MOST);
        expect(lined.is).toBe(any ? 'order' : 'none');
        if (lined.is === 'order') {
          expect(isCorrect(trace, part, lined.nodes)).toBe(true);
          expect(canFollow(trace, part, lined.nodes)).toBe(true);
        }
        const hurried = lineUp(part, must.clock, 0);
        expect(hurried.is === lined.is || hurried.is === 'unknown').toBe(true);
      }),
      { numRuns: 600 },
    );
    expect(some).toComeUpMoreThan(100);
    expect(none).toComeUpMoreThan(5);
    expect(learnt).toComeUpMoreThan(100);
  });

  it('an order is followed if and only if it is correct', () => {
    let correct = 0;
    let wrong = 0;
    fc.assert(
      fc.property(seeds, fc.integer({ min: 10, max: 60 }), (seed, length) => {
        const dice = diceOf(seed);
        const made = madePart(dice, length);
        if (made === null) return;
        const { trace, moment, upTo, members } = made;
        const part = partOf(trace, moment, upTo, members, MOST)!;
        const recorded = Array.from({ length: part.length }, (_, n) => n);
        const orders = [recorded, recorded.slice(0, -1), recorded.slice(1)];
        for (let i = 0; i < 6 && part.length > 1; i++) {
          const at = dice(part.length - 1);
          const node = recorded[at]!;
          const to = Math.min(part.length - 1, at + 1 + dice(4));
          orders.push([
            ...recorded.slice(0, at),
            ...recorded.slice(at + 1, to + 1),
            node,
            ...recorded.slice(to + 1),
          ]);
        }
        for (const order of orders) {
          const expected = isCorrect(trace, part, order);
          if (expected) correct++;
          else wrong++;
          expect(canFollow(trace, part, order)).toBe(expected);
        }
      }),
      { numRuns: 400 },
    );
    expect(correct).toComeUpMoreThan(200);
    expect(wrong).toComeUpMoreThan(200);
  });

  it('needs no clocks to be put in order, and says so where too often there is no way on', () => {
    let given = 0;
    fc.assert(
      fc.property(seeds, lengths, (seed, length) => {
        const made = madePart(diceOf(seed), length);
        if (made === null) return;
        const { trace, moment, upTo, members } = made;
        const part = partOf(trace, moment, upTo, members, MOST)!;
        // Program order, forks and joins alone: what clocks are made of without any demand.
        const plain = new Int32Array(part.length * part.threads);
        const comesFirst = (m: number, n: number): void => {
          for (let u = 0; u < part.threads; u++)
            plain[n * part.threads + u] = Math.max(
              plain[n * part.threads + u]!,
              plain[m * part.threads + u]!,
            );
        };
        for (let n = 0; n < part.length; n++) {
          const t = part.thread[n]!;
          if (part.place[n]! > part.begun[t]!) plain.set(part.begun, n * part.threads);
          plain[n * part.threads + t] = part.place[n]!;
          if (part.place[n]! > 1) comesFirst(part.of[t]![part.place[n]! - 2]!, n);
          else if (part.forkOf[t]! >= 0) comesFirst(part.forkOf[t]!, n);
          if (part.op[n] === JOIN && part.arg[n]! >= 0) comesFirst(part.of[part.arg[n]!]!.at(-1)!, n);
        }
        const { any } = ordersOf(trace, moment, upTo);
        const lined = lineUp(part, plain, 100_000);
        expect(lined.is).toBe(any ? 'order' : 'none');
        if (lined.is === 'order') expect(isCorrect(trace, part, lined.nodes)).toBe(true);
        const hurried = lineUp(part, plain, 2);
        if (hurried.is === 'unknown') given++;
        else expect(hurried.is).toBe(lined.is);
      }),
      { numRuns: 400 },
    );
    expect(given).toComeUpMoreThan(2);
  });
});
