// Reduction: which tasks a search has to move first in a state, so that every end without a move is still reached.

import { isFree, released } from '../model/blocking.js';
import { type Compiled, LEVEL_HARD, LEVEL_TASK } from '../model/compile.js';
import { FOR_EVER } from '../model/core.js';
import { flagIsSet, guardHolds } from '../model/effects.js';
import { handlersOver } from '../model/interrupts.js';
import type { Machine } from '../model/machine.js';
import {
  OP_BH_OFF,
  OP_BH_ON,
  OP_CLEAR,
  OP_DOWN,
  OP_FORK,
  OP_IRQS_OFF,
  OP_IRQS_ON,
  OP_JOIN,
  OP_LOCK,
  OP_REQUIRE_CLEAR,
  OP_REQUIRE_SET,
  OP_SET,
  OP_SIGNAL,
  OP_SIGNAL_ALL,
  OP_SYNC,
  OP_UNLOCK,
  OP_UP,
  OP_WAIT,
} from '../model/op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY, WAITS_FOR_EXCLUSIVE, WAITS_FOR_READERS } from '../model/rules.js';
import {
  Ahead,
  ATTEMPT,
  FLAG_CLEAR,
  FLAG_READ,
  FLAG_SET,
  FORK,
  GIVE,
  GUARDED,
  GUARDED_JOIN,
  JOIN,
  QUEUE,
  SYNC,
  TAKE,
  USE,
  WRITE,
} from './ahead.js';
import { ClosedSets, type Demands } from './closed-sets.js';
import { leafOps, quietHandlers } from './leaf-locks.js';

/**
 * Persistent sets (P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", LNCS 1032, 1996) with
 * the enabling sets of A. Valmari's stubborn sets ("Stubborn Sets for Reduced State Space Generation", 1989), by task. A set
 * of tasks is closed if for each of them it holds every other task that still does, anywhere ahead, something that does not
 * commute with its next transition, and, if it cannot move, some without whom it never can (docs/adr/0125). Moving only
 * the tasks of a closed set that can move reaches every state in which nobody can. State graphs have no cycles here: every
 * transition goes on.
 */
export class Reduction implements Demands {
  private readonly c: Compiled;
  private readonly ahead: Ahead;
  private readonly leaf: Uint8Array;
  /** Irq tasks that can as well come at the very beginning: see `quietHandlers`. */
  readonly quiet: number;
  /** By op: 1 if becoming a waiter for it changes what the task waits for, whoever comes. */
  private readonly waits: Uint8Array;
  private readonly closedSets: ClosedSets;
  /** `exposed` of the state that is looked at. */
  private exposedNow = 0;
  /** Asked is only whether a task needs anybody: then the first that it needs will do. */
  private oneIsEnough = false;
  /** `stayingWith` of the task that is looked at. */
  private staying = 0;
  /** By task: its pairs. */
  private readonly pairsOf: readonly Int32Array[];
  /** Tasks that others join or start behind, as a mask. */
  private readonly waitedFor: number;

  constructor(private readonly m: Machine) {
    const c = m.compiled;
    this.c = c;
    this.ahead = new Ahead(m);
    this.pairsOf = Array.from({ length: c.tasks }, (_, t) =>
      Int32Array.from(Array.from(c.pairTask.keys()).filter((p) => c.pairTask[p] === t)),
    );
    let waitedFor = 0;
    for (let t = 0; t < c.tasks; t++) {
      if (this.ahead.doing(JOIN, t) !== 0 || c.taskAfter.includes(t)) waitedFor |= 1 << t;
    }
    this.waitedFor = waitedFor;
    this.leaf = leafOps(c);
    this.quiet = quietHandlers(c, this.leaf);
    this.closedSets = new ClosedSets(c.tasks, this);
    this.waits = new Uint8Array(c.ops);
    for (let g = 0; g < c.ops; g++) {
      if (c.opGuard[g] !== 0 || c.opCode[g] === OP_SYNC) this.waits[g] = 1;
    }
  }

  /** True if readers queue, somewhere, behind who waits for what op `g` takes. */
  private isSeen(g: number): boolean {
    const { c } = this;
    const writes = c.opCode[g] === OP_LOCK && (c.opBits[g]! & TAKES_EXCLUSIVELY) !== 0;
    return writes && this.ahead.doing(QUEUE, c.opArg[g]!) !== 0;
  }

