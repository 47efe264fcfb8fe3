// Trace: rows of a recording as prediction reads them, and who holds which lock on a walk over them.
import { EVENT_KINDS, type EventColumns, type EventKind, peerAt } from '../../../corpus/schema/event.js';

const kind = (name: EventKind): number => EVENT_KINDS.indexOf(name);
export const REQUEST = kind('request');
export const ACQUIRE = kind('acquire');
export const RELEASE = kind('release');
export const READ = kind('read');
export const WRITE = kind('write');
export const FORK = kind('fork');
export const JOIN = kind('join');

/**
 * Rows `[from, to)` of a recording; a row number is the time of its event. Locks and variables share one numbering, and
 * behind it stands one resource for each thread: "thread t has not ended", which t holds and whoever joins t wants.
 */
export interface Trace {
  readonly kind: Uint8Array;
  readonly task: Uint32Array;
  readonly lock: Int32Array;
  readonly from: number;
  readonly to: number;
  readonly threads: number;
  readonly locks: number;
  /** First fork of each thread, or -1. */
  readonly forkOf: Int32Array;
  /** 1 for threads that somebody joins. */
  readonly joined: Uint8Array;
  /** The thread that is forked or joined by the row; -1 if it says nothing. */
  childOf(row: number): number;
}

/** The trace of some rows of columns. `threads` and `locks` are the sizes of their numberings. */
export function traceOf(
  events: EventColumns,
  from: number,
  to: number,
  threads: number,
  locks: number,
): Trace {
  const forkOf = new Int32Array(threads).fill(-1);
  const joined = new Uint8Array(threads);
  const { kind: kinds, task } = events;
  const childOf = (row: number): number => {
    const child = peerAt(events, row);
    return child === task[row] ? -1 : child;
  };
  for (let e = from; e < to; e++) {
    const k = kinds[e]!;
    if (k !== FORK && k !== JOIN) continue;
    const child = childOf(e);
    if (child < 0) continue;
    if (k === JOIN) joined[child] = 1;
    else if (forkOf[child] === -1) forkOf[child] = e;
  }
  return { kind: kinds, task, lock: events.lock, from, to, threads, locks, forkOf, joined, childOf };
}

/** The resource that stands for "thread t has not ended". */
export function aliveOf(trace: Trace, t: number): number {
  return trace.locks + t;
}

const NOBODY = -1;

/**
 * Who holds what, as chains through the resources: each is held by one thread at most, so that the one taken before it by the
 * same thread is all that need be kept. A thread that is joined holds itself from the start.
 */
export class Held {
  /** What each thread took last and still holds, or -1. */
  readonly top: Int32Array;
  /** Below each resource that is held: what its holder took before, or -1. */
  readonly below: Int32Array;
  readonly holder: Int32Array;
  /** How many times its holder has taken each lock. */
  readonly depth: Int32Array;

  constructor(trace: Trace) {
    this.top = new Int32Array(trace.threads).fill(NOBODY);
    this.below = new Int32Array(trace.locks + trace.threads).fill(NOBODY);
    this.holder = new Int32Array(trace.locks + trace.threads).fill(NOBODY);
    this.depth = new Int32Array(trace.locks);
    for (let t = 0; t < trace.threads; t++) {
      if (trace.joined[t] !== 1) continue;
      this.top[t] = aliveOf(trace, t);
      this.holder[aliveOf(trace, t)] = t;
    }
  }

  /** True unless the thread holds it already: only the outermost acquisition is an event. */
  take(t: number, lock: number): boolean {
    const holder = this.holder[lock]!;
    if (holder === t) {
      this.depth[lock]!++;
      return false;
    }
    // Somebody else had it: that it was given back was not recorded.
    if (holder !== NOBODY) this.#unlink(holder, lock);
    this.holder[lock] = t;
    this.depth[lock] = 1;
    this.below[lock] = this.top[t]!;
    this.top[t] = lock;
    return true;
  }

  /** True if the lock is free now. Another thread than its holder may give it back. What nobody took is passed over. */
  give(lock: number): boolean {
    const holder = this.holder[lock]!;
    if (holder === NOBODY || --this.depth[lock]! > 0) return false;
    this.#unlink(holder, lock);
    return true;
  }

  #unlink(t: number, lock: number): void {
    this.holder[lock] = NOBODY;
    if (this.top[t] === lock) {
      this.top[t] = this.below[lock]!;
      return;
    }
    let at = this.top[t]!;
    while (this.below[at] !== lock) at = this.below[at]!;
    this.below[at] = this.below[lock]!;
  }
}
