// Plain sweep: every state of a plain program, layer by layer of steps done, keeping no more layers than it needs.
import type { PlainKeys } from './plain-keys.js';
import { PlainLayer } from './plain-layer.js';
import { LOCKS_A_WORD, type PlainProgram, READ, WRITE } from './plain-program.js';

/** No lock: set in every set of held locks, and what the end of a body asks for. */
const NEVER = 1 << 31;

/** What a sweep covers. */
export interface SweepLimits {
  /** Most states. */
  readonly states: number;
  /** By task: the place at which it stops; null: the end of its body. */
  readonly upTo: Int32Array | null;
  /** Layers that were passed are kept while they hold no more states in all: then `pathTo` can tell the way. */
  readonly keep: number;
}

/**
 * A step leads from one layer to the next, so states need only be told apart within a layer: the sweep-line method (S.
 * Christensen, L. M. Kristensen, T. Mailund, "A Sweep-Line Method for State Space Exploration", TACAS 2001) with the number
 * of steps as progress. Sleep sets (P. Godefroid, LNCS 1032) leave out steps, no states: of the orders of steps that commute
 * the one that comes first is gone. All ways into a state have come before it is gone on from, so what sleeps there is
 * what sleeps by all of them.
 */
export class PlainSweep {
  steps = 0;
  /** True if there are more states than the limit. */
  full = false;
  /** By task: its place in the state that is looked at. */
  readonly at: Int32Array;
  /** States of the layers that are done. */
  private done = 0;
  /** The layers that were kept, keys only, from the first on; null once they were too many. */
  private layers: Int32Array[] | null = [];
  private from: PlainLayer;
  private into: PlainLayer;
  private slot = 0;
  private readonly upTo: Int32Array;
  /** By place: the lock that nobody may hold for the next op, and the one that nobody may hold for writing. */
  private readonly wants: Int32Array;
  private readonly wantsShared: Int32Array;
  private readonly wantsWord: Int32Array;
  private readonly held: Int32Array;
  private readonly writing: Int32Array;

  constructor(
    private readonly program: PlainProgram,
    private readonly keys: PlainKeys,
    private readonly limits: SweepLimits,
  ) {
    const { tasks, kind, lock, first, lockWords } = program;
    this.at = first.slice(0, tasks);
    this.upTo = limits.upTo ?? first.slice(1).map((next) => next - 1);
    this.wants = new Int32Array(kind.length);
    this.wantsShared = new Int32Array(kind.length);
    this.wantsWord = lock.map((l) => Math.floor(l / LOCKS_A_WORD));
    for (let place = 0; place < kind.length; place++) {
      const bit = 1 << (lock[place]! % LOCKS_A_WORD);
      if (kind[place] === WRITE) this.wants[place] = bit;
      else if (kind[place] === READ) this.wantsShared[place] = bit;
    }
    for (const place of this.upTo) {
      this.wants[place] = NEVER;
      this.wantsWord[place] = 0;
    }
    this.held = new Int32Array(lockWords);
    this.writing = new Int32Array(lockWords);
    this.from = new PlainLayer(keys, tasks);
    this.into = new PlainLayer(keys, tasks);
    this.into.key[0] = 1;
    this.into.add(this.into.key, 0);
    this.turn();
  }

  /** States seen so far. */
  get states(): number {
    return this.done + this.into.count;
  }

  /** Looks at so many slots more; false: the sweep is over. `onEnd`: nobody can move, the tasks stand at `at`. */
  advance(slots: number, onEnd: () => void): boolean {
    const { from, into } = this;
    const { wordOf, shift, words } = this.keys;
    const { key } = from;
    const until = Math.min(from.slots, this.slot + slots);
    let { steps } = this;
    for (let slot = this.slot; slot < until; slot++) {
      if (from.entries[slot * words] === 0) continue;
      const note = from.read(slot);
      const able = this.ableAt(key);
      if (able === 0) onEnd();
      // Who could step before and still can does not depend on what was done.
      let sleeping = note & able;
      for (let todo = able & ~sleeping; todo !== 0; ) {
        const t = 31 - Math.clz32(todo);
        todo ^= 1 << t;
        key[wordOf[t]!]! += 1 << shift[t]!;
        into.add(key, sleeping);
        key[wordOf[t]!]! -= 1 << shift[t]!;
        sleeping |= 1 << t;
        steps++;
      }
    }
    this.steps = steps;
    this.slot = until;
    if (this.states > this.limits.states) {
      this.full = true;
      return false;
    }
    return until < from.slots || this.turn();
  }

