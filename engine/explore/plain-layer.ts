// Plain layer: the states of a plain program after a certain number of steps, each with the tasks that sleep there.
import { hashOf } from './key-table.js';
import type { PlainKeys } from './plain-keys.js';

const FIRST_SLOTS = 64;
const MOST_LOAD = 0.7;

/** An open table of keys with their notes. Slots are looked at from outside: a slot whose first word is 0 is free. */
export class PlainLayer {
  /** Slots in use of `slots`, `words` of each. */
  count = 0;
  slots = FIRST_SLOTS;
  entries: Int32Array;
  /** The key that `add` is about. */
  readonly key: Int32Array;
  private readonly words: number;
  private readonly noteWord: number;
  private readonly noteShift: number;
  /** By word: the bits that are the key's. */
  private readonly care: Int32Array;

  constructor(keys: PlainKeys, tasks: number) {
    this.words = keys.words;
    this.key = new Int32Array(keys.words);
    this.entries = new Int32Array(FIRST_SLOTS * keys.words);
    this.noteWord = keys.noteWord;
    this.noteShift = keys.noteShift;
    this.care = new Int32Array(keys.words).fill(-1);
    this.care[keys.noteWord] = ~(((1 << tasks) - 1) << keys.noteShift);
  }

  /** Empties the layer and makes it ready for about so many keys. */
  clear(keys: number): void {
    let slots = FIRST_SLOTS;
    while (slots * MOST_LOAD < keys) slots *= 2;
    if (slots * this.words > this.entries.length) this.entries = new Int32Array(slots * this.words);
    else this.entries.fill(0, 0, slots * this.words);
    this.slots = slots;
    this.count = 0;
  }

  /** The key of a slot, without its note, to `key`; returns the note. */
  read(slot: number): number {
    const { key, words, care, entries, noteWord } = this;
    const at = slot * words;
    for (let i = 0; i < words; i++) key[i] = entries[at + i]! & care[i]!;
    return (entries[at + noteWord]! & ~care[noteWord]!) >>> this.noteShift;
  }

  /** All keys, without their notes, one after the other. */
  keys(): Int32Array {
    const list = new Int32Array(this.count * this.words);
    let at = 0;
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.entries[slot * this.words] === 0) continue;
      this.read(slot);
      list.set(this.key, at);
      at += this.words;
    }
    return list;
  }

  /** Adds a key with its note; if it is there, its note becomes what both have. */
  add(key: Int32Array, note: number): void {
    const { entries, words, care, noteWord, noteShift } = this;
    const mask = this.slots - 1;
    let slot = hashOf(key, 0, words) & mask;
    const first = key[0]!;
    const second = key[1]!;
    const firstCare = care[0]!;
    const secondCare = care[1]!;
    for (;;) {
      const at = slot * words;
      const here = entries[at]!;
      if (here === 0) break;
      if (
        (here & firstCare) === first &&
        (entries[at + 1]! & secondCare) === second &&
        (words === 2 || this.isRest(at, key))
      ) {
        entries[at + noteWord]! &= care[noteWord]! | (note << noteShift);
        return;
      }
      slot = (slot + 1) & mask;
    }
    const at = slot * words;
    for (let i = 0; i < words; i++) entries[at + i] = key[i]!;
    entries[at + noteWord]! |= note << noteShift;
    if (++this.count > this.slots * MOST_LOAD) this.grow();
  }

  private isRest(at: number, key: Int32Array): boolean {
    for (let i = 2; i < this.words; i++) if ((this.entries[at + i]! & this.care[i]!) !== key[i]) return false;
    return true;
  }

  private grow(): void {
    const { words, care } = this;
    const from = this.entries;
    const end = this.slots * words;
    this.slots *= 2;
    const mask = this.slots - 1;
    const entries = new Int32Array(this.slots * words);
    const key = new Int32Array(words);
    for (let source = 0; source < end; source += words) {
      if (from[source] === 0) continue;
      for (let i = 0; i < words; i++) key[i] = from[source + i]! & care[i]!;
      let slot = hashOf(key, 0, words) & mask;
      while (entries[slot * words] !== 0) slot = (slot + 1) & mask;
      for (let i = 0; i < words; i++) entries[slot * words + i] = from[source + i]!;
    }
    this.entries = entries;
  }
}
