// Moments: states that a recording went through, with the sections that were open then.
import type { Held, Trace } from './trace.js';

/** A section that was begun before and not ended. */
export interface OpenSection {
  readonly thread: number;
  readonly lock: number;
  /** Row of the acquisition. */
  readonly row: number;
  /** How many times it was taken and not given back. */
  readonly depth: number;
}

/** A state that the recording went through: all before `row` is done. */
export interface Moment {
  readonly row: number;
  /** In the order of taking. */
  readonly open: readonly OpenSection[];
}

/** Rows between two moments; more in long recordings, and if there are many threads, since each moment looks at all of them. */
const STEP = 1 << 9;
const MOMENTS = 1 << 12;
const ROWS_A_THREAD = 16;
/** Open sections that are kept in all. */
const MOST_OPEN = 1 << 19;

/** Keeps moments on a walk. */
export class Moments {
  readonly kept: Moment[] = [];
  /** Row at which each lock was taken last. */
  readonly taken: Int32Array;
  next: number;
  readonly #trace: Trace;
  readonly #held: Held;
  readonly #step: number;
  #open = 0;

  constructor(trace: Trace, held: Held) {
    this.#trace = trace;
    this.#held = held;
    this.taken = new Int32Array(trace.locks).fill(-1);
    this.#step = Math.max(STEP, Math.ceil((trace.to - trace.from) / MOMENTS), trace.threads * ROWS_A_THREAD);
    this.next = trace.from;
  }

  /** The state before a row. */
  keep(row: number): void {
    const open: OpenSection[] = [];
    for (let t = 0; t < this.#trace.threads; t++)
      for (let l = this.#held.top[t]!; l >= 0; l = this.#held.below[l]!)
        if (l < this.#trace.locks)
          open.push({ thread: t, lock: l, row: this.taken[l]!, depth: this.#held.depth[l]! });
    this.kept.push({ row, open: open.sort((a, b) => a.row - b.row) });
    this.#open += open.length;
    this.next = this.#open > MOST_OPEN ? this.#trace.to : row + this.#step;
  }
}

/** The last moment of the list at or before a row; the first one is the beginning. */
export function momentBefore(moments: readonly Moment[], row: number): Moment {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (moments[middle]!.row <= row) low = middle + 1;
    else high = middle;
  }
  return moments[Math.max(0, low - 1)]!;
}