  /** The tasks that can move: do an op, become a waiter where that matters, or begin as an interrupt. */
  movable(): number {
    const { c, m } = this;
    const steps = m.stepMask();
    const exposed = this.exposed();
    this.exposedNow = exposed;
    let mask = steps;
    for (let left = m.actMask() & ~steps; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      const g = this.next(t);
      if (exposed & (1 << t) || this.waits[g] === 1) mask |= 1 << t;
      else if (this.isSeen(g) && this.isStillDone(QUEUE, c.opArg[g]!)) mask |= 1 << t;
      else if (c.taskLevel[t] !== LEVEL_TASK && !m.hasBegun(t)) mask |= 1 << t;
    }
    return mask;
  }

  /**
   * The tasks over which an interrupt that has not begun may still come. A handler that comes and stays leaves them
   * standing if they have begun, if only to wait: so of these becoming a waiter is a move, and whoever could give them
   * what they would wait for does not commute with it.
   */
  private exposed(): number {
    const { c, m } = this;
    if (c.irqTasks === 0) return 0;
    const left = ~(this.gone() | m.stateWords[m.layout.begun]!) & c.irqTasks;
    let mask = 0;
    for (let t = 0; t < c.tasks; t++) {
      if (c.taskLevel[t] === LEVEL_HARD) continue;
      const cpu = m.cpuOfTask(t);
      for (let open = left & ~(1 << t); open !== 0; open &= open - 1) {
        const u = 31 - Math.clz32(open & -open);
        if (c.taskLevel[u] !== LEVEL_HARD && c.taskLevel[t] !== LEVEL_TASK) continue;
        if (c.taskCpu[u]! >= 0 && cpu >= 0 && c.taskCpu[u] !== cpu) continue;
        mask |= 1 << t;
        break;
      }
    }
    return mask;
  }

  /** As `others`, of those whose becoming a waiter is a move: what they would wait for is about to come. */
  private mayWait(sort: number, thing: number, t: number): number {
    if (this.exposedNow === 0) return 0;
    // The first may not be one of those.
    const { oneIsEnough } = this;
    this.oneIsEnough = false;
    const others = this.others(sort, thing, t);
    this.oneIsEnough = oneIsEnough;
    return others & this.exposedNow;
  }

  /**
   * One task that alone is a closed set and can move, or -1. `last`: looked at first, so that a leaf section that was
   * begun is gone through.
   */
  single(last: number): number {
    const steps = this.m.stepMask();
    this.exposedNow = this.exposed();
    if (last >= 0 && steps & (1 << last) && this.isSingle(last)) return last;
    for (let left = steps; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      if (t !== last && this.isSingle(t)) return t;
    }
    return -1;
  }

  private isSingle(t: number): boolean {
    // An interrupt may choose when and where it begins.
    const begins = (this.c.irqTasks & (1 << t)) !== 0 && !this.m.hasBegun(t);
    if (this.leaf[this.next(t)] === 1 && !begins) return true;
    this.oneIsEnough = true;
    const needed = this.neededBy(t);
    this.oneIsEnough = false;
    return needed === 0;
  }

  /** The movable tasks of the smallest closed set that was found; `movable` is not 0. */
  persistent(movable: number): number {
    return this.closedSets.smallest(movable);
  }

  private next(t: number): number {
    return this.c.opBase[t]! + this.m.pc(t);
  }

  /** Other tasks that do that to the thing before `t` moves: at or behind where they stand, as far as they come without it. */
  private others(sort: number, thing: number, t: number): number {
    const { ahead, staying, oneIsEnough } = this;
    const { layout, stateWords: s } = this.m;
    let mask = 0;
    for (let left = ahead.doing(sort, thing) & ~this.gone() & ~(1 << t); left !== 0; left &= left - 1) {
      const u = 31 - Math.clz32(left & -left);
      const pc = s[layout.pc + u]!;
      if (staying === 0 ? ahead.still(sort, thing, u, pc) : ahead.reaches(sort, thing, u, pc, staying)) {
        mask |= 1 << u;
        if (oneIsEnough) return mask;
      }
    }
    return mask;
  }

  /** True if some task, wherever it is kept, does that to the thing at or behind where it stands. */
  private isStillDone(sort: number, thing: number): boolean {
    const { m, ahead } = this;
    for (let left = ahead.doing(sort, thing) & ~this.gone(); left !== 0; left &= left - 1) {
      const u = 31 - Math.clz32(left & -left);
      if (ahead.still(sort, thing, u, m.pc(u))) return true;
    }
    return false;
  }

