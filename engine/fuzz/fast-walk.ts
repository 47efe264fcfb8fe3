// Fast walk: random schedules of straight-line lock programs, by masks, without allocating.

import { plainProgram } from '../explore/plain-program.js';
import type { Compiled } from '../model/compile.js';
import { OP_LOCK, OP_UNLOCK } from '../model/op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';
import { ExclusiveWalk } from './exclusive-walk.js';
import { BROKEN, COMPLETED, DEADLOCKED, type PlainWalk, STRANDED } from './plain-walk.js';

/** What an op comes to, once the depth at which the task holds its lock is known. */
const WRITE = 0;
const READ = 1;
/** Reads, but waits for waiting writers too. */
const QUEUED_READ = 2;
const RELEASE = 3;
/** Takes or gives back an inner holding: nothing changes for anybody. */
const INNER = 4;
/** Gives back what is not held. */
const STRAY = 5;

/** The fastest walk that the program admits, or null: it does more than take and give back locks. */
export function plainWalk(c: Compiled): PlainWalk | null {
  const program = plainProgram(c);
  return (program === null ? null : ExclusiveWalk.of(program)) ?? FastWalk.of(c);
}

/**
 * Walks where `machine.ts` would, choice for choice, under the schedulers `random` and `urw`. A task that has not
 * attempted its next op can always act; a waiter only once it can have its lock: so sets are only touched where a lock
 * changes hands. Which holdings are inner ones follows from the body alone and is settled before the first walk.
 */
export class FastWalk implements PlainWalk {
  /** Transitions of the last walk: the first `length` are its schedule. */
  readonly schedule: Uint8Array;
  length = 0;
  /** Ops done in the last walk. */
  steps = 0;
  private readonly tasks: number;
  private readonly base: Int32Array;
  private readonly kind: Uint8Array;
  private readonly lock: Int32Array;
  private readonly pc: Int32Array;
  private readonly owner: Int32Array;
  private readonly readers: Int32Array;
  private readonly writersWaiting: Int32Array;
  /** By lock: mask of its waiters. */
  private readonly waiters: Int32Array;
  private able = 0;

  private constructor(c: Compiled) {
    this.tasks = c.tasks;
    this.base = c.opBase;
    this.lock = c.opArg;
    this.kind = kindsOf(c);
    this.schedule = new Uint8Array(c.ops * 2);
    this.pc = new Int32Array(c.tasks);
    this.owner = new Int32Array(c.locks);
    this.readers = new Int32Array(c.locks);
    this.writersWaiting = new Int32Array(c.locks);
    this.waiters = new Int32Array(c.locks);
  }

  /** A walk over the program, or null: it does more than take and give back locks. */
  static of(c: Compiled): FastWalk | null {
    const more =
      c.irqTasks !== 0 || c.forkable !== 0 || c.emptyTasks !== 0 || c.taskAfter.some((t) => t >= 0);
    if (more) return null;
    for (let g = 0; g < c.ops; g++) {
      if (c.opGuard[g] !== 0 || c.opTry[g] === 1) return null;
      if (c.opCode[g] !== OP_LOCK && c.opCode[g] !== OP_UNLOCK) return null;
      const kind = c.lockKind[c.opArg[g]!];
      if (kind === 'rcu' || kind === 'srcu') return null;
    }
    return new FastWalk(c);
  }

  /**
   * One walk from the start; says how it ended. `seed` is the state of a xorshift (13, 17, 5), not 0. `weighted`: by the
   * ops that each task has left, as `urw` does; otherwise uniformly.
   */
  run(seed: number, weighted: boolean): number {
    const { base, pc, schedule, kind, lock, owner, readers, writersWaiting, waiters } = this;
    this.begin();
    let state = seed | 0;
    let length = 0;
    let steps = 0;
    let end = COMPLETED;
    let waiting = 0;
    while (this.able !== 0) {
      const { able } = this;
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const chance = (state >>> 0) / 0x100000000;
      const t = weighted ? this.byWeight(chance) : nth(able, (chance * popCount(able)) | 0);
      const bit = 1 << t;
      schedule[length++] = t;
      const g = base[t]! + pc[t]!;
      const what = kind[g]!;
      const l = lock[g]!;
      if (what === RELEASE) {
        if (owner[l] === t + 1) owner[l] = 0;
        else readers[l]! &= ~bit;
        if (waiters[l] !== 0) this.lookAgain(l);
      } else if (what === STRAY) {
        end = BROKEN;
        break;
      } else if (what !== INNER) {
        if (!this.isFree(t, l, what)) {
          waiting |= bit;
          waiters[l]! |= bit;
          this.able &= ~bit;
          if (what === WRITE) {
            writersWaiting[l]! |= bit;
            this.lookAgain(l);
          }
          if (this.waitsForItself(t, waiting)) {
            end = DEADLOCKED;
            break;
          }
          continue;
        }
        waiting &= ~bit;
        if (what === WRITE) owner[l] = t + 1;
        else readers[l]! |= bit;
        if (waiters[l] !== 0) {
          writersWaiting[l]! &= ~bit;
          waiters[l]! &= ~bit;
          this.lookAgain(l);
        }
      }
      steps++;
      pc[t]!++;
      if (g + 1 === base[t + 1]!) this.able &= ~bit;
    }
    if (end === COMPLETED && waiting !== 0) end = STRANDED;
    this.length = length;
    this.steps = steps;
    return end;
  }

