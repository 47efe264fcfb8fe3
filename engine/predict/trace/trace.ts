// Trace: the events of a recording that can matter to a deadlock, thread by thread, in typed arrays.
import { EVENT_KINDS, type EventKind } from '../../../corpus/schema/event.js';

const kind = (name: EventKind): number => EVENT_KINDS.indexOf(name);
const REQUEST = kind('request');
const ACQUIRE = kind('acquire');
const RELEASE = kind('release');
const READ_EVENT = kind('read');
const WRITE_EVENT = kind('write');
const FORK_EVENT = kind('fork');
const JOIN_EVENT = kind('join');

/** Operations of a trace. `ACQ` of a lock that is never got is the last event of its thread. */
export const ACQ = 0;
export const REL = 1;
export const READ = 2;
export const WRITE = 3;
export const FORK = 4;
export const JOIN = 5;

/** The columns that prediction reads; those of a Capture will do. Locks and variables share one numbering. */
export interface TraceColumns {
  readonly kind: Uint8Array;
  readonly task: Uint32Array | Int32Array;
  readonly lock: Int32Array;
  readonly peer: Int32Array;
}

/**
 * Events in trace order. Left out: what one thread alone takes, reads or writes; re-entries of a lock; what is neither.
 * For READ `link` is the event that wrote the value, or -1; for ACQ its release, or -1; for REL its acquire.
 */
export interface Trace {
  readonly length: number;
  readonly op: Uint8Array;
  readonly thread: Int32Array;
  /** Lock, variable, or thread. */
  readonly arg: Int32Array;
  readonly link: Int32Array;
  /** Row of the columns. */
  readonly row: Int32Array;
  readonly threads: number;
  readonly locks: number;
  /** Events of thread t: `of[first[t] .. first[t+1])`, ascending. */
  readonly of: Int32Array;
  readonly first: Int32Array;
  /** Place of each event among those of its thread. */
  readonly place: Int32Array;
  /** The fork of each thread, or -1. */
  readonly forkOf: Int32Array;
  /** 1 for threads that somebody joins. */
  readonly joined: Uint8Array;
}

const SHARED = -2;
const UNSEEN = -1;

/** Which locks and variables more than one thread uses. */
function ownersOf(columns: TraceColumns, locks: number): Int32Array {
  const { kind: kinds, task, lock } = columns;
  const owner = new Int32Array(locks).fill(UNSEEN);
  for (let e = 0; e < kinds.length; e++) {
    const l = lock[e]!;
    if (l < 0) continue;
    const known = owner[l]!;
    if (known === SHARED) continue;
    const t = task[e]!;
    if (known === UNSEEN) owner[l] = t;
    else if (known !== t) owner[l] = SHARED;
  }
  return owner;
}

/** The trace of such columns. `threads` and `locks` are the sizes of their numberings. */
export function traceOf(columns: TraceColumns, threads: number, locks: number): Trace {
  const { kind: kinds, task, lock, peer } = columns;
  const owner = ownersOf(columns, locks);
  let kept = 0;
  for (let e = 0; e < kinds.length; e++) {
    const k = kinds[e]!;
    if (k === FORK_EVENT || k === JOIN_EVENT || (isKept(k) && owner[lock[e]!] === SHARED)) kept++;
  }
  const op = new Uint8Array(kept);
  const thread = new Int32Array(kept);
  const arg = new Int32Array(kept);
  const link = new Int32Array(kept).fill(-1);
  const row = new Int32Array(kept);
  const forkOf = new Int32Array(threads).fill(-1);
  const joined = new Uint8Array(threads);
  const lastWrite = new Int32Array(locks).fill(-1);
  /** Depth of the thread that holds a lock, the acquire that opened it, and who it is. */
  const depth = new Int32Array(locks);
  const opened = new Int32Array(locks).fill(-1);
  /** Request of a thread that was not granted yet. */
  const asked = new Int32Array(threads).fill(-1);
  let n = 0;
  const put = (o: number, t: number, a: number, e: number): number => {
    op[n] = o;
    thread[n] = t;
    arg[n] = a;
    row[n] = e;
    return n++;
  };
  for (let e = 0; e < kinds.length; e++) {
    const k = kinds[e]!;
    const t = task[e]!;
    if (k === FORK_EVENT || k === JOIN_EVENT) {
      const other = peer[e]!;
      if (other < 0 || other === t) continue;
      const at = put(k === FORK_EVENT ? FORK : JOIN, t, other, e);
      if (k === JOIN_EVENT) joined[other] = 1;
      else if (forkOf[other] === -1) forkOf[other] = at;
      continue;
    }
    if (!isKept(k)) continue;
    const l = lock[e]!;
    if (owner[l] !== SHARED) continue;
    if (k === ACQUIRE) {
      asked[t] = -1;
      const open = opened[l]!;
      if (depth[l]! > 0 && thread[open] === t) {
        depth[l]!++;
        continue;
      }
      depth[l] = 1;
      opened[l] = put(ACQ, t, l, e);
    } else if (k === RELEASE) {
      // Given back without having been taken: it was held before the recording began, or never.
      if (depth[l] === 0) continue;
      if (--depth[l]! > 0) continue;
      const open = opened[l]!;
      const at = put(REL, t, l, e);
      link[open] = at;
      link[at] = open;
    } else if (k === READ_EVENT) {
      const at = put(READ, t, l, e);
      link[at] = lastWrite[l]!;
    } else if (k === WRITE_EVENT) lastWrite[l] = put(WRITE, t, l, e);
    else asked[t] = e;
  }
  // A request that was never granted is where its thread stood when the recording ended.
  for (let t = 0; t < threads; t++) {
    const e = asked[t]!;
    if (e < 0) continue;
    const l = lock[e]!;
    if (depth[l]! > 0 && thread[opened[l]!] === t) continue;
    if (n < op.length) put(ACQ, t, l, e);
  }
  const first = new Int32Array(threads + 1);
  for (let i = 0; i < n; i++) first[thread[i]! + 1]!++;
  for (let t = 0; t < threads; t++) first[t + 1]! += first[t]!;
  const of = new Int32Array(n);
  const place = new Int32Array(n);
  const fill = first.slice(0, threads);
  for (let i = 0; i < n; i++) {
    const t = thread[i]!;
    place[i] = fill[t]! - first[t]!;
    of[fill[t]!++] = i;
  }
  return {
    length: n,
    op: op.subarray(0, n),
    thread: thread.subarray(0, n),
    arg: arg.subarray(0, n),
    link,
    row: row.subarray(0, n),
    threads,
    locks,
    of,
    first,
    place,
    forkOf,
    joined,
  };
}

function isKept(k: number): boolean {
  return k === ACQUIRE || k === RELEASE || k === READ_EVENT || k === WRITE_EVENT || k === REQUEST;
}
