// State set: which state keys were seen, compared word for word.

/** Slots up to which a table grows eightfold. */
const QUICKLY = 1 << 16;

/**
 * Open addressing over keys of a fixed number of words; grows by doubling. A key stands in the table itself, with its index before it:
 * most keys were seen before, and to see that takes one look at memory. No two different keys are taken for one.
 */
export class StateSet {
  private readonly words: number;
  /** By slot: index of the key plus 1, or 0; then the key. */
  private table: Int32Array;
  private slots = 2048;
  private count = 0;

  constructor(words: number) {
    this.words = words;
    this.table = new Int32Array(this.slots * (words + 1));
  }

  get size(): number {
    return this.count;
  }

  /** Index of the key at `offset` of `from`, counted from 0 in the order of first sight; ~index if it is new. */
  add(from: Int32Array, offset: number): number {
    if (this.count * 2 >= this.slots) this.grow();
    const { words, table } = this;
    const row = words + 1;
    const end = table.length;
    let at = (hash(from, offset, words) & (this.slots - 1)) * row;
    for (;;) {
      const entry = table[at]!;
      if (entry === 0) break;
      let i = 0;
      while (i < words && table[at + 1 + i] === from[offset + i]) i++;
      if (i === words) return entry - 1;
      at += row;
      if (at === end) at = 0;
    }
    table[at] = this.count + 1;
    for (let i = 0; i < words; i++) table[at + 1 + i] = from[offset + i]!;
    return ~this.count++;
  }

  private grow(): void {
    const { words } = this;
    const row = words + 1;
    const from = this.table;
    this.slots *= this.slots < QUICKLY ? 8 : 2;
    const table = new Int32Array(this.slots * row);
    for (let source = 0; source < from.length; source += row) {
      if (from[source] === 0) continue;
      let at = (hash(from, source + 1, words) & (this.slots - 1)) * row;
      while (table[at] !== 0) {
        at += row;
        if (at === table.length) at = 0;
      }
      for (let i = 0; i < row; i++) table[at + i] = from[source + i]!;
    }
    this.table = table;
  }
}

/** The mixing of MurmurHash3 (A. Appleby, public domain). */
function hash(from: Int32Array, offset: number, words: number): number {
  let h = words;
  for (let i = 0; i < words; i++) {
    let k = Math.imul(from[offset + i]!, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
