// Closure: the least part of a trace that must run before the members of a pattern can wait.
import type { Moment } from './moments.js';
import type { Pattern } from './patterns.js';
import type { Stops } from './stops.js';
import { ACQUIRE, JOIN, type Trace } from './trace.js';

/** The rows that ask, one for each member, and of each thread the row before which its events are done. */
export interface Reached {
  readonly events: readonly number[];
  readonly upTo: Int32Array;
}

/**
 * What is demanded of the sections of one lock. `in-order`: all but the last one in trace order are over (the sync-preserving closure of
 * "Sound Dynamic Deadlock Prediction in Linear Time", Tunc, Mathur, Pavlogiannis, Viswanathan, PLDI 2023). `any-order`: what must be so in
 * every order: a lock that a member holds in the end was given back by everybody else.
 */
export type Demand = 'in-order' | 'any-order';

/**
 * Downward closed in program order, reads with their writes, forks and joins, and sections as demanded. A true fixpoint: a
 * worklist over threads, each stop entered once, since the closure only grows from one combination of a pattern's events to the
 * next.
 */
export class Closure {
  readonly #trace: Trace;
  readonly #stops: Stops;
  readonly #inOrder: boolean;
  /** Of each thread the row before which everything is inside. */
  readonly upTo: Int32Array;
  /** Of each thread the row that brought its last part in, or -1 if it was asked for: why an order cannot be. */
  readonly cause: Int32Array;
  /** The next stop of each thread that is not inside. */
  readonly #next: Int32Array;
  /** For each lock the stop of its last section inside, in trace order, or -1. */
  readonly #last: Int32Array;
  /** For each lock the thread that holds it in the end, or -1. */
  readonly #kept: Int32Array;
  /** For each lock the stop of the section that was open at the moment from which it began, or -1. */
  readonly #begun: Int32Array;
  readonly #touched: number[] = [];
  readonly #keptLocks: number[] = [];
  readonly #work: number[] = [];
  /** Everything before this row is inside from the beginning. */
  #base: number;

  constructor(trace: Trace, stops: Stops, demand: Demand) {
    this.#trace = trace;
    this.#stops = stops;
    this.#inOrder = demand === 'in-order';
    this.#base = trace.from;
    this.upTo = new Int32Array(trace.threads);
    this.cause = new Int32Array(trace.threads).fill(-1);
    this.#next = stops.first.slice(0, trace.threads);
    this.#last = new Int32Array(trace.locks).fill(-1);
    this.#kept = new Int32Array(trace.locks).fill(-1);
    this.#begun = new Int32Array(trace.locks).fill(-1);
  }

