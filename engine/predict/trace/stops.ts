// Stops: of each thread the rows at which it depends on another one, with the row on which it depends.
import type { MustBefore } from './must-before.js';
import { ACQUIRE, FORK, Held, JOIN, READ, RELEASE, type Trace, WRITE } from './trace.js';

/**
 * Stops of thread t: entries `first[t]` to `end[t]`, ascending. `link` of an acquisition is its release, or -1; of a
 * read the write that it saw. Reads that say nothing new are left out: of a value that was there at the start, that the thread wrote
 * itself, or whose write it depends on already. So are locks that one thread alone takes.
 */
export interface Stops {
  readonly first: Int32Array;
  readonly end: Int32Array;
  readonly row: Int32Array;
  readonly link: Int32Array;
}

/** Walks the trace once for its stops; `before` learns on the way what must come before the rows that it was asked about. */
export function stopsOf(trace: Trace, shared: Uint8Array, before: MustBefore): Stops {
  const { kind, task, lock, from, to, threads } = trace;
  // Counted as if every acquisition and read were a stop: what is not used is never touched.
  const first = new Int32Array(threads + 1);
  for (let e = from; e < to; e++) {
    const k = kind[e]!;
    if (k === ACQUIRE || k === READ || k === JOIN) first[task[e]! + 1]!++;
  }
  for (let t = 0; t < threads; t++) first[t + 1]! += first[t]!;
  const row = new Int32Array(first[threads]!);
  const link = new Int32Array(first[threads]!);
  const end = first.slice(0, threads);
  const held = new Held(trace);
  const open = new Int32Array(trace.locks).fill(-1);
  const lastWrite = new Int32Array(trace.locks).fill(-1);
  const put = (t: number, e: number, on: number): number => {
    const at = end[t]!++;
    row[at] = e;
    link[at] = on;
    return at;
  };
  for (let e = from; e < to; e++) {
    const k = kind[e]!;
    const t = task[e]!;
    if (e === before.next) before.mark(t);
    if (k === ACQUIRE) {
      const l = lock[e]!;
      if (shared[l] === 1 && held.take(t, l)) open[l] = put(t, e, -1);
    } else if (k === RELEASE) {
      const l = lock[e]!;
      if (shared[l] === 1 && held.give(l)) link[open[l]!] = e;
    } else if (k === READ) {
      const l = lock[e]!;
      const w = lastWrite[l]!;
      if (w < 0) continue;
      const u = task[w]!;
      if (u !== t && before.learns(t, u, w, l)) put(t, e, w);
    } else if (k === WRITE) {
      const l = lock[e]!;
      lastWrite[l] = e;
      before.writes(t, e, l);
    } else if (k === FORK || k === JOIN) {
      const child = trace.childOf(e);
      if (child < 0) continue;
      if (k === JOIN) {
        put(t, e, -1);
        before.follows(t, child, to);
      } else if (trace.forkOf[child] === e) before.follows(child, t, e);
    }
  }
  return { first, end, row, link };
}