  private begin(): void {
    this.pc.fill(0);
    this.owner.fill(0);
    this.readers.fill(0);
    this.writersWaiting.fill(0);
    this.waiters.fill(0);
    this.able = this.tasks === 31 ? 0x7fffffff : (1 << this.tasks) - 1;
  }

  private isFree(t: number, lock: number, kind: number): boolean {
    if (this.owner[lock] !== 0) return false;
    if (kind === WRITE) return this.readers[lock] === 0;
    return kind === READ || (this.writersWaiting[lock]! & ~(1 << t)) === 0;
  }

  /** The lock has changed: which of its waiters can have it now. */
  private lookAgain(lock: number): void {
    for (let left = this.waiters[lock]!; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      if (this.isFree(t, lock, this.kind[this.base[t]! + this.pc[t]!]!)) this.able |= 1 << t;
      else this.able &= ~(1 << t);
    }
  }

  private blockers(t: number): number {
    const g = this.base[t]! + this.pc[t]!;
    const lock = this.lock[g]!;
    const owner = this.owner[lock]!;
    let mask = owner === 0 ? 0 : 1 << (owner - 1);
    if (this.kind[g] === WRITE) mask |= this.readers[lock]!;
    else if (this.kind[g] === QUEUED_READ) mask |= this.writersWaiting[lock]! & ~(1 << t);
    return mask;
  }

  private waitsForItself(t: number, waiting: number): boolean {
    let reached = this.blockers(t);
    let open = reached & waiting;
    while (open !== 0 && (reached & (1 << t)) === 0) {
      const u = 31 - Math.clz32(open & -open);
      open &= open - 1;
      const more = this.blockers(u) & ~reached;
      reached |= more;
      open |= more & waiting;
    }
    return (reached & (1 << t)) !== 0;
  }

  private byWeight(chance: number): number {
    const { base, pc } = this;
    let total = 0;
    for (let left = this.able; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      total += base[t + 1]! - base[t]! - pc[t]!;
    }
    let ticket = Math.floor(chance * total);
    let task = 0;
    for (let left = this.able; left !== 0; left &= left - 1) {
      task = 31 - Math.clz32(left & -left);
      ticket -= base[task + 1]! - base[task]! - pc[task]!;
      if (ticket < 0) break;
    }
    return task;
  }
}

/** The place of the n-th bit that is set, from 0, the lowest first. */
function nth(mask: number, n: number): number {
  let left = mask;
  for (let i = n; i > 0; i--) left &= left - 1;
  return 31 - Math.clz32(left & -left);
}

function popCount(mask: number): number {
  let n = mask - ((mask >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** What each op comes to. Bodies are straight lines, so the depth before an op is that of every run. */
function kindsOf(c: Compiled): Uint8Array {
  const kinds = new Uint8Array(c.ops);
  const depth = new Int32Array(c.pairs);
  const writes = new Uint8Array(c.pairs);
  for (let g = 0; g < c.ops; g++) {
    const pair = c.opPair[g]!;
    const held = depth[pair]!;
    if (c.opCode[g] === OP_UNLOCK) {
      kinds[g] = held === 0 ? STRAY : held === 1 ? RELEASE : INNER;
      if (held > 0) depth[pair]!--;
      continue;
    }
    const bits = c.opBits[g]!;
    const exclusive = (bits & TAKES_EXCLUSIVELY) !== 0;
    if (held > 0 && (bits & NESTS) !== 0 && (!exclusive || writes[pair] === 1)) kinds[g] = INNER;
    else if (exclusive) kinds[g] = WRITE;
    else kinds[g] = (bits & WAITS_FOR_WAITING_WRITER) !== 0 ? QUEUED_READ : READ;
    if (held === 0) writes[pair] = exclusive ? 1 : 0;
    depth[pair]!++;
  }
  return kinds;
}
