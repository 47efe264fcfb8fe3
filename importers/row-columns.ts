// Columns of events that come row by row: kept narrow, and made in their full width when somebody asks for one.
import { EVENT_KINDS, type EventColumns, type LazyColumns } from '../corpus/schema/event.js';
import { NONE } from '../corpus/schema/ids.js';
import { once } from './once.js';
import { Sparse } from './sparse.js';

/** From here on columns grow four times: what is reserved and not touched costs the system nothing. */
const LARGE = 1 << 16;
/** A stretch of fewer rows is moved row by row: a call for each column would cost more. */
const SHORT = 48;

/** What a row is, in one word: kind, mode, context, known, disabled, and whether it is dropped. */
const MODE = 5;
const CONTEXT = 7;
const KNOWN = 9;
const DISABLED = 11;
const DROPPED = 1 << 15;
if (EVENT_KINDS.length > 1 << MODE)
  throw new Error('row-columns: more kinds of events than the word of a row holds');

/** How the narrow column of CPUs writes NONE. */
const NO_CPU = 0xff;
/** Which half of a 64-bit element of a typed array is the low one on this host. */
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

interface Numbers {
  [i: number]: number;
  set(from: ArrayLike<number>): void;
  subarray(from: number, to: number): Numbers & ArrayLike<number>;
}

/**
 * A row takes 19 bytes here and 45 in full. Pages of memory that are written for the first time cost more than all that is
 * worked out of a record, and whoever walks over millions of rows wants few of the columns.
 */
export class RowColumns {
  /** Small at first: most captures of reports have few events, and an archive has thousands of them. */
  #room = 64;
  length = 0;
  #what = new Uint16Array(this.#room);
  #task = new Uint32Array(this.#room);
  #lock = new Int32Array(this.#room);
  /** NONE is 255; Int32Array once there is a CPU beyond 254. */
  #cpu: Uint8Array | Int32Array = new Uint8Array(this.#room);
  #timeLow = new Int32Array(this.#room);
  /** Float64Array once there is a place beyond 2^32. */
  #where: Uint32Array | Float64Array = new Uint32Array(this.#room);
  /** Sites, one higher: rows without are not touched. Null until there is one. */
  #site: Int32Array | null = null;
  #peers = new Sparse();
  /** From this row on, and until the next. */
  #episodes = new Sparse();
  #episode = -1;
  #timeHighs = new Sparse();
  #timeHigh = Number.NaN;

