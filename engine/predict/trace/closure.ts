// Closure: the least part of a trace that must run, in the order of the trace, before the members of a pattern can wait.
import type { Pattern } from './patterns.js';
import { ACQ, JOIN, READ, type Trace } from './trace.js';

/** The events that ask, one for each member, and how many events of each thread run before. */
export interface Reached {
  readonly events: readonly number[];
  /** Number of events of each thread that are done. */
  readonly upTo: Int32Array;
}

/**
 * The closure of "Sound Dynamic Deadlock Prediction in Linear Time" (Tunc, Mathur, Pavlogiannis, Viswanathan, PLDI 2023):
 * downward closed in program order, reads with their writes, forks and joins, and of the sections of one lock all but
 * the last in trace order closed. Taken as a true fixpoint: a worklist over threads, each event entered once for the
 * whole pattern, since the closure only grows from one combination of its events to the next.
 */
export class Closure {
  readonly #trace: Trace;
  readonly #sections: boolean;
  readonly upTo: Int32Array;
  /** For each lock the last section inside, in trace order (its acquire), or -1. */
  readonly #last: Int32Array;
  readonly #goal: Int32Array;
  readonly #work: number[] = [];
  readonly #touched: number[] = [];

  /**
   * `sections` false leaves out the rule about sections: then the closure is what must run in any order at all, and a pattern
   * that it runs past is none.
   */
  constructor(trace: Trace, sections = true) {
    this.#trace = trace;
    this.#sections = sections;
    this.upTo = new Int32Array(trace.threads);
    this.#goal = new Int32Array(trace.threads);
    this.#last = new Int32Array(trace.locks).fill(-1);
  }

  clear(): void {
    this.upTo.fill(0);
    this.#goal.fill(0);
    for (const lock of this.#touched) this.#last[lock] = -1;
    this.#touched.length = 0;
  }

  /** Includes the first `count` events of thread t. */
  #raise(t: number, count: number): void {
    if (count <= this.#goal[t]!) return;
    this.#goal[t] = count;
    this.#work.push(t);
  }

  /** Includes everything up to and with an event. */
  #include(event: number): void {
    this.#raise(this.#trace.thread[event]!, this.#trace.place[event]! + 1);
  }

  /** Runs to the fixpoint; false if a section that must be closed never is. */
  close(counts: readonly (readonly [thread: number, count: number])[]): boolean {
    const { op, arg, link, of, first, forkOf } = this.#trace;
    for (const [t, count] of counts) this.#raise(t, count);
    let ok = true;
    for (let t = this.#work.pop(); t !== undefined; t = this.#work.pop()) {
      const from = this.upTo[t]!;
      const to = this.#goal[t]!;
      if (from >= to) continue;
      if (from === 0 && forkOf[t]! >= 0) this.#include(forkOf[t]!);
      const base = first[t]!;
      for (let k = from; k < to; k++) {
        const e = of[base + k]!;
        switch (op[e]) {
          case ACQ: {
            if (!this.#sections) break;
            const lock = arg[e]!;
            const last = this.#last[lock]!;
            if (last === -1) {
              this.#touched.push(lock);
              this.#last[lock] = e;
              break;
            }
            // All but the last section of a lock must be over by then.
            const earlier = Math.min(last, e);
            this.#last[lock] = Math.max(last, e);
            if (link[earlier] === -1) ok = false;
            else this.#include(link[earlier]!);
            break;
          }
          case READ:
            if (link[e]! >= 0) this.#include(link[e]!);
            break;
          case JOIN: {
            const child = arg[e]!;
            this.#raise(child, first[child + 1]! - first[child]!);
            break;
          }
          default:
            break;
        }
      }
      this.upTo[t] = to;
    }
    return ok;
  }
}

/**
 * Looks through the combinations of a pattern's events for one that waits while the closure runs. Null: there is none
 * that keeps the order of the sections.
 */
export function reachInOrder(trace: Trace, closure: Closure, pattern: Pattern): Reached | null {
  closure.clear();
  const at = pattern.map(() => 0);
  for (;;) {
    const counts: [number, number][] = [];
    for (const [i, { thread, events }] of pattern.entries()) {
      const e = events[at[i]!];
      if (e === undefined) return null;
      counts.push([thread, trace.place[e]!]);
      // Before its first event can be next, a thread must have been started.
      if (trace.place[e] === 0 && trace.forkOf[thread]! >= 0) {
        const fork = trace.forkOf[thread]!;
        counts.push([trace.thread[fork]!, trace.place[fork]! + 1]);
      }
    }
    if (!closure.close(counts)) return null;
    let moved = false;
    for (const [i, { thread, events }] of pattern.entries()) {
      while (at[i]! < events.length && trace.place[events[at[i]!]!]! < closure.upTo[thread]!) {
        at[i]!++;
        moved = true;
      }
      if (at[i] === events.length) return null;
    }
    if (!moved)
      return { events: pattern.map(({ events }, i) => events[at[i]!]!), upTo: closure.upTo.slice() };
  }
}
