// Exclusive walk: random schedules of programs of exclusive locks, with the coverage of their hand-offs, without allocating.

import { END, INNER, type PlainProgram, RELEASE, WRITE } from '../explore/plain-program.js';
import { COMPLETED, DEADLOCKED, type PlainWalk, STRANDED } from './plain-walk.js';

/** Slots of the coverage map: two bytes of a hash. */
export const FEATURES = 1 << 16;
/** Spreads the places of releases over the map; odd, near 2^16 over the golden ratio. */
const SPREAD = 40503;

/** By byte: bits that are set; by byte times 8, plus n: the place of its n-th bit that is set. */
const COUNTS = new Uint8Array(256);
const NTHS = new Uint8Array(256 * 8);
for (let byte = 0; byte < 256; byte++) {
  for (let bit = 0; bit < 8; bit++) {
    if ((byte & (1 << bit)) !== 0) NTHS[byte * 8 + COUNTS[byte]!++] = bit;
  }
}

/**
 * The loop of `FastWalk` for programs in which every lock is taken exclusively: then whoever waits for a lock can have it when
 * nobody has it. Feature of a walk: which release a taking of the lock followed (0: none).
 */
export class ExclusiveWalk implements PlainWalk {
  /** Transitions of the last walk: the first `length` are its schedule. */
  readonly schedule: Uint8Array;
  length = 0;
  /** Ops done in the last walk. */
  steps = 0;
  /** By slot: 1 if a walk had that feature. */
  readonly seen = new Uint8Array(FEATURES);
  /** Features that some walk had. */
  features = 0;
  /** By place: lock + 1 takes it, -(lock + 1) gives it back, 0 is the end. */
  private readonly op: Int32Array;
  private readonly first: Int32Array;
  private readonly at: Int32Array;
  private readonly owner: Int32Array;
  /** By lock: the place of its last release, or 0. */
  private readonly giver: Int32Array;
  /** By lock: mask of its waiters. */
  private readonly waiters: Int32Array;
  private readonly all: number;

  private constructor(program: PlainProgram) {
    const { tasks, locks, kind, lock } = program;
    // An inner holding is told from nothing: it gives back a lock that nobody takes.
    this.op = Int32Array.from(kind, (what, place) => {
      if (what === END) return 0;
      return what === WRITE ? lock[place]! + 1 : what === RELEASE ? ~lock[place]! : ~locks;
    });
    this.first = program.first;
    this.at = new Int32Array(tasks);
    this.owner = new Int32Array(locks + 1);
    this.giver = new Int32Array(locks + 1);
    this.waiters = new Int32Array(locks + 1);
    this.schedule = new Uint8Array(kind.length * 2);
    this.all = tasks === 31 ? 0x7fffffff : (1 << tasks) - 1;
  }

  /** A walk over the program, or null: some lock is taken for reading. */
  static of(program: PlainProgram): ExclusiveWalk | null {
    const { kind } = program;
    const fits = kind.every((what) => what === WRITE || what === RELEASE || what === INNER || what === END);
    return fits ? new ExclusiveWalk(program) : null;
  }

  /**
   * One walk from the start; says how it ended. `seed` is the state of a xorshift (13, 17, 5), not 0. `weighted`: by the
   * ops that each task has left, as `urw` does; otherwise uniformly.
   */
  run(seed: number, weighted: boolean): number {
    const { op, at, first, owner, giver, waiters, schedule, seen } = this;
    const counts = COUNTS;
    const nths = NTHS;
    for (let t = 0; t < at.length; t++) at[t] = first[t]!;
    for (let l = 0; l < owner.length; l++) {
      owner[l] = 0;
      giver[l] = 0;
      waiters[l] = 0;
    }
    const small = at.length <= 8;
    let able = this.all;
    let state = seed | 0;
    let length = 0;
    let steps = 0;
    let waiting = 0;
    let end = COMPLETED;
    while (able !== 0) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      let t: number;
      if (weighted) t = this.byWeight(able, state);
      else if (small) t = nths[(able << 3) | below(state, counts[able]!)]!;
      else t = pick(able, state);
      const bit = 1 << t;
      const place = at[t]!;
      const o = op[place]!;
      schedule[length++] = t;
      if (o < 0) {
        const l = ~o;
        owner[l] = 0;
        giver[l] = place;
        able |= waiters[l]!;
      } else {
        const l = o - 1;
        const holder = owner[l]!;
        if (holder !== 0) {
          waiters[l]! |= bit;
          able &= ~bit;
          waiting |= bit;
          let u = holder - 1;
          while (u !== t && (waiting & (1 << u)) !== 0) u = owner[op[at[u]!]! - 1]! - 1;
          if (u === t) {
            end = DEADLOCKED;
            break;
          }
          continue;
        }
        owner[l] = t + 1;
        const others = waiters[l]! & ~bit;
        waiters[l] = others;
        waiting &= ~bit;
        able &= ~others;
        const feature = (Math.imul(giver[l]!, SPREAD) ^ place) & (FEATURES - 1);
        if (seen[feature] === 0) {
          seen[feature] = 1;
          this.features++;
        }
      }
      at[t] = place + 1;
      steps++;
      if (op[place + 1] === 0) able &= ~bit;
    }
    this.length = length;
    this.steps = steps;
    return end === COMPLETED && waiting !== 0 ? STRANDED : end;
  }

  private byWeight(able: number, word: number): number {
    const { at, first } = this;
    let total = 0;
    for (let left = able; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      total += first[t + 1]! - 1 - at[t]!;
    }
    let ticket = Math.floor(((word >>> 0) / 0x100000000) * total);
    let task = 0;
    for (let left = able; left !== 0; left &= left - 1) {
      task = 31 - Math.clz32(left & -left);
      ticket -= first[task + 1]! - 1 - at[task]!;
      if (ticket < 0) break;
    }
    return task;
  }
}

/** A number below n, at most 2^15, as far along as the word is along its 32 bits: exactly floor(word * n / 2^32). */
function below(word: number, n: number): number {
  return (Math.imul(word >>> 16, n) + (Math.imul(word & 0xffff, n) >>> 16)) >>> 16;
}

/** The task of a mask that the word chooses, the lowest first. */
function pick(able: number, word: number): number {
  const count =
    COUNTS[able & 255]! + COUNTS[(able >>> 8) & 255]! + COUNTS[(able >>> 16) & 255]! + COUNTS[able >>> 24]!;
  let n = below(word, count);
  let left = able;
  let from = 0;
  while (n >= COUNTS[left & 255]!) {
    n -= COUNTS[left & 255]!;
    left >>>= 8;
    from += 8;
  }
  return from + NTHS[((left & 255) << 3) | n]!;
}