  /** Takes address space for so many rows; memory is used as rows are written. */
  reserve(rows: number): void {
    if (rows > this.#room) this.#grow(rows);
  }

  #grow(room: number): void {
    this.#room = room;
    const { length } = this;
    const grown = <A extends Numbers>(make: new (n: number) => A, old: Numbers): A => {
      const wider = new make(room);
      wider.set(old.subarray(0, length));
      return wider;
    };
    this.#what = grown(Uint16Array, this.#what);
    this.#task = grown(Uint32Array, this.#task);
    this.#lock = grown(Int32Array, this.#lock);
    this.#cpu = grown<Uint8Array | Int32Array>(
      this.#cpu instanceof Uint8Array ? Uint8Array : Int32Array,
      this.#cpu,
    );
    this.#timeLow = grown(Int32Array, this.#timeLow);
    this.#where = grown<Uint32Array | Float64Array>(
      this.#where instanceof Uint32Array ? Uint32Array : Float64Array,
      this.#where,
    );
    if (this.#site !== null) this.#site = grown(Int32Array, this.#site);
  }

  /** Adds a row by the codes of its columns, without site; returns its number. The time is given in halves. */
  push(
    kind: number,
    task: number,
    lock: number,
    mode: number,
    peer: number,
    cpu: number,
    context: number,
    known: number,
    disabled: number,
    episode: number,
    timeHigh: number,
    timeLow: number,
    where: number,
  ): number {
    const row = this.length;
    if (row >= this.#room) this.#grow(this.#room * (this.#room < LARGE ? 2 : 4));
    this.length = row + 1;
    this.#what[row] =
      kind | (mode << MODE) | (context << CONTEXT) | (known << KNOWN) | (disabled << DISABLED);
    this.#task[row] = task;
    this.#lock[row] = lock;
    if (cpu >= NO_CPU || cpu < NONE) this.#widenCpu();
    this.#cpu[row] = cpu;
    this.#timeLow[row] = timeLow;
    if (where > 0xffff_ffff) this.#widenWhere();
    this.#where[row] = where;
    if (peer !== NONE) this.#peers.put(row, peer);
    if (episode !== this.#episode) {
      this.#episode = episode;
      this.#episodes.put(row, episode);
    }
    if (timeHigh !== this.#timeHigh) {
      this.#timeHigh = timeHigh;
      this.#timeHighs.put(row, timeHigh);
    }
    return row;
  }

  #widenCpu(): void {
    if (this.#cpu instanceof Int32Array) return;
    this.#cpu = wideCpus(this.#cpu, this.#room, this.length);
  }

  #widenWhere(): void {
    if (this.#where instanceof Float64Array) return;
    const wider = new Float64Array(this.#room);
    wider.set(this.#where.subarray(0, this.length));
    this.#where = wider;
  }

  setSite(row: number, site: number): void {
    this.#site ??= new Int32Array(this.#room);
    this.#site[row] = site + 1;
  }
  setLock(row: number, lock: number): void {
    this.#lock[row] = lock;
  }
  renumberLocks(newIds: Int32Array): void {
    const lock = this.#lock;
    const { length } = this;
    for (let row = 0; row < length; row++) {
      const id = lock[row]!;
      if (id >= 0) lock[row] = newIds[id]!;
    }
  }
  kindAt(row: number): number {
    return this.#what[row]! & ((1 << MODE) - 1);
  }
  whereAt(row: number): number {
    return this.#where[row]!;
  }

  /** Marks a row to be removed by `closeUp`. */
  drop(row: number): void {
    this.#what[row]! |= DROPPED;
  }

  /**
   * Removes the rows that are marked and those of the locks that are marked with 1; the others close up in order, stretch by stretch.
   * Returns 1 for each lock that a row names.
   */
  closeUp(isDropped: Uint8Array): Uint8Array {
    const used = new Uint8Array(isDropped.length);
    const { length } = this;
    let to = this.#keptUntil(0, isDropped, used);
    if (to === length) return used;
    const columns = [this.#what, this.#task, this.#lock, this.#cpu, this.#timeLow, this.#where];
    const all: readonly Movable[] = this.#site === null ? columns : [...columns, this.#site];
    const peers = new KeptRows(this.#peers);
    const episodes = new KeptRuns(this.#episodes);
    const timeHighs = new KeptRuns(this.#timeHighs);
    for (let from = 0, end = to; from < length; end = this.#keptUntil(from, isDropped, used)) {
      const at = from === 0 ? 0 : to;
      peers.keep(from, end, at);
      episodes.keep(from, end, at);
      timeHighs.keep(from, end, at);
      if (from > 0 && end > from) {
        if (end - from < SHORT) this.#moveRows(from, end, at);
        else for (const column of all) column.copyWithin(at, from, end);
        to = at + end - from;
      }
      // The row at `end` is dropped.
      from = end + 1;
    }
    this.#peers = peers.kept;
    this.#episodes = episodes.kept;
    this.#timeHighs = timeHighs.kept;
    this.length = to;
    return used;
  }

  /** The first row from `from` on that is to be dropped, or the end; marks the locks of those before it. */
  #keptUntil(from: number, isDropped: Uint8Array, used: Uint8Array): number {
    const what = this.#what;
    const lock = this.#lock;
    const { length } = this;
    let row = from;
    for (; row < length; row++) {
      if ((what[row]! & DROPPED) !== 0) break;
      const id = lock[row]!;
      if (id < 0) continue;
      if (isDropped[id] === 1) break;
      used[id] = 1;
    }
    return row;
  }

  #moveRows(first: number, end: number, at: number): void {
    for (let from = first, to = at; from < end; from++, to++) {
      this.#what[to] = this.#what[from]!;
      this.#task[to] = this.#task[from]!;
      this.#lock[to] = this.#lock[from]!;
      this.#cpu[to] = this.#cpu[from]!;
      this.#timeLow[to] = this.#timeLow[from]!;
      this.#where[to] = this.#where[from]!;
    }
    if (this.#site !== null) this.#site.copyWithin(at, first, end);
  }

  /** All columns. Of many rows each is made when it is first asked for; nothing may be added afterwards. */
  finish(): EventColumns {
    const n = this.length;
    const part = (shift: number, bits: number) =>
      once(() => {
        const what = this.#what;
        const mask = (1 << bits) - 1;
        const column = new Uint8Array(n);
        for (let i = 0; i < n; i++) column[i] = (what[i]! >>> shift) & mask;
        return column;
      });
    const kinds = part(0, MODE);
    const modes = part(MODE, CONTEXT - MODE);
    const contexts = part(CONTEXT, KNOWN - CONTEXT);
    const knowns = part(KNOWN, DISABLED - KNOWN);
    const disableds = part(DISABLED, DROPPED - DISABLED);
    const sites = once(() => this.#sites(n));
    const peers = once(() => this.#peerColumn(n));
    const cpus = once(() => {
      this.#widenCpu();
      return (this.#cpu as Int32Array).subarray(0, n);
    });
    const episodes = once(() => runs(this.#episodes, new Uint32Array(n), 0, 1));
    const times = once(() => this.#times(n));
    const wheres = once(() => {
      this.#widenWhere();
      return (this.#where as Float64Array).subarray(0, n);
    });
    const columns: EventColumns = {
      get kind() {
        return kinds();
      },
      task: this.#task.subarray(0, n),
      lock: this.#lock.subarray(0, n),
      get mode() {
        return modes();
      },
      get site() {
        return sites();
      },
      get peer() {
        return peers();
      },
      get cpu() {
        return cpus();
      },
      get context() {
        return contexts();
      },
      get known() {
        return knowns();
      },
      get disabled() {
        return disableds();
      },
      get episode() {
        return episodes();
      },
      get timeNs() {
        return times();
      },
      get where() {
        return wheres();
      },
    };
    if (n < LARGE) {
      const { task, lock, cpu, site, where } = columns;
      return {
        ...columns,
        task: task.slice(),
        lock: lock.slice(),
        cpu: cpu.slice(),
        site: site.slice(),
        where: where.slice(),
      };
    }
    const single: Pick<LazyColumns, 'whereAt' | 'peerAt'> = {
      whereAt: (row) => this.#where[row]!,
      peerAt: (row) => this.#peers.valueAt(row, NONE),
    };
    // Not enumerable: whoever copies or compares columns means the columns.
    for (const [name, value] of Object.entries(single)) Object.defineProperty(columns, name, { value });
    return columns;
  }

  #sites(n: number): Int32Array {
    const sites = this.#site?.subarray(0, n) ?? new Int32Array(n);
    for (let i = 0; i < n; i++) sites[i]!--;
    return sites;
  }

  #peerColumn(n: number): Int32Array {
    const column = new Int32Array(n).fill(NONE);
    for (let i = 0; i < this.#peers.length; i++) column[this.#peers.row(i)] = this.#peers.value(i);
    return column;
  }

  #times(n: number): BigInt64Array {
    const column = new BigInt64Array(n);
    const halves = new Int32Array(column.buffer);
    runs(this.#timeHighs, halves, 1 - LOW, 2);
    const low = this.#timeLow;
    for (let i = 0; i < n; i++) halves[2 * i + LOW] = low[i]!;
    this.#timeLow = new Int32Array(0);
    return column;
  }
}

interface Movable {
  copyWithin(to: number, from: number, end: number): unknown;
}

/** Writes values that hold from a row until the next one into each `step`th element of a column. */
function runs<A extends Uint32Array | Int32Array>(values: Sparse, column: A, first: number, step: number): A {
  for (let i = 0; i < values.length; i++) {
    const end = i + 1 < values.length ? first + step * values.row(i + 1) : column.length;
    const value = values.value(i);
    for (let at = first + step * values.row(i); at < end; at += step) column[at] = value;
  }
  return column;
}

/** What is left of the numbers of single rows while stretches of rows move up. */
class KeptRows {
  readonly kept = new Sparse();
  #next = 0;
  constructor(readonly old: Sparse) {}

  /** The rows from `from` to `end` move to `at`; those between them and the last stretch are gone. */
  keep(from: number, end: number, at: number): void {
    const { old } = this;
    for (; this.#next < old.length && old.row(this.#next) < end; this.#next++)
      if (old.row(this.#next) >= from) this.kept.put(old.row(this.#next) - from + at, old.value(this.#next));
  }
}

/** The same of numbers that hold from a row until the next one. */
class KeptRuns {
  readonly kept = new Sparse();
  #now = 0;
  #last = Number.NaN;
  constructor(readonly old: Sparse) {}

  keep(from: number, end: number, at: number): void {
    const { old } = this;
    if (from === end) return;
    while (this.#now + 1 < old.length && old.row(this.#now + 1) <= from) this.#now++;
    this.#put(at);
    while (this.#now + 1 < old.length && old.row(this.#now + 1) < end) {
      this.#now++;
      this.#put(old.row(this.#now) - from + at);
    }
  }

  #put(row: number): void {
    const value = this.old.value(this.#now);
    if (value === this.#last) return;
    this.#last = value;
    this.kept.put(row, value);
  }
}

/** CPUs in full width. */
function wideCpus(narrow: Uint8Array, room: number, length: number): Int32Array {
  const wide = new Int32Array(room);
  for (let i = 0; i < length; i++) wide[i] = narrow[i] === NO_CPU ? NONE : narrow[i]!;
  return wide;
}
