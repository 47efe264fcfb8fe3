// Key table: which state keys were seen, exact, in open tables of the keys themselves that grow part by part.

/** Parts of a table; each grows on its own, so that growing never needs the room of a second table. */
const PARTS = 64;
const PART_BITS = 6;
const PER_HASH = 1 / (1 << (32 - PART_BITS));
const FIRST_SLOTS = 32;
/** A part grows at this load, to one and a half times its size: then it is just over half full. */
const MOST_LOAD = 0.8;
const GROWTH = 1.5;

/**
 * A set of keys of a fixed number of words, at least two, the first of which is never 0. No two different keys are taken for
 * one. With two words, ten to fifteen bytes a key.
 */
export class KeyTable {
  /** The key that `add` is about. */
  readonly key: Int32Array;
  /** Keys in the table. */
  size = 0;
  private readonly parts: Int32Array[];
  private readonly slots: Int32Array;
  private readonly counts: Int32Array;
  private readonly most: Int32Array;

  constructor(private readonly words: number) {
    this.key = new Int32Array(words);
    this.parts = Array.from({ length: PARTS }, () => new Int32Array(FIRST_SLOTS * words));
    this.slots = new Int32Array(PARTS).fill(FIRST_SLOTS);
    this.counts = new Int32Array(PARTS);
    this.most = new Int32Array(PARTS).fill(Math.floor(FIRST_SLOTS * MOST_LOAD));
  }

  /** Adds `key`; false if it was there. */
  add(): boolean {
    const { key, words } = this;
    const hash = hashOf(key, 0, words);
    const p = hash & (PARTS - 1);
    let part = this.parts[p]!;
    const end = part.length;
    let at = slotOf(hash, this.slots[p]!) * words;
    const first = key[0]!;
    const second = key[1]!;
    for (;;) {
      const here = part[at]!;
      if (here === 0) break;
      if (here === first && part[at + 1] === second && (words === 2 || isRest(part, at, key))) return false;
      at += words;
      if (at === end) at = 0;
    }
    if (this.counts[p]! >= this.most[p]!) {
      part = this.grow(p);
      at = freeIn(part, slotOf(hash, this.slots[p]!) * words, words);
    }
    for (let i = 0; i < words; i++) part[at + i] = key[i]!;
    this.size++;
    this.counts[p]!++;
    return true;
  }

  /** Moves a part into a larger one. Places keep their order, so both are gone through from end to end. */
  private grow(p: number): Int32Array {
    const { words, parts } = this;
    const from = parts[p]!;
    const slots = Math.ceil(this.slots[p]! * GROWTH);
    const part = new Int32Array(slots * words);
    for (let source = 0; source < from.length; source += words) {
      if (from[source] === 0) continue;
      const at = freeIn(part, slotOf(hashOf(from, source, words), slots) * words, words);
      for (let i = 0; i < words; i++) part[at + i] = from[source + i]!;
    }
    parts[p] = part;
    this.slots[p] = slots;
    this.most[p] = Math.floor(slots * MOST_LOAD);
    return part;
  }
}

function isRest(part: Int32Array, at: number, key: Int32Array): boolean {
  for (let i = 2; i < key.length; i++) if (part[at + i] !== key[i]) return false;
  return true;
}

/** The first free place at or behind `from`. */
function freeIn(part: Int32Array, from: number, words: number): number {
  let at = from;
  while (part[at] !== 0) {
    at += words;
    if (at === part.length) at = 0;
  }
  return at;
}

/** Where a hash begins in a part of so many slots: by its high bits, as the low ones chose the part. */
function slotOf(hash: number, slots: number): number {
  return Math.floor((hash >>> PART_BITS) * slots * PER_HASH);
}

/** The mixing of MurmurHash3 (A. Appleby, public domain), the first two words at once. */
export function hashOf(key: Int32Array, offset: number, words: number): number {
  let h = Math.imul(key[offset]!, 0xcc9e2d51);
  h = (h << 15) | (h >>> 17);
  h = Math.imul(h, 0x1b873593) ^ Math.imul(key[offset + 1]!, 0x85ebca6b);
  for (let i = 2; i < words; i++) {
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) ^ Math.imul(key[offset + i]!, 0xcc9e2d51);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
