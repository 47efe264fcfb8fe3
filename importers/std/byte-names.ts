// Interns names that are slices of byte buffers: a name costs a string only when it is met first, and a numbered one not even a hash.

const FIRST_SLOTS = 1 << 10;

const HASH_START = 7;
/** The table spreads hashes by Knuth's multiplier. */
const SPREAD = 0x9e3779b1 | 0;

export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = HASH_START;
  for (let i = from; i < to; i++) hash = ((hash << 5) - hash + bytes[i]!) | 0;
  return hash;
}

/** A hash table from byte strings to numbers that the caller chooses. */
export class ByteNames {
  #slots = new Int32Array(FIRST_SLOTS);
  #mask = FIRST_SLOTS - 1;
  #hashes = new Int32Array(256);
  #offsets = new Int32Array(256);
  #lengths = new Int32Array(256);
  #values = new Int32Array(256);
  #arena = new Uint8Array(1 << 12);
  #used = 0;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** The number kept for `bytes[from..to)`, whose hash is `hash`; -1 if there is none. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const length = to - from;
    const arena = this.#arena;
    const mask = this.#mask;
    for (let slot = (Math.imul(hash, SPREAD) >>> 8) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] !== hash || this.#lengths[entry] !== length) continue;
      const at = this.#offsets[entry]! - from;
      let i = from;
      while (i < to && arena[at + i] === bytes[i]) i++;
      if (i === to) return this.#values[entry]!;
    }
  }

  /** Keeps a number for a name that `find` did not find. */
  add(bytes: Uint8Array, from: number, to: number, hash: number, value: number): void {
    const entry = this.#count++;
    if (entry === this.#hashes.length) this.#widen();
    const length = to - from;
    if (this.#used + length > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, this.#used + length));
      arena.set(this.#arena);
      this.#arena = arena;
    }
    this.#arena.set(bytes.subarray(from, to), this.#used);
    this.#hashes[entry] = hash;
    this.#offsets[entry] = this.#used;
    this.#lengths[entry] = length;
    this.#values[entry] = value;
    this.#used += length;
    if (this.#count * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    else this.#place(entry);
  }

  #place(entry: number): void {
    const hash = this.#hashes[entry]!;
    let slot = (Math.imul(hash, SPREAD) >>> 8) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = entry + 1;
  }

  #rehash(slots: number): void {
    this.#slots = new Int32Array(slots);
    this.#mask = slots - 1;
    for (let entry = 0; entry < this.#count; entry++) this.#place(entry);
  }

  #widen(): void {
    const wider = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const column = new Int32Array(old.length * 2);
      column.set(old);
      return column;
    };
    this.#hashes = wider(this.#hashes);
    this.#offsets = wider(this.#offsets);
    this.#lengths = wider(this.#lengths);
    this.#values = wider(this.#values);
  }
}

/** Numbers up to here are looked up in a table; its size follows the largest one met. */
const MOST_NUMBERED = 1 << 20;
const NOTHING = new Int32Array(0);

/** Names of one byte and a decimal number (`T12`), or of the number alone (byte 0): tables from numbers to what was chosen. */
export class NumberedNames {
  readonly #tables: Int32Array[] = Array.from({ length: 256 }, () => NOTHING);

  /** One more than what is kept for each number behind that byte; 0, or no entry, where nothing is. */
  table(first: number): Int32Array {
    return this.#tables[first]!;
  }

  /** Keeps what was chosen for a name, if it is such a one. */
  add(bytes: Uint8Array, from: number, to: number, chosen: number): void {
    const first = isDigit(bytes[from]!) ? 0 : bytes[from]!;
    const begin = first === 0 ? from : from + 1;
    if (begin === to || to - begin > 7 || (bytes[begin] === 48 && to - begin > 1)) return;
    let value = 0;
    for (let i = begin; i < to; i++) {
      if (!isDigit(bytes[i]!)) return;
      value = value * 10 + bytes[i]! - 48;
    }
    if (value >= MOST_NUMBERED) return;
    let table = this.#tables[first]!;
    if (value >= table.length) {
      table = new Int32Array(2 ** Math.ceil(Math.log2(value + 16)));
      table.set(this.#tables[first]!);
      this.#tables[first] = table;
    }
    table[value] = chosen + 1;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
