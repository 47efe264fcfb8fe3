// Must before: which rows of other threads come before a row in every correct order, as clocks on a walk over the trace.

/** Entries of the clocks of threads, of values and of the rows that are asked about, each. */
const MOST_ENTRIES = 1 << 22;

/**
 * A clock has for each thread the last row that is known to come before: by program order, reads of written values, forks and
 * joins. Where there are too many threads or values for that, reads are passed over only if the thread itself read something later of
 * the same writer, and nothing is told.
 */
export class MustBefore {
  /** The next row that is asked about, or -1. */
  next: number;
  readonly #threads: number;
  readonly #rows: Int32Array;
  #at = 0;
  /** Of thread t what it knows of u at `t * threads + u`. */
  readonly #clock: Int32Array | null;
  readonly #marks: Int32Array | null;
  /** Place of the clock of each value that was written, from 1. */
  readonly #slot: Int32Array;
  #values: Int32Array | null;
  #slots = 0;

  /** `rows`: those that are asked about, ascending. */
  constructor(threads: number, variables: number, rows: Int32Array) {
    this.#threads = threads;
    this.#rows = rows;
    this.next = rows[0] ?? -1;
    const fits = threads * threads <= MOST_ENTRIES;
    this.#clock = fits ? new Int32Array(threads * threads).fill(-1) : null;
    this.#values = fits ? new Int32Array(Math.max(threads, 1 << 12)) : null;
    this.#marks =
      fits && rows.length * threads <= MOST_ENTRIES ? new Int32Array(rows.length * threads) : null;
    this.#slot = new Int32Array(variables);
  }

  /** The walk has come to the row that was asked about, of thread t. */
  mark(t: number): void {
    const n = this.#threads;
    if (this.#clock !== null) this.#marks?.set(this.#clock.subarray(t * n, t * n + n), this.#at * n);
    this.next = this.#rows[++this.#at] ?? -1;
  }

  /** Thread t reads what thread u wrote at row w; true if it depends on that row only now. */
  learns(t: number, u: number, w: number, variable: number): boolean {
    const clock = this.#clock;
    if (clock === null) return true;
    const n = this.#threads;
    if (clock[t * n + u]! >= w) return false;
    if (this.#values === null) {
      clock[t * n + u] = w;
      return true;
    }
    const values = this.#values;
    const to = t * n;
    const from = (this.#slot[variable]! - 1) * n;
    for (let i = 0; i < n; i++) if (values[from + i]! > clock[to + i]!) clock[to + i] = values[from + i]!;
    return true;
  }

  writes(t: number, row: number, variable: number): void {
    const clock = this.#clock;
    if (clock === null || this.#values === null) return;
    const n = this.#threads;
    let slot = this.#slot[variable]!;
    if (slot === 0) {
      slot = ++this.#slots;
      this.#slot[variable] = slot;
      if (slot * n > this.#values.length && !this.#widen()) return;
    }
    const values = this.#values;
    const from = t * n;
    const to = (slot - 1) * n;
    for (let i = 0; i < n; i++) values[to + i] = clock[from + i]!;
    values[to + t] = row;
  }

  /** False if there is no room for another value: from here on only what a thread read itself is known. */
  #widen(): boolean {
    const old = this.#values!;
    if (old.length * 2 > MOST_ENTRIES) {
      this.#values = null;
      return false;
    }
    this.#values = new Int32Array(old.length * 2);
    this.#values.set(old);
    return true;
  }

  /** Thread t goes on behind what u did up to a row. */
  follows(t: number, u: number, row: number): void {
    const clock = this.#clock;
    if (clock === null) return;
    const n = this.#threads;
    for (let i = 0; i < n; i++)
      if (clock[u * n + i]! > clock[t * n + i]!) clock[t * n + i] = clock[u * n + i]!;
    if (row > clock[t * n + u]!) clock[t * n + u] = row;
  }

  /** The last row of thread u that must come before a row that was asked about; -1: none is known. */
  lastBefore(row: number, u: number): number {
    if (this.#marks === null) return -1;
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return this.#marks[low * this.#threads + u]!;
  }
}
