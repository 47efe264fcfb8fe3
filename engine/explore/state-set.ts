// State set: which state keys were seen, compared word for word.

/** Open addressing over keys of a fixed number of words; grows by doubling. No two different keys are taken for one. */
export class StateSet {
  private readonly words: number;
  private keys: Int32Array;
  /** Index of a key plus 1, or 0. */
  private table: Int32Array;
  private count = 0;

  constructor(words: number) {
    this.words = words;
    this.keys = new Int32Array(words * 1024);
    this.table = new Int32Array(4096);
  }

  get size(): number {
    return this.count;
  }

  /** Index of the key at `offset` of `from`, counted from 0 in the order of first sight; ~index if it is new. */
  add(from: Int32Array, offset: number): number {
    if (this.count * 2 >= this.table.length) this.grow();
    const { words, keys, table } = this;
    const mask = table.length - 1;
    let slot = hash(from, offset, words) & mask;
    for (;;) {
      const entry = table[slot]!;
      if (entry === 0) break;
      const at = (entry - 1) * words;
      let i = 0;
      while (i < words && keys[at + i] === from[offset + i]) i++;
      if (i === words) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const index = this.count++;
    table[slot] = index + 1;
    if ((index + 1) * words > this.keys.length) {
      const wider = new Int32Array(this.keys.length * 2);
      wider.set(this.keys);
      this.keys = wider;
    }
    for (let i = 0; i < words; i++) this.keys[index * words + i] = from[offset + i]!;
    return ~index;
  }

  private grow(): void {
    const table = new Int32Array(this.table.length * 2);
    const mask = table.length - 1;
    for (let index = 0; index < this.count; index++) {
      let slot = hash(this.keys, index * this.words, this.words) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = index + 1;
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
