// Columns of a recording that says little of each event: what is the same in all rows, or nearly, is kept once.
import { EVENT_KINDS, type EventColumns, type LazyColumns, NO_TIME } from '../corpus/schema/event.js';
import { NONE } from '../corpus/schema/ids.js';
import { once } from './once.js';
import { Sparse } from './sparse.js';

/** Columns of some events, for importers that read millions; each as in `EventColumns`. */
export interface EventBlock {
  readonly kind: Uint8Array;
  readonly task: Int32Array;
  readonly lock: Int32Array;
  readonly site: Int32Array;
  /** Of forks and joins; NONE elsewhere. */
  readonly peer: Int32Array;
  /** Ascending line numbers. */
  readonly where: Float64Array;
}

/** From here on columns are kept as they are: a copy would need their memory twice. */
const LARGE = 1 << 16;

/** Up to here room grows sixteen times at once: what is left behind by growing stays in memory for a while. */
const ROOMY = 1 << 22;

const FORK = EVENT_KINDS.indexOf('fork');
const JOIN = EVENT_KINDS.indexOf('join');

/** Rows that come in blocks; every one is exclusive, in task context, observed, without CPU and time, and of one episode. */
export class PlainColumns {
  readonly #episode: number;
  #room = 1 << 12;
  length = 0;
  #kind = new Uint8Array(this.#room);
  #task = new Uint32Array(this.#room);
  #lock = new Int32Array(this.#room);
  #site = new Int32Array(this.#room);
  readonly #peers = new Sparse();
  /** From this row on, what the line number is more than the row. */
  readonly #lines = new Sparse();
  #ahead = Number.NaN;

  constructor(episode: number) {
    this.#episode = episode;
  }

  /** Memory is used as rows are written: what is reserved and not touched costs the system nothing. */
  #widen(rows: number): void {
    this.#room = rows;
    const grow = <A extends { set(from: A): void; subarray(from: number, to: number): A }>(
      make: new (n: number) => A,
      old: A,
    ): A => {
      const wider = new make(rows);
      wider.set(old.subarray(0, this.length));
      return wider;
    };
    this.#kind = grow(Uint8Array, this.#kind);
    this.#task = grow(Uint32Array, this.#task);
    this.#lock = grow(Int32Array, this.#lock);
    this.#site = grow(Int32Array, this.#site);
  }

  append(block: EventBlock, count: number): void {
    if (count === 0) return;
    const at = this.length;
    if (at + count > this.#room) this.#widen(Math.max(at + count, this.#room * (at < ROOMY ? 16 : 4)));
    const { kind, task, lock, site, peer, where } = block;
    this.#kind.set(kind.subarray(0, count), at);
    this.#task.set(task.subarray(0, count), at);
    this.#lock.set(lock.subarray(0, count), at);
    this.#site.set(site.subarray(0, count), at);
    this.length = at + count;
    for (let i = 0; i < count; i++) {
      const k = kind[i]!;
      if ((k === FORK || k === JOIN) && peer[i] !== NONE) this.#peers.put(at + i, peer[i]!);
    }
    // Lines ascend: if the block has as many lines as rows, none in between was passed over.
    if (where[0]! - at === this.#ahead && where[count - 1]! - at - count + 1 === this.#ahead) return;
    for (let i = 0; i < count; i++) {
      const ahead = where[i]! - at - i;
      if (ahead === this.#ahead) continue;
      this.#ahead = ahead;
      this.#lines.put(at + i, ahead);
    }
  }

  #whereAt(row: number): number {
    return row + this.#lines.value(this.#lines.at(row));
  }

  #peerAt(row: number): number {
    return this.#peers.valueAt(row, NONE);
  }

  #where(): Float64Array {
    const where = new Float64Array(this.length);
    let entry = 0;
    let ahead = 0;
    for (let row = 0; row < where.length; row++) {
      if (entry < this.#lines.length && this.#lines.row(entry) === row) ahead = this.#lines.value(entry++);
      where[row] = row + ahead;
    }
    return where;
  }

  #peer(): Int32Array {
    const peer = new Int32Array(this.length).fill(NONE);
    for (let i = 0; i < this.#peers.length; i++) peer[this.#peers.row(i)] = this.#peers.value(i);
    return peer;
  }

  /** All columns; those of which nothing is kept row by row are made when they are first asked for. */
  finish(): EventColumns {
    const n = this.length;
    const zeros = once(() => new Uint8Array(n));
    const episodes = once(() => (this.#episode === 0 ? new Uint32Array(n) : filled(n, this.#episode)));
    const cpus = once(() => new Int32Array(n).fill(NONE));
    const times = once(() => new BigInt64Array(n).fill(NO_TIME));
    const peers = once(() => this.#peer());
    const lines = once(() => this.#where());
    const columns: EventColumns = {
      kind: this.#kind.subarray(0, n),
      task: this.#task.subarray(0, n),
      lock: this.#lock.subarray(0, n),
      site: this.#site.subarray(0, n),
      get mode() {
        return zeros();
      },
      get peer() {
        return peers();
      },
      get cpu() {
        return cpus();
      },
      get context() {
        return zeros();
      },
      get known() {
        return zeros();
      },
      get disabled() {
        return zeros();
      },
      get episode() {
        return episodes();
      },
      get timeNs() {
        return times();
      },
      get where() {
        return lines();
      },
    };
    if (n < LARGE) {
      const whole = { ...columns, mode: zeros().slice(), known: zeros().slice(), disabled: zeros().slice() };
      return {
        ...whole,
        kind: whole.kind.slice(),
        task: whole.task.slice(),
        lock: whole.lock.slice(),
        site: whole.site.slice(),
      };
    }
    const single: Pick<LazyColumns, 'whereAt' | 'peerAt'> = {
      whereAt: (row) => this.#whereAt(row),
      peerAt: (row) => this.#peerAt(row),
    };
    // Not enumerable: whoever copies or compares columns means the columns.
    for (const [name, value] of Object.entries(single)) Object.defineProperty(columns, name, { value });
    return columns;
  }
}

function filled(n: number, value: number): Uint32Array {
  return new Uint32Array(n).fill(value);
}