  /** `t` and those who move no more, if one of them holds a lock or is waited for; else 0. Interrupts come past what is held. */
  private stayingWith(t: number): number {
    const { m, c } = this;
    if (c.irqTasks !== 0) return 0;
    const { layout: at, stateWords: s } = m;
    const staying = this.gone() | (1 << t);
    if (this.waitedFor & (staying & ~s[at.ended]!)) return staying;
    for (let left = staying; left !== 0; left &= left - 1) {
      const pairs = this.pairsOf[31 - Math.clz32(left & -left)]!;
      for (let i = 0; i < pairs.length; i++) if (s[at.hold + pairs[i]!]! > 0) return staying;
    }
    return 0;
  }

  private gone(): number {
    const { layout: at, stateWords: s } = this.m;
    return s[at.ended]! | s[at.dead]!;
  }

  /** The tasks that have to be in a closed set with `t`. */
  neededBy(t: number): number {
    const { c, m } = this;
    const { layout: at, stateWords: s } = m;
    const bit = 1 << t;
    if (this.gone() & bit) return 0;
    this.staying = this.stayingWith(t);
    let mask = 0;
    const begun = (s[at.begun]! & bit) !== 0;
    if (!begun && !released(m, t)) {
      const after = c.taskAfter[t]!;
      if (after >= 0) mask |= 1 << after;
      mask |= this.others(FORK, t, t);
    }
    if (c.irqTasks !== 0) {
      if (c.taskLevel[t] !== LEVEL_TASK && !begun) mask |= this.onHomesOf(t);
      else mask |= handlersOver(m, t) | this.mayInterrupt(t);
    }
    mask |= this.others(GUARDED_JOIN, t, t);
    mask |= this.mayWait(JOIN, t, t);
    const g = this.next(t);
    if (g >= c.opBase[t + 1]!) return mask & ~bit & ~this.gone();
    const waiting = (s[at.waiting]! & bit) !== 0;
    if (c.opGuard[g] !== 0 && !waiting) {
      mask |= this.changing(Math.abs(c.opGuard[g]!) - 1, t);
      if (!guardHolds(m, g)) return mask & ~bit & ~this.gone();
    }
    return (mask | this.neededByOp(t, g, waiting)) & ~bit & ~this.gone();
  }

  private neededByOp(t: number, g: number, waiting: boolean): number {
    const { c, m } = this;
    const { layout: at, stateWords: s } = m;
    const lock = c.opArg[g]!;
    switch (c.opCode[g]) {
      case OP_LOCK:
        return this.neededByRequest(t, g, waiting);
      case OP_UNLOCK: {
        const depth = s[at.hold + c.opPair[g]!]!;
        if (depth !== 1) return 0;
        if (isSection(c, lock)) return this.others(SYNC, lock, t);
        let mask = this.others(ATTEMPT, lock, t) | this.others(GUARDED, lock, t);
        mask |= this.mayWait(TAKE, lock, t);
        // A writer that waits before this, or takes behind it: whoever queues sees the difference, now or later.
        const writers = this.others(WRITE, lock, t);
        if (writers !== 0 && this.isStillDone(QUEUE, lock)) mask |= this.others(QUEUE, lock, t) | writers;
        return mask;
      }
      case OP_DOWN:
        return this.others(s[at.units + lock]! > 0 ? TAKE : GIVE, lock, t);
      case OP_UP:
        return this.others(ATTEMPT, lock, t) | this.others(GUARDED, lock, t) | this.mayWait(TAKE, lock, t);
      case OP_WAIT:
        if (s[at.units + lock] === FOR_EVER) return 0;
        return this.others(s[at.units + lock]! > 0 ? TAKE : GIVE, lock, t);
      case OP_SYNC:
        if (waiting) return s[at.syncing + t]!;
        return this.others(TAKE, lock, t) | s[at.readers + lock]!;
      case OP_JOIN:
        return s[at.ended]! & (1 << lock) ? 0 : 1 << lock;
      case OP_SET:
      case OP_CLEAR: {
        // What changes nothing is seen by nobody.
        const set = c.opCode[g] === OP_SET;
        if (flagIsSet(m, lock) === set) return this.changing(lock, t);
        return this.others(FLAG_READ, lock, t) | this.others(set ? FLAG_CLEAR : FLAG_SET, lock, t);
      }
      case OP_REQUIRE_SET:
      case OP_REQUIRE_CLEAR:
        return this.changing(lock, t);
      case OP_SIGNAL:
      case OP_SIGNAL_ALL:
        return this.others(GUARDED, lock, t) | this.mayWait(TAKE, lock, t);
      case OP_FORK:
      case OP_IRQS_OFF:
      case OP_IRQS_ON:
      case OP_BH_OFF:
      case OP_BH_ON:
        return 0;
      default:
        throw new Error(`unknown op code ${c.opCode[g]}`);
    }
  }

