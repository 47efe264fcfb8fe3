// Ends of lines that were read before, found again by their bytes: a trace says the same things of the same locks again and again.

const NEWLINE = 10;
/** What is longer is not remembered. */
const MOST_BYTES = 256;
/** Lines that are remembered, and their bytes; then all are forgotten. */
const MOST_LINES = 1 << 16;
const MOST_ARENA = 8 << 20;
/** Hashes of lines that were met once; a power of two. */
const ONCE = 1 << 16;

/** Remembers one value for each text that stands from some place to the end of its line. */
export class LineMemo<T> {
  /** After `find`: where the line ends. */
  end = 0;
  /**
   * After a `find` in vain: true if the line was met not long ago, so that it pays to remember it. What never comes again
   * (every lock an address of its own) would only be carried along.
   */
  cameBefore = false;
  #hash = 0;
  /** The text that was found last, or -1; and by text, which one was found behind it the last time. */
  #last = -1;
  readonly #followers: number[] = [];
  readonly #once = new Int32Array(ONCE);
  #met = 0;
  #mask = 1023;
  #slots = new Int32Array(1024).fill(-1);
  readonly #hashes: number[] = [];
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #values: T[] = [];
  #arena = new DataView(new ArrayBuffer(1 << 14));
  #used = 0;

  /** What is remembered of the bytes from `from` to the end of the line, which it looks for; `limit`: where the last line ends. */
  find(view: DataView, from: number, limit: number): T | null {
    const last = this.#last;
    if (last >= 0) {
      // A stack comes again frame by frame: what followed the last time is compared before anything is hashed.
      const guess = this.#followers[last]!;
      if (guess >= 0) {
        const end = from + this.#lengths[guess]!;
        if (
          (end === limit || (end < limit && view.getUint8(end) === NEWLINE)) &&
          isSame(this.#arena, this.#starts[guess]!, view, from, end - from)
        ) {
          this.end = end;
          this.#last = guess;
          return this.#values[guess]!;
        }
      }
    }
    let at = from;
    let hash = 0;
    const words = limit - 3;
    while (at < words) {
      const word = view.getInt32(at, true);
      // A byte of it is a newline if there is a borrow out of that byte.
      const x = word ^ 0x0a0a0a0a;
      if (((x - 0x01010101) & ~x & 0x80808080) !== 0) break;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
      at += 4;
    }
    for (; at < limit; at++) {
      const byte = view.getUint8(at);
      if (byte === NEWLINE) break;
      hash = Math.imul(hash ^ byte, 0x85ebca6b);
    }
    hash ^= hash >>> 13;
    this.end = at;
    this.#hash = hash;
    const length = at - from;
    let slot = hash & this.#mask;
    for (let i = this.#slots[slot]!; i !== -1; i = this.#slots[slot]!) {
      if (
        this.#hashes[i] === hash &&
        this.#lengths[i] === length &&
        isSame(this.#arena, this.#starts[i]!, view, from, length)
      ) {
        if (last >= 0) this.#followers[last] = i;
        this.#last = i;
        return this.#values[i]!;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#last = -1;
    const once = hash & (ONCE - 1);
    this.cameBefore = this.#once[once] === hash;
    // Not each time: of two lines that ever come in turn and share a place, one would push out the other for good.
    if (++this.#met & 1) this.#once[once] = hash;
    return null;
  }

  /** Remembers the value for the bytes that `find` has just looked for in vain; `from` is the same. */
  add(view: DataView, from: number, value: T): void {
    const length = this.end - from;
    if (length > MOST_BYTES) return;
    if (this.#values.length >= MOST_LINES || this.#used + length > MOST_ARENA) this.#forget();
    if (this.#used + length > this.#arena.byteLength) {
      const wider = new Uint8Array(2 * this.#arena.byteLength);
      wider.set(new Uint8Array(this.#arena.buffer, 0, this.#used));
      this.#arena = new DataView(wider.buffer);
    }
    new Uint8Array(this.#arena.buffer).set(
      new Uint8Array(view.buffer, view.byteOffset + from, length),
      this.#used,
    );
    const id = this.#values.push(value) - 1;
    this.#hashes.push(this.#hash);
    this.#starts.push(this.#used);
    this.#lengths.push(length);
    this.#followers.push(-1);
    this.#used += length;
    this.#enter(id);
    if (this.#values.length * 2 > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#slots = new Int32Array(this.#mask + 1).fill(-1);
      for (let i = 0; i <= id; i++) this.#enter(i);
    }
  }

  #enter(id: number): void {
    let slot = this.#hashes[id]! & this.#mask;
    while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = id;
  }

  #forget(): void {
    for (const list of [this.#hashes, this.#starts, this.#lengths, this.#followers, this.#values])
      list.length = 0;
    this.#last = -1;
    this.#slots.fill(-1);
    this.#used = 0;
  }
}

/** True if `length` bytes at two places are the same. */
export function isSame(a: DataView, atA: number, b: DataView, atB: number, length: number): boolean {
  const words = length & ~3;
  let i = 0;
  for (; i < words; i += 4) if (a.getInt32(atA + i, true) !== b.getInt32(atB + i, true)) return false;
  for (; i < length; i++) if (a.getUint8(atA + i) !== b.getUint8(atB + i)) return false;
  return true;
}