  /** The tasks that step, one after the other, on a way to these places, which were reached; null: the layers are gone. */
  pathTo(places: Int32Array): number[] | null {
    if (this.layers === null) return null;
    const { words, wordOf, shift } = this.keys;
    const { first } = this.program;
    const left = Int32Array.from(places, (place, t) => place - first[t]!);
    const key = new Int32Array(words);
    key[0] = 1;
    left.forEach((steps, t) => {
      key[wordOf[t]!]! += steps << shift[t]!;
    });
    const path: number[] = [];
    for (let d = left.reduce((sum, steps) => sum + steps, 0); d > 0; d--) {
      const layer = this.layers[d - 1];
      const t = left.findIndex((steps, u) => {
        if (steps === 0 || layer === undefined) return false;
        key[wordOf[u]!]! -= 1 << shift[u]!;
        const was = holds(layer, key);
        if (!was) key[wordOf[u]!]! += 1 << shift[u]!;
        return was;
      });
      if (t < 0) throw new Error('no state before one that was reached');
      left[t]!--;
      path.push(t);
    }
    return path.reverse();
  }

  /** Takes the key apart to `at`; returns who can step. */
  private ableAt(key: Int32Array): number {
    const { at, wants, wantsShared, wantsWord, held, writing } = this;
    const { wordOf, shift, ones } = this.keys;
    const { first, lockWords } = this.program;
    const tasks = at.length;
    let able = 0;
    if (lockWords === 1) {
      const writes = this.program.writing;
      const reads = this.program.reading;
      let write = NEVER;
      let read = 0;
      for (let t = 0; t < tasks; t++) {
        const place = first[t]! + ((key[wordOf[t]!]! >>> shift[t]!) & ones[t]!);
        at[t] = place;
        write |= writes[place]!;
        read |= reads[place]!;
      }
      read |= write;
      for (let t = 0; t < tasks; t++) {
        const place = at[t]!;
        if (((wants[place]! & read) | (wantsShared[place]! & write)) === 0) able |= 1 << t;
      }
      return able;
    }
    held.fill(0);
    writing.fill(0);
    writing[0] = NEVER;
    for (let t = 0; t < tasks; t++) {
      const place = first[t]! + ((key[wordOf[t]!]! >>> shift[t]!) & ones[t]!);
      at[t] = place;
      for (let i = 0; i < lockWords; i++) {
        writing[i]! |= this.program.writing[place * lockWords + i]!;
        held[i]! |= this.program.reading[place * lockWords + i]!;
      }
    }
    for (let t = 0; t < tasks; t++) {
      const place = at[t]!;
      const word = wantsWord[place]!;
      const write = writing[word]!;
      if (((wants[place]! & (held[word]! | write)) | (wantsShared[place]! & write)) === 0) able |= 1 << t;
    }
    return able;
  }

  /** The layer that was made is the next to look at; false: it is empty. */
  private turn(): boolean {
    const { into } = this;
    if (into.count === 0) return false;
    this.done += into.count;
    this.into = this.from;
    this.from = into;
    this.into.clear(into.count);
    this.slot = 0;
    if (this.done > this.limits.keep) this.layers = null;
    this.layers?.push(into.keys());
    return true;
  }
}

/** True if the key is one of the list. */
function holds(list: Int32Array, key: Int32Array): boolean {
  const words = key.length;
  const first = key[0]!;
  for (let at = 0; at < list.length; at += words) {
    if (list[at] !== first) continue;
    let i = 1;
    while (i < words && list[at + i] === key[i]) i++;
    if (i === words) return true;
  }
  return false;
}
