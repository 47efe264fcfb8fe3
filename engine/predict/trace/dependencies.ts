// Dependencies of a trace: who asked for which lock while holding which, once each with all the times it was seen.
import type { Components } from '../../lower/trace/order-graph.js';
import { type Moment, Moments } from './moments.js';
import { ACQUIRE, aliveOf, Held, JOIN, RELEASE, REQUEST, type Trace } from './trace.js';

/**
 * An abstract acquire <thread, wanted, held> with its events ("Sound Dynamic Deadlock Prediction in Linear Time", PLDI 2023).
 * Resources are locks, and behind them one for each thread that somebody joins.
 */
export interface TraceDependency {
  readonly thread: number;
  readonly want: number;
  /** In the order of taking; what stands for the thread itself first. */
  readonly held: readonly number[];
  /** Rows that ask, ascending. */
  readonly events: Int32Array;
}

/** Ascending rows, in memory of their own size. */
class Rows {
  #rows = new Int32Array(4);
  #length = 0;

  push(row: number): void {
    if (this.#length === this.#rows.length) {
      const wider = new Int32Array(this.#length * 2);
      wider.set(this.#rows);
      this.#rows = wider;
    }
    this.#rows[this.#length++] = row;
  }

  finish(): Int32Array {
    return this.#rows.subarray(0, this.#length);
  }
}

/** Sets of held locks as numbers: a trie of (set, lock) -> set. */
class HeldSets {
  readonly #next = new Map<number, number>();
  readonly #width: number;
  #sets = 1;

  constructor(width: number) {
    this.#width = width;
  }

  with(set: number, lock: number): number {
    const key = set * this.#width + lock;
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    this.#next.set(key, this.#sets);
    return this.#sets++;
  }
}

export interface TraceDependencies {
  readonly dependencies: readonly TraceDependency[];
  readonly moments: readonly Moment[];
}

/**
 * All dependencies inside strongly connected components, without those that nobody else's can stand beside in a ring; and moments
 * at about even distances.
 */
export function dependenciesOfTrace(trace: Trace, { of, cyclic, any }: Components): TraceDependencies {
  if (!any) return { dependencies: [], moments: [] };
  const { kind, task, lock, from, to } = trace;
  const resources = trace.locks + trace.threads;
  const held = new Held(trace);
  const { top, below } = held;
  const sets = new HeldSets(resources);
  const found = new Map<number, { thread: number; want: number; held: number[]; rows: Rows }>();
  const ask = (t: number, want: number, e: number): void => {
    const component = of[want]!;
    let inside = false;
    let set = 0;
    for (let at = top[t]!; at >= 0; at = below[at]!) {
      inside ||= of[at] === component;
      set = sets.with(set, at);
    }
    if (!inside) return;
    const key = (set * resources + want) * trace.threads + t;
    let dependency = found.get(key);
    if (dependency === undefined) {
      const list: number[] = [];
      for (let at = top[t]!; at >= 0; at = below[at]!) list.push(at);
      dependency = { thread: t, want, held: list.reverse(), rows: new Rows() };
      found.set(key, dependency);
    }
    dependency.rows.push(e);
  };
  const asked = new Int32Array(trace.threads).fill(-1);
  const moments = new Moments(trace, held);
  for (let e = from; e < to; e++) {
    const k = kind[e]!;
    if (e >= moments.next) moments.keep(e);
    if (k === ACQUIRE) {
      const t = task[e]!;
      const l = lock[e]!;
      if (cyclic[l] === 1 && top[t]! >= 0 && held.holder[l] !== t) ask(t, l, e);
      if (held.take(t, l)) moments.taken[l] = e;
      asked[t] = -1;
    } else if (k === RELEASE) held.give(lock[e]!);
    else if (k === REQUEST) asked[task[e]!] = e;
    else if (k === JOIN) {
      const child = trace.childOf(e);
      const t = task[e]!;
      if (child >= 0 && cyclic[aliveOf(trace, child)] === 1 && top[t]! >= 0) ask(t, aliveOf(trace, child), e);
    }
  }
  // A request that was never granted is where its thread stood when the recording ended.
  for (const [t, e] of asked.entries())
    if (e >= 0 && cyclic[lock[e]!] === 1 && top[t]! >= 0 && held.holder[lock[e]!] !== t) ask(t, lock[e]!, e);
  const dependencies = [...found.values()].map(({ thread, want, held: list, rows }) => ({
    thread,
    want,
    held: list,
    events: rows.finish(),
  }));
  return { dependencies: peeled(dependencies, resources), moments: moments.kept };
}

/** Leaves out, again and again, what wants a resource that no other thread's holds, or holds none that another one's wants. */
function peeled(dependencies: readonly TraceDependency[], resources: number): TraceDependency[] {
  let left = [...dependencies];
  for (;;) {
    const held = new Threads(resources);
    const wanted = new Threads(resources);
    for (const dependency of left) {
      wanted.add(dependency.want, dependency.thread);
      for (const lock of dependency.held) held.add(lock, dependency.thread);
    }
    const kept = left.filter(
      ({ thread, want, held: locks }) =>
        held.hasOther(want, thread) && locks.some((lock) => wanted.hasOther(lock, thread)),
    );
    if (kept.length === left.length) return kept;
    left = kept;
  }
}

/** For each resource whether one thread is there, or several. */
class Threads {
  readonly #thread: Int32Array;

  constructor(resources: number) {
    this.#thread = new Int32Array(resources).fill(-1);
  }

  add(resource: number, thread: number): void {
    const known = this.#thread[resource]!;
    if (known === -1) this.#thread[resource] = thread;
    else if (known !== thread) this.#thread[resource] = -2;
  }

  hasOther(resource: number, thread: number): boolean {
    const known = this.#thread[resource]!;
    return known === -2 || (known >= 0 && known !== thread);
  }
}
