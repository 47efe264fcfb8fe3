// Plain reduction: the closed sets of reduction.ts for plain programs, from masks that are kept as the run moves.
import type { Compiled } from '../model/compile.js';
import { OP_LOCK } from '../model/op-codes.js';
import { TAKES_EXCLUSIVELY } from '../model/rules.js';
import { FAR } from './ahead.js';
import { ClosedSets, type Demands } from './closed-sets.js';
import { leafOps } from './leaf-locks.js';
import { type PlainProgram, READ, READ_AGAIN, WRITE } from './plain-program.js';
import type { PlainRun } from './plain-run.js';

const USED_LAST = 1;
const WRITTEN_LAST = 2;

/**
 * Chooses as `Reduction` does, task for task: which that is, is argued there. Who still uses a lock is one mask for each
 * lock; a step changes it only where it is its task's last one on the lock.
 */
export class PlainReduction implements Demands {
  /** By lock: tasks that still have an op on it, and those that still take it for writing. */
  private readonly users: Int32Array;
  private readonly writers: Int32Array;
  /** By place: whether the op is its task's last on the lock, and its last that takes it for writing. */
  private readonly last: Uint8Array;
  private readonly leaf: Uint8Array;
  /** By place: 1 if the op takes its lock for writing. */
  private readonly takes: Uint8Array;
  private readonly closedSets: ClosedSets;
  private readonly kind: Uint8Array;
  private readonly lock: Int32Array;

  constructor(
    c: Compiled,
    program: PlainProgram,
    private readonly run: PlainRun,
  ) {
    this.kind = program.kind;
    this.lock = program.lock;
    this.users = new Int32Array(program.locks);
    this.writers = new Int32Array(program.locks);
    this.last = new Uint8Array(program.kind.length);
    this.leaf = new Uint8Array(program.kind.length);
    this.takes = new Uint8Array(program.kind.length);
    this.closedSets = new ClosedSets(program.tasks, this);
    const leaf = leafOps(c);
    for (let t = 0; t < program.tasks; t++) {
      for (let place = program.first[t + 1]! - 2; place >= program.first[t]!; place--) {
        const l = program.lock[place]!;
        if ((this.users[l]! & (1 << t)) === 0) this.last[place]! |= USED_LAST;
        this.users[l]! |= 1 << t;
        // An inner taking counts too: `ahead.ts` looks at ops, not at what they come to.
        if (c.opCode[place - t] !== OP_LOCK || (c.opBits[place - t]! & TAKES_EXCLUSIVELY) === 0) continue;
        this.takes[place] = 1;
        if ((this.writers[l]! & (1 << t)) === 0) this.last[place]! |= WRITTEN_LAST;
        this.writers[l]! |= 1 << t;
      }
      for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) this.leaf[g + t] = leaf[g]!;
    }
  }

  /** Task `t` has gone past the place. */
  passed(t: number, place: number): void {
    const last = this.last[place]!;
    if (last === 0) return;
    if (last & USED_LAST) this.users[this.lock[place]!]! &= ~(1 << t);
    if (last & WRITTEN_LAST) this.writers[this.lock[place]!]! &= ~(1 << t);
  }

  /** Task `t` stands at the place again. */
  backAt(t: number, place: number): void {
    const last = this.last[place]!;
    if (last === 0) return;
    if (last & USED_LAST) this.users[this.lock[place]!]! |= 1 << t;
    if (last & WRITTEN_LAST) this.writers[this.lock[place]!]! |= 1 << t;
  }

  /** One task that alone is a closed set and can move, or -1; `last` is looked at first. */
  single(last: number): number {
    const { able } = this.run;
    if (last >= 0 && able & (1 << last) && this.isSingle(last)) return last;
    for (let left = able; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      if (t !== last && this.isSingle(t)) return t;
    }
    return -1;
  }

  /** The able tasks of the smallest closed set that was found; somebody must be able. */
  persistent(): number {
    return this.closedSets.smallest(this.run.able);
  }

  /** Of those tasks the ones that come to an op on the lock, or to one that writes it, before `t` moves: as `Ahead.reaches`. */
  private coming(tasks: number, l: number, writing: boolean, t: number): number {
    const { kind, lock, takes } = this;
    const { at, owner, readers, ended } = this.run;
    const staying = ended | (1 << t);
    let mask = 0;
    for (let left = tasks; left !== 0; left &= left - 1) {
      const u = 31 - Math.clz32(left & -left);
      const end = at[u]! + FAR;
      for (let place = at[u]!; ; place++) {
        const here = lock[place]!;
        // Who is among `tasks` has such an op before its end.
        if (place === end || (here === l && (!writing || takes[place] === 1))) {
          mask |= 1 << u;
          break;
        }
        const holder = owner[here]!;
        if (kind[place] === WRITE) {
          if (readers[here]! & staying || (holder !== 0 && staying & (1 << (holder - 1)))) break;
        } else if (kind[place] === READ && holder !== 0 && staying & (1 << (holder - 1))) break;
      }
    }
    return mask;
  }

  private isSingle(t: number): boolean {
    return this.leaf[this.run.at[t]!] === 1 || this.neededBy(t) === 0;
  }

  /** The tasks that have to be in a closed set with `t`. */
  neededBy(t: number): number {
    const place = this.run.at[t]!;
    const l = this.lock[place]!;
    const bit = 1 << t;
    const owner = this.run.owner[l]!;
    switch (this.kind[place]) {
      case WRITE: {
        if (owner !== 0) return (1 << (owner - 1)) & ~bit;
        const readers = this.run.readers[l]!;
        if (readers !== 0) return readers & bit ? 0 : readers & -readers;
        return this.coming(this.users[l]! & ~bit, l, false, t);
      }
      case READ:
        if (owner !== 0) return (1 << (owner - 1)) & ~bit;
        return this.coming(this.writers[l]! & ~bit, l, true, t);
      case READ_AGAIN:
        return this.coming(this.writers[l]! & ~bit, l, true, t);
      default:
        // What is given back lets others go on, and keeps nobody from anything.
        return 0;
    }
  }
}
