// Plain program: a program that only takes and gives back locks, as tables of what each op comes to.
import type { Compiled } from '../model/compile.js';
import { OP_LOCK, OP_UNLOCK } from '../model/op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';

/** What the op at a place comes to, once the depth at which the task holds its lock is known. */
export const WRITE = 0;
export const READ = 1;
/** Gives back what was taken for writing. */
export const RELEASE = 2;
/** Gives back what was taken for reading. */
export const RELEASE_READ = 3;
/** Reads what the task reads already: nobody can be in the way. */
export const READ_AGAIN = 4;
/** Takes or gives back an inner holding: nothing changes for anybody. */
export const INNER = 5;
/** The end of the body. */
export const END = 6;

/**
 * Place `first[t] + pc` is where task t stands after `pc` ops; each body has one place more than ops, its end. Bodies are
 * straight lines, so what a task holds, and how, follows from its place.
 */
export interface PlainProgram {
  readonly tasks: number;
  readonly locks: number;
  /** First place of each task; one entry more than tasks. */
  readonly first: Int32Array;
  /** By place: one of the kinds above. */
  readonly kind: Uint8Array;
  /** By place: the lock; 0 at an end. */
  readonly lock: Int32Array;
  /** Words of a set of locks: lock l is bit l % 31 of word l / 31. Bit 31 of word 0 is no lock. */
  readonly lockWords: number;
  /** By place, `lockWords` of each: the locks held for writing there, and those held for reading. */
  readonly writing: Int32Array;
  readonly reading: Int32Array;
}

/** Locks in a word of a set of them. */
export const LOCKS_A_WORD = 31;

/**
 * The tables, or null: the program does more than take and give back mutexes, spinlocks, rwlocks and rwsems, or it matters
 * in it who waits: a reader that queues behind waiting writers, or a release of what is not held.
 */
export function plainProgram(c: Compiled): PlainProgram | null {
  const more = c.irqTasks !== 0 || c.forkable !== 0 || c.emptyTasks !== 0 || c.taskAfter.some((t) => t >= 0);
  if (more || c.hasContexts || c.tasks > 31) return null;
  const written = new Uint8Array(c.locks);
  const queued = new Uint8Array(c.locks);
  for (let g = 0; g < c.ops; g++) {
    const lock = c.opArg[g]!;
    if (c.opGuard[g] !== 0 || c.opTry[g] === 1) return null;
    if (c.opCode[g] !== OP_LOCK && c.opCode[g] !== OP_UNLOCK) return null;
    if (c.lockKind[lock] === 'rcu' || c.lockKind[lock] === 'srcu') return null;
    if (c.opBits[g]! & TAKES_EXCLUSIVELY) written[lock] = 1;
    if (c.opBits[g]! & WAITS_FOR_WAITING_WRITER) queued[lock] = 1;
  }
  if (written.some((yes, lock) => yes === 1 && queued[lock] === 1)) return null;
  const places = c.ops + c.tasks;
  const first = new Int32Array(c.tasks + 1);
  const kind = new Uint8Array(places);
  const lock = new Int32Array(places);
  const depth = new Int32Array(c.pairs);
  const writes = new Uint8Array(c.pairs);
  for (let t = 0; t < c.tasks; t++) {
    first[t + 1] = c.opBase[t + 1]! + t + 1;
    kind[first[t + 1]! - 1] = END;
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      const place = g + t;
      const pair = c.opPair[g]!;
      const held = depth[pair]!;
      lock[place] = c.opArg[g]!;
      if (c.opCode[g] === OP_UNLOCK) {
        if (held === 0) return null;
        kind[place] = held > 1 ? INNER : writes[pair] === 1 ? RELEASE : RELEASE_READ;
        depth[pair] = held - 1;
        continue;
      }
      const bits = c.opBits[g]!;
      const exclusive = (bits & TAKES_EXCLUSIVELY) !== 0;
      if (held > 0 && (bits & NESTS) !== 0 && (!exclusive || writes[pair] === 1)) kind[place] = INNER;
      else if (exclusive) kind[place] = WRITE;
      else kind[place] = held > 0 && writes[pair] === 0 ? READ_AGAIN : READ;
      if (held === 0) writes[pair] = exclusive ? 1 : 0;
      depth[pair] = held + 1;
    }
  }
  // One literal and no spread: see `translate` in engine/model/compile.ts.
  const { lockWords, writing, reading } = holdings(c, first, kind, lock);
  return { tasks: c.tasks, locks: c.locks, first, kind, lock, lockWords, writing, reading };
}

/** What is held at each place. */
function holdings(
  c: Compiled,
  first: Int32Array,
  kind: Uint8Array,
  lock: Int32Array,
): Pick<PlainProgram, 'lockWords' | 'writing' | 'reading'> {
  const lockWords = Math.max(1, Math.ceil(c.locks / LOCKS_A_WORD));
  const writing = new Int32Array(kind.length * lockWords);
  const reading = new Int32Array(kind.length * lockWords);
  for (let t = 0; t < c.tasks; t++) {
    for (let place = first[t]!; place + 1 < first[t + 1]!; place++) {
      const from = place * lockWords;
      writing.copyWithin(from + lockWords, from, from + lockWords);
      reading.copyWithin(from + lockWords, from, from + lockWords);
      const word = from + lockWords + Math.floor(lock[place]! / LOCKS_A_WORD);
      const bit = 1 << (lock[place]! % LOCKS_A_WORD);
      if (kind[place] === WRITE) writing[word]! |= bit;
      else if (kind[place] === READ) reading[word]! |= bit;
      else if (kind[place] === RELEASE) writing[word]! &= ~bit;
      else if (kind[place] === RELEASE_READ) reading[word]! &= ~bit;
    }
  }
  return { lockWords, writing, reading };
}

/** Whom each task stands behind, if they stand at these places: one mask for each. */
export function edgesAt(program: PlainProgram, at: Int32Array): Int32Array {
  const { kind, lock, lockWords, writing, reading } = program;
  return Int32Array.from({ length: program.tasks }, (_, t) => {
    const place = at[t]!;
    if (kind[place] !== WRITE && kind[place] !== READ) return 0;
    const word = Math.floor(lock[place]! / LOCKS_A_WORD);
    const bit = 1 << (lock[place]! % LOCKS_A_WORD);
    let mask = 0;
    for (let u = 0; u < program.tasks; u++) {
      const held = at[u]! * lockWords + word;
      if ((writing[held]! | (kind[place] === WRITE ? reading[held]! : 0)) & bit) mask |= 1 << u;
    }
    return mask;
  });
}
