// Dependencies of a trace: who asked for which lock while holding which, once each with all the times it was seen.
import { componentsOf, PairSet } from '../../lower/trace/order-graph.js';
import { ACQ, FORK, JOIN, READ, REL, type Trace, WRITE } from './trace.js';

/**
 * An abstract acquire <thread, wanted, held> with its events. Resources are locks, and behind them one for each thread
 * that somebody joins: it holds itself until its last event, and the joiner wants it.
 */
export interface TraceDependency {
  readonly thread: number;
  readonly want: number;
  /** In the order of taking; `alive` resources first. */
  readonly held: readonly number[];
  /** Events that ask, ascending. */
  readonly events: number[];
}

/** The resource that stands for "thread t has not ended". */
export function aliveOf(trace: Trace, t: number): number {
  return trace.locks + t;
}

/** Sets of held locks as numbers: a trie of (set, lock) -> set. */
class HeldSets {
  readonly parent: number[] = [-1];
  readonly lock: number[] = [-1];
  readonly #next = new Map<number, number>();
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  /** The set with `lock` added. */
  with(set: number, lock: number): number {
    const key = set * this.#width + lock;
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    const made = this.parent.push(set) - 1;
    this.lock.push(lock);
    this.#next.set(key, made);
    return made;
  }

  /** The set without `lock`, which need not have been added last. */
  without(set: number, lock: number): number {
    if (set === 0) return 0;
    if (this.lock[set] === lock) return this.parent[set]!;
    return this.with(this.without(this.parent[set]!, lock), this.lock[set]!);
  }

  list(set: number): number[] {
    const locks: number[] = [];
    for (let at = set; at !== 0; at = this.parent[at]!) locks.push(this.lock[at]!);
    return locks.reverse();
  }
}

export interface TraceDependencies {
  /** Inside strongly connected components of the graph held -> wanted. */
  readonly dependencies: readonly TraceDependency[];
}

/** Each thread that is joined holds itself: the set with which it begins. */
function startsOf(trace: Trace, sets: HeldSets): Int32Array {
  const held = new Int32Array(trace.threads);
  for (let t = 0; t < trace.threads; t++)
    if (trace.joined[t] === 1) held[t] = sets.with(0, aliveOf(trace, t));
  return held;
}

export function dependenciesOfTrace(trace: Trace): TraceDependencies {
  const resources = trace.locks + trace.threads;
  const sets = new HeldSets(resources);
  const edges = new PairSet(resources);
  const wantsSeen = new PairSet(Math.max(resources, 1 << 21));
  const note = (set: number, want: number): void => {
    if (set === 0 || !wantsSeen.add(set, want)) return;
    for (let at = set; at !== 0; at = sets.parent[at]!)
      if (sets.lock[at] !== want) edges.add(sets.lock[at]!, want);
  };
  walk(trace, sets, (_event, _thread, set, want) => note(set, want));
  const { of, cyclic, any } = componentsOf(resources, edges);
  if (!any) return { dependencies: [] };
  const inside = (set: number, want: number): boolean => {
    if (cyclic[want] !== 1) return false;
    for (let at = set; at !== 0; at = sets.parent[at]!) if (of[sets.lock[at]!] === of[want]) return true;
    return false;
  };
  const found = new Map<string, TraceDependency>();
  const bySet = new Map<number, TraceDependency | null>();
  walk(trace, sets, (event, thread, set, want) => {
    if (set === 0 || cyclic[want] !== 1) return;
    const quick = (set * resources + want) * trace.threads + thread;
    let dependency = bySet.get(quick);
    if (dependency === undefined) {
      dependency = null;
      if (inside(set, want)) {
        const held = sets.list(set);
        const key = `${thread} ${want} ${held.join(' ')}`;
        dependency = found.get(key) ?? { thread, want, held, events: [] };
        found.set(key, dependency);
      }
      bySet.set(quick, dependency);
    }
    dependency?.events.push(event);
  });
  return { dependencies: [...found.values()] };
}

function walk(
  trace: Trace,
  sets: HeldSets,
  asks: (event: number, thread: number, set: number, want: number) => void,
): void {
  const { op, thread, arg, link } = trace;
  const held = startsOf(trace, sets);
  for (let i = 0; i < trace.length; i++) {
    const t = thread[i]!;
    switch (op[i]) {
      case ACQ:
        asks(i, t, held[t]!, arg[i]!);
        held[t] = sets.with(held[t]!, arg[i]!);
        break;
      case REL: {
        // Another thread may give a lock back.
        const owner = thread[link[i]!]!;
        held[owner] = sets.without(held[owner]!, arg[i]!);
        break;
      }
      case JOIN:
        asks(i, t, held[t]!, aliveOf(trace, arg[i]!));
        break;
      case FORK:
      case READ:
      case WRITE:
        break;
      default:
        throw new Error(`trace: no operation ${op[i]}`);
    }
  }
}