  /** Begins again, for the members of a pattern: from nothing, or with all that was done before a moment. */
  begin(pattern: Pattern, moment: Moment | null = null): void {
    const { first, end, row } = this.#stops;
    this.#base = moment?.row ?? this.#trace.from;
    this.upTo.fill(this.#base);
    this.cause.fill(-1);
    if (moment === null) this.#next.set(first.subarray(0, this.#trace.threads));
    else
      for (let t = 0; t < this.#trace.threads; t++)
        this.#next[t] = firstFrom(row, first[t]!, end[t]!, moment.row);
    for (const lock of this.#touched) {
      this.#last[lock] = -1;
      this.#begun[lock] = -1;
    }
    this.#touched.length = 0;
    for (const lock of this.#keptLocks) this.#kept[lock] = -1;
    this.#keptLocks.length = 0;
    for (const { thread, held } of this.#inOrder ? [] : pattern)
      for (const lock of held) {
        if (lock >= this.#trace.locks) continue;
        this.#kept[lock] = thread;
        this.#keptLocks.push(lock);
      }
    for (const { thread, lock, row: taken } of moment?.open ?? []) {
      const stop = firstFrom(row, first[thread]!, end[thread]!, taken);
      // A lock that one thread alone takes has no stops.
      if (row[stop] !== taken || stop === end[thread]) continue;
      this.#touched.push(lock);
      if (this.#inOrder) {
        this.#last[lock] = stop;
        continue;
      }
      this.#begun[lock] = stop;
      const keeper = this.#kept[lock]!;
      if (keeper === -1 || keeper === thread) continue;
      if (this.#stops.link[stop]! >= 0) this.include(this.#stops.link[stop]!, taken);
    }
  }

  /** Includes what thread t did before a row. */
  raise(t: number, row: number, cause: number): void {
    const before = this.upTo[t]!;
    if (row <= before) return;
    this.upTo[t] = row;
    this.cause[t] = cause;
    this.#work.push(t);
    const fork = this.#trace.forkOf[t]!;
    if (before === this.#base && fork >= this.#base) this.include(fork, fork);
  }

  /** Includes a row and all that its thread did before. */
  include(row: number, cause: number): void {
    this.raise(this.#trace.task[row]!, row + 1, cause);
  }

  /** A thread whose next event is at `row` stands there: it was started, and did all before. */
  stand(t: number, row: number): void {
    const fork = this.#trace.forkOf[t]!;
    if (fork >= this.#base) this.include(fork, fork);
    this.raise(t, row, -1);
  }

  /** Runs to the fixpoint; false if a section that must be over never is. */
  close(): boolean {
    const { kind, lock, childOf, to } = this.#trace;
    const { end, row, link } = this.#stops;
    let ok = true;
    for (let t = this.#work.pop(); t !== undefined; t = this.#work.pop()) {
      let k = this.#next[t]!;
      for (; k < end[t]! && row[k]! < this.upTo[t]!; k++) {
        const e = row[k]!;
        if (kind[e] === ACQUIRE) {
          if (!this.#section(k, lock[e]!, t)) ok = false;
        } else if (kind[e] === JOIN) this.raise(childOf(e), to, e);
        else this.include(link[k]!, e);
      }
      this.#next[t] = k;
    }
    return ok;
  }

  #section(stop: number, lock: number, t: number): boolean {
    const { row } = this.#stops;
    let over = stop;
    if (this.#inOrder) {
      const last = this.#last[lock]!;
      if (last === -1) this.#touched.push(lock);
      const earlier = last === -1 || row[last]! < row[stop]! ? last : stop;
      this.#last[lock] = earlier === last ? stop : last;
      if (earlier === -1) return true;
      over = earlier;
    } else {
      const keeper = this.#kept[lock]!;
      const begun = this.#begun[lock]!;
      // What was open when it began comes before every other section of its lock.
      if (begun !== -1 && this.#trace.task[row[begun]!] !== t && !this.#over(begun)) return false;
      if (keeper === -1 || keeper === t) return true;
    }
    return this.#over(over);
  }

  #over(over: number): boolean {
    const { row, link } = this.#stops;
    const release = link[over]!;
    if (release === -1) return false;
    this.include(release, row[over]!);
    return true;
  }
}

/** The first entry of `rows[from..to)` that is at least `row`. */
function firstFrom(rows: Int32Array, from: number, to: number, row: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What came of the combinations of a pattern's events, and where of each member the sweep ended: what lies before cannot be. */
export interface Sweep {
  /** Null if some member was run past all of its events. */
  readonly reached: Reached | null;
  readonly at: readonly number[];
}

/** Goes through the combinations of a pattern's events, from the first, to the one at which the closure lets all members wait. */
export function sweep(closure: Closure, pattern: Pattern): Sweep {
  closure.begin(pattern);
  const at = pattern.map(() => 0);
  for (;;) {
    for (const [i, { thread, events }] of pattern.entries()) closure.stand(thread, events[at[i]!]!);
    const ok = closure.close();
    let moved = false;
    for (const [i, { thread, events }] of pattern.entries()) {
      while (at[i]! < events.length && events[at[i]!]! < closure.upTo[thread]!) {
        at[i]!++;
        moved = true;
      }
      if (at[i] === events.length) return { reached: null, at };
    }
    if (!ok) return { reached: null, at };
    if (!moved)
      return {
        reached: reachedAt(
          closure,
          pattern.map(({ events }, i) => events[at[i]!]!),
        ),
        at,
      };
  }
}

function reachedAt(closure: Closure, events: readonly number[]): Reached {
  return { events, upTo: closure.upTo.slice() };
}

/** The recording as it was up to a moment, and behind it the closure of one combination: null if some member is run past. */
export function reachFrom(
  closure: Closure,
  pattern: Pattern,
  events: readonly number[],
  moment: Moment,
): Reached | null {
  closure.begin(pattern, moment);
  for (const [i, { thread }] of pattern.entries()) closure.stand(thread, events[i]!);
  if (!closure.close() || pattern.some(({ thread }, i) => closure.upTo[thread]! > events[i]!)) return null;
  return reachedAt(closure, events);
}
