// Part: the events of a trace that must be put in order, as nodes with what each of them depends on.
import type { Moment } from './moments.js';
import { ACQUIRE, FORK, Held, JOIN, READ, RELEASE, type Trace, WRITE } from './trace.js';

/** Nodes in the order of the trace. Threads, locks and variables are numbered anew, from 0. */
export interface Part {
  readonly length: number;
  readonly threads: number;
  readonly locks: number;
  readonly variables: number;
  readonly row: Int32Array;
  /** Event kind, as in the columns. */
  readonly op: Uint8Array;
  readonly thread: Int32Array;
  /** Lock, variable, or the thread that is forked or joined (-1: it has no nodes). */
  readonly arg: Int32Array;
  /** Place among the nodes of its thread, from 1. */
  readonly place: Int32Array;
  /** Of an acquisition its release, or -1 if it is held in the end; of a read the write that it saw, or -1: the first value. */
  readonly mate: Int32Array;
  /** Nodes of each thread, ascending. */
  readonly of: readonly number[][];
  /** Node that forks each thread, or -1. */
  readonly forkOf: Int32Array;
  /** Of sections that are not over inside the part, of one lock perhaps several: the row of the acquisition. */
  readonly open: readonly number[];
  /** So many nodes of each thread stand for what it held at the beginning: they come before all others. */
  readonly begun: Int32Array;
  /** 1 for threads that go no further: what they hold in the end they hold in every larger part too. */
  readonly stays: Uint8Array;
}

const SEVERAL = -2;

/** For each lock and variable whether several threads use it inside the part. */
function sharedIn(trace: Trace, moment: Moment, upTo: Int32Array, end: number): Int32Array {
  const { kind, task, lock, locks } = trace;
  const user = new Int32Array(locks).fill(-1);
  for (const open of moment.open) user[open.lock] = open.thread;
  for (let e = moment.row; e < end; e++) {
    const t = task[e]!;
    if (e >= upTo[t]!) continue;
    const k = kind[e]!;
    if (k !== ACQUIRE && k !== READ && k !== WRITE) continue;
    const l = lock[e]!;
    if (user[l] === -1) user[l] = t;
    else if (user[l] !== t) user[l] = SEVERAL;
  }
  return user;
}

/** New numbers for old ones, in the order in which they are met. */
class Numbers {
  readonly #of = new Map<number, number>();
  get size(): number {
    return this.#of.size;
  }
  of(old: number): number {
    const known = this.#of.get(old);
    if (known !== undefined) return known;
    this.#of.set(old, this.#of.size);
    return this.#of.size - 1;
  }
  find(old: number): number {
    return this.#of.get(old) ?? -1;
  }
}

/**
 * The events from a moment on and before `upTo` of each thread, without those that cannot matter to the order; null if there
 * are more than `most`. What was written before the moment is the first value.
 */
export function partOf(
  trace: Trace,
  moment: Moment,
  upTo: Int32Array,
  members: ReadonlySet<number>,
  most: number,
): Part | null {
  const { kind, task, lock } = trace;
  let end = moment.row;
  for (const row of upTo) if (row > end) end = row;
  end = Math.min(end, trace.to);
  const user = sharedIn(trace, moment, upTo, end);
  const threads = new Numbers();
  const locks = new Numbers();
  const variables = new Numbers();
  const rows: number[] = [];
  const ops: number[] = [];
  const of: number[][] = [];
  const args: number[] = [];
  const places: number[] = [];
  const nodeThread: number[] = [];
  const mates: number[] = [];
  const openNode = new Map<number, number>();
  const lastWrite = new Map<number, number>();
  const held = new Held(trace);
  const put = (e: number, k: number, arg: number): number => {
    const t = threads.of(task[e]!);
    const n = rows.push(e) - 1;
    ops.push(k);
    args.push(arg);
    nodeThread.push(t);
    mates.push(-1);
    if (of.length <= t) of.push([]);
    places.push(of[t]!.push(n));
    return n;
  };
  for (const { thread, lock: l, row, depth } of moment.open) {
    for (let i = 0; i < depth; i++) held.take(thread, l);
    if (user[l] === SEVERAL) openNode.set(l, put(row, ACQUIRE, locks.of(l)));
  }
  const begun = of.map((nodes) => nodes.length);
  for (let e = moment.row; e < end; e++) {
    const t = task[e]!;
    if (e >= upTo[t]!) continue;
    const k = kind[e]!;
    const l = lock[e]!;
    if (k === ACQUIRE) {
      if (held.take(t, l) && user[l] === SEVERAL) openNode.set(l, put(e, k, locks.of(l)));
    } else if (k === RELEASE) {
      if (held.give(l) && user[l] === SEVERAL) {
        mates[openNode.get(l)!] = put(e, k, locks.of(l));
        openNode.delete(l);
      }
    } else if (k === READ || k === WRITE) {
      if (user[l] !== SEVERAL) continue;
      const n = put(e, k, variables.of(l));
      if (k === WRITE) lastWrite.set(l, n);
      else mates[n] = lastWrite.get(l) ?? -1;
    } else if ((k === FORK || k === JOIN) && trace.childOf(e) >= 0) put(e, k, trace.childOf(e));
    if (rows.length > most) return null;
  }
  const forkOf = new Int32Array(threads.size).fill(-1);
  for (const [n, k] of ops.entries()) {
    if (k !== FORK && k !== JOIN) continue;
    args[n] = threads.find(args[n]!);
    if (k === FORK && args[n]! >= 0 && forkOf[args[n]!] === -1) forkOf[args[n]!] = n;
  }
  const stays = new Uint8Array(threads.size);
  for (const member of members) if (threads.find(member) >= 0) stays[threads.find(member)] = 1;
  return {
    stays,
    length: rows.length,
    threads: threads.size,
    locks: locks.size,
    variables: variables.size,
    row: Int32Array.from(rows),
    op: Uint8Array.from(ops),
    thread: Int32Array.from(nodeThread),
    arg: Int32Array.from(args),
    place: Int32Array.from(places),
    mate: Int32Array.from(mates),
    of,
    forkOf,
    // Not those of `openNode`: where the part leaves out a release, another thread's section of the lock may stand behind.
    open: rows.filter((_, n) => ops[n] === ACQUIRE && mates[n] === -1),
    begun: Int32Array.from({ length: threads.size }, (_, t) => begun[t] ?? 0),
  };
}