  private neededByRequest(t: number, g: number, waiting: boolean): number {
    const { c, m } = this;
    const { layout: at, stateWords: s } = m;
    const lock = c.opArg[g]!;
    const bits = c.opBits[g]!;
    if (isSection(c, lock)) return s[at.hold + c.opPair[g]!]! > 0 ? 0 : this.others(SYNC, lock, t);
    const held = s[at.hold + c.opPair[g]!]! > 0;
    if (held && bits & NESTS && (s[at.owner + lock] === t + 1 || (bits & TAKES_EXCLUSIVELY) === 0)) return 0;
    if (isFree(m, g, t)) return this.others(bits & TAKES_EXCLUSIVELY ? USE : WRITE, lock, t);
    const seen = c.opTry[g] === 0 && !waiting && this.isSeen(g) ? this.others(QUEUE, lock, t) : 0;
    return seen | this.keeper(t, g);
  }

  /** One who has to move before `t` can have what it asks for at `g`, as a mask; until then an attempt fails. 0: nobody ever can. */
  private keeper(t: number, g: number): number {
    const { c, m } = this;
    const { layout: at, stateWords: s } = m;
    const bits = c.opBits[g]!;
    const lock = c.opArg[g]!;
    const owner = s[at.owner + lock]!;
    if (bits & WAITS_FOR_EXCLUSIVE && owner !== 0) return 1 << (owner - 1);
    const readers = s[at.readers + lock]!;
    // Who reads what it wants to write waits for itself.
    if (bits & WAITS_FOR_READERS && readers !== 0) return readers & (1 << t) ? 0 : readers & -readers;
    const writers = s[at.writersWaiting + lock]! & ~(1 << t);
    return writers & -writers;
  }

  /** Other tasks that may change the flag before `t` moves. */
  private changing(flag: number, t: number): number {
    return this.others(flagIsSet(this.m, flag) ? FLAG_CLEAR : FLAG_SET, flag, t);
  }

  /** Interrupts that may still come over the task before its next op. */
  private mayInterrupt(t: number): number {
    const { c, m } = this;
    const { layout: at, stateWords: s } = m;
    const level = c.taskLevel[t]!;
    if (level === LEVEL_HARD) return 0;
    const cpu = m.cpuOfTask(t);
    const masked = s[at.irqsOff + cpu] !== 0 && this.isAloneOn(cpu, t);
    const softMasked = masked || (s[at.bhOff + cpu] !== 0 && this.isAloneOn(cpu, t));
    let mask = 0;
    for (let u = 0; u < c.tasks; u++) {
      const bit = 1 << u;
      if ((c.irqTasks & bit) === 0 || u === t || s[at.begun]! & bit || this.gone() & bit) continue;
      if (c.taskCpu[u]! >= 0 && c.taskCpu[u] !== cpu) continue;
      const hard = c.taskLevel[u] === LEVEL_HARD;
      if (!hard && level !== LEVEL_TASK) continue;
      if (hard ? !masked : !softMasked) mask |= bit;
    }
    return mask;
  }

  /** True if no other task or handler of the CPU could switch interrupts on before `t` moves. */
  private isAloneOn(cpu: number, t: number): boolean {
    const { c, m } = this;
    for (const u of c.cpus[cpu]!.tasks) {
      if (u !== t && (this.gone() & (1 << u)) === 0 && (c.taskLevel[u] === LEVEL_TASK || m.hasBegun(u)))
        return false;
    }
    // A handler that is on the CPU is over `t` or is `t`; a hard one that came over a soft one that is `t` too.
    return true;
  }

  /** All who have to do with the CPUs that a not yet begun irq task may hit. */
  private onHomesOf(t: number): number {
    const { c, m } = this;
    const home = c.taskCpu[t]!;
    let mask = 0;
    for (let u = 0; u < c.tasks; u++) {
      const cpu = m.cpuOfTask(u);
      if (u !== t && (home < 0 || cpu < 0 || cpu === home)) mask |= 1 << u;
    }
    return mask;
  }
}

/** True for rcu and srcu. */
function isSection(c: Compiled, lock: number): boolean {
  return c.lockKind[lock] === 'rcu' || c.lockKind[lock] === 'srcu';
}
