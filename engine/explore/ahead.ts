// Ahead: what each task still does to a lock, flag or task before somebody else has to move, from tables made before a search.
import type { Compiled } from '../model/compile.js';
import type { Core } from '../model/core.js';
import {
  OP_CLEAR,
  OP_DOWN,
  OP_FORK,
  OP_JOIN,
  OP_LOCK,
  OP_REQUIRE_CLEAR,
  OP_REQUIRE_SET,
  OP_SET,
  OP_SIGNAL,
  OP_SIGNAL_ALL,
  OP_SYNC,
  OP_UP,
  OP_WAIT,
} from '../model/op-codes.js';
import {
  TAKES_EXCLUSIVELY,
  WAITS_FOR_EXCLUSIVE,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from '../model/rules.js';

/** Sorts of deeds. Any op on a lock: */
export const USE = 0;
/** Taking it, or waiting for a signal. */
export const TAKE = 1;
export const ATTEMPT = 2;
/** Taking it exclusively. */
export const WRITE = 3;
/** Asking for it behind waiting writers. */
export const QUEUE = 4;
export const SYNC = 5;
/** Taking it, or waiting for it, behind a guard: who waits is past the guard. */
export const GUARDED = 6;
/** Joining a task, and doing so behind a guard. */
export const JOIN = 7;
export const GUARDED_JOIN = 8;
export const FORK = 9;
export const FLAG_SET = 10;
export const FLAG_CLEAR = 11;
export const FLAG_READ = 12;
/** Giving back a unit of a semaphore, or signalling. */
export const GIVE = 13;
/** How many sorts there are. */
export const SORTS = 14;

/** Ops that are looked through for what holds a task up; beyond, it is taken to come by. */
export const FAR = 96;

/** What the tasks of a machine still do. */
export class Ahead {
  private readonly c: Compiled;
  /** Locks, flags or tasks, whichever are most. */
  private readonly things: number;
  /** By sort, thing and task, in one: the last op (from 0) of the task's body that does so, or -1. */
  private readonly last: Int32Array;
  /** By sort and thing: the tasks that do so somewhere, as a mask. */
  private readonly doers: Int32Array;
  /** By op: the sorts of what it does to `opArg`, as a mask. */
  private readonly does: Int32Array;

  constructor(private readonly m: Core) {
    const c = m.compiled;
    this.c = c;
    this.things = Math.max(c.locks, c.flags, c.tasks);
    this.last = new Int32Array(SORTS * this.things * c.tasks).fill(-1);
    this.doers = new Int32Array(SORTS * this.things);
    this.does = new Int32Array(c.ops);
    for (let t = 0; t < c.tasks; t++) {
      for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
        const i = g - c.opBase[t]!;
        const sorts = sortsOf(c, g);
        this.does[g] = sorts;
        for (let sort = 0; sort < SORTS; sort++) {
          if (sorts & (1 << sort)) this.note(sort, c.opArg[g]!, t, i);
        }
        if (c.opGuard[g] !== 0) this.note(FLAG_READ, flagOf(c, g), t, i);
      }
    }
  }

  private note(sort: number, thing: number, t: number, op: number): void {
    const at = sort * this.things + thing;
    this.last[at * this.c.tasks + t] = op;
    this.doers[at]! |= 1 << t;
  }

  /** The tasks that do that to the thing somewhere, done already or not, as a mask. */
  doing(sort: number, thing: number): number {
    return this.doers[sort * this.things + thing]!;
  }

  /** True if task `u`, standing at its op `from`, does that to the thing there or behind. */
  still(sort: number, thing: number, u: number, from: number): boolean {
    return this.last[(sort * this.things + thing) * this.c.tasks + u]! >= from;
  }

  /**
   * The same, as far as it can come while the tasks of the mask stay where they are: not past an op that needs a lock
   * that one of them holds, and that holder alone can give back; nor past the end of one of them.
   */
  reaches(sort: number, thing: number, u: number, from: number, staying: number): boolean {
    if (!this.still(sort, thing, u, from)) return false;
    const { c, m, does } = this;
    const { layout: at, stateWords: s } = m;
    const unended = staying & ~s[at.ended]!;
    const after = c.taskAfter[u]!;
    if (after >= 0 && unended & (1 << after)) return false;
    const first = c.opBase[u]! + from;
    const end = Math.min(c.opBase[u + 1]!, first + FAR);
    // A failed attempt goes on behind its section: what stands between need not be passed.
    let passed = first;
    for (let g = first; g < end; g++) {
      if (does[g]! & (1 << sort) && c.opArg[g] === thing) return true;
      if (c.opGuard[g] !== 0) {
        if (sort === FLAG_READ && flagOf(c, g) === thing) return true;
        continue;
      }
      const arg = c.opArg[g]!;
      const code = c.opCode[g];
      if (code === OP_JOIN && unended & (1 << arg) && g >= passed) return false;
      if (c.opTry[g] === 1) passed = Math.max(passed, c.opBase[u]! + c.opSkip[g]!);
      if (code !== OP_LOCK || c.opTry[g] === 1 || g < passed) continue;
      const bits = c.opBits[g]!;
      const owner = s[at.owner + arg]!;
      if (bits & WAITS_FOR_EXCLUSIVE && owner !== 0 && staying & (1 << (owner - 1))) return false;
      if (bits & WAITS_FOR_READERS && s[at.readers + arg]! & staying) return false;
    }
    return true;
  }
}

function flagOf(c: Compiled, g: number): number {
  return Math.abs(c.opGuard[g]!) - 1;
}

/** What op `g` does to its `opArg`: sorts, as a mask. */
export function sortsOf(c: Compiled, g: number): number {
  const guarded = c.opGuard[g] !== 0;
  let sorts = c.opPair[g]! >= 0 ? (1 << USE) | (guarded ? 1 << GUARDED : 0) : 0;
  switch (c.opCode[g]) {
    case OP_LOCK:
    case OP_DOWN:
      sorts |= 1 << TAKE;
      if (c.opTry[g] === 1) sorts |= 1 << ATTEMPT;
      if (c.opBits[g]! & TAKES_EXCLUSIVELY) sorts |= 1 << WRITE;
      if (c.opBits[g]! & WAITS_FOR_WAITING_WRITER) sorts |= 1 << QUEUE;
      return sorts;
    case OP_WAIT:
      return sorts | (1 << TAKE);
    case OP_SYNC:
      return sorts | (1 << SYNC);
    case OP_UP:
    case OP_SIGNAL:
    case OP_SIGNAL_ALL:
      return sorts | (1 << GIVE);
    case OP_SET:
      return sorts | (1 << FLAG_SET);
    case OP_CLEAR:
      return sorts | (1 << FLAG_CLEAR);
    case OP_REQUIRE_SET:
    case OP_REQUIRE_CLEAR:
      return sorts | (1 << FLAG_READ);
    case OP_JOIN:
      return sorts | (1 << JOIN) | (guarded ? 1 << GUARDED_JOIN : 0);
    case OP_FORK:
      return sorts | (1 << FORK);
    default:
      return sorts;
  }
}
