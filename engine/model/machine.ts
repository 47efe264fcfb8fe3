// Machine: the state of one run of a compiled program, moved on one transition at a time without allocating.
import type { LockMode } from '../../corpus/schema/lock.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { cpuOf, taskOf } from './choice.js';
import { type Compiled, LEVEL_HARD, LEVEL_TASK } from './compile.js';
import { type KeyPlan, keyPlan } from './key-plan.js';
import { BROKEN, DEADLOCKED, type Layout, layOut, RUNNING } from './layout.js';
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
} from './op-codes.js';
import {
  NESTS,
  TAKES_EXCLUSIVELY,
  WAITS_FOR_EXCLUSIVE,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from './rules.js';
import { hasCycle, hopeless, readVerdict } from './waits-for.js';

const FOR_EVER = -1;
const CAN_WAIT = 1;
const CAN_STEP = 2;

/** A lock that a task holds. */
export interface HeldLock {
  /** Index into the program's locks. */
  readonly lock: number;
  readonly mode: LockMode;
  /** How often it is held: nested takings, or units of a semaphore. */
  readonly depth: number;
  /** Op (from 0, in the body of the task) that took it first. */
  readonly op: number;
}

/**
 * Runs a program. A transition is one `act`: an op is done (a step), or a task that cannot have what it asks for
 * becomes a waiter. Sets of tasks are bit masks. Only `act`, `load` and `reset` change the state.
 */
export class Machine {
  readonly compiled: Compiled;
  /** The whole state; a copy of it is a copy of the run. */
  readonly stateWords: Int32Array;
  readonly layout: Layout;
  private readonly plan: KeyPlan;
  private readonly allTasks: number;
  private readonly anyWake: boolean;

  constructor(compiled: Compiled) {
    this.compiled = compiled;
    this.layout = layOut(compiled);
    this.plan = keyPlan(compiled, this.layout);
    this.stateWords = new Int32Array(this.layout.words);
    this.allTasks = compiled.tasks === 31 ? 0x7fffffff : (1 << compiled.tasks) - 1;
    this.anyWake = compiled.wakes > 0;
    this.reset();
  }

  /** Back to the start. */
  reset(): void {
    const s = this.stateWords;
    s.fill(0);
    const { compiled: c, layout: at } = this;
    for (let l = 0; l < c.locks; l++) s[at.units + l] = c.lockUnits[l]!;
    c.program.flags.forEach((flag, f) => {
      if (flag.set) s[at.flags + (f >> 5)]! |= 1 << (f & 31);
    });
    s[at.last] = -1;
    for (let t = 0; t < c.tasks; t++) this.standAt(t);
    if (c.emptyTasks !== 0) this.endEmptyTasks();
    s[at.stale] = this.allTasks;
    // Tasks that are forked only by each other wait from the start.
    if (c.forkable !== 0) this.stopAtCycle();
  }

  /** Copies the state to `into`, from `offset` on; `stateWords.length` words. */
  save(into: Int32Array, offset: number): void {
    into.set(this.stateWords, offset);
  }

  /** Takes over a state that `save` wrote. */
  load(from: Int32Array, offset: number): void {
    const s = this.stateWords;
    for (let i = 0; i < s.length; i++) s[i] = from[offset + i]!;
  }

  /** Words that `writeKey` writes. */
  get keyWords(): number {
    return this.plan.words;
  }

  /** Writes what tells this state from all others with another future: equal keys, equal futures. Exact. */
  writeKey(into: Int32Array, offset: number): void {
    const s = this.stateWords;
    const { packed, packedPerWord, shift, plain } = this.plan;
    let out = offset;
    let word = 0;
    let filled = 0;
    for (let i = 0; i < packed.length; i++) {
      word |= s[packed[i]!]! << (filled * shift);
      if (++filled === packedPerWord) {
        into[out++] = word;
        word = 0;
        filled = 0;
      }
    }
    if (filled > 0) into[out++] = word;
    for (let i = 0; i < plain.length; i++) into[out++] = s[plain[i]!]!;
  }

  /** Ops done in all. */
  get steps(): number {
    return this.stateWords[this.layout.steps]!;
  }

  /** The task that acted last, or -1. */
  get last(): number {
    return this.stateWords[this.layout.last]!;
  }

  /** True once a cycle has formed or a requirement was broken; `finished` says what. */
  get over(): boolean {
    return this.stateWords[this.layout.status] !== RUNNING;
  }

  /** Ops that `task` has passed. */
  pc(task: number): number {
    return this.stateWords[this.layout.pc + task]!;
  }

  hasEnded(task: number): boolean {
    return (this.stateWords[this.layout.ended]! & (1 << task)) !== 0;
  }

  /** True if the task has acted at least once. */
  hasBegun(task: number): boolean {
    return (this.stateWords[this.layout.begun]! & (1 << task)) !== 0;
  }

  /** True if the task attempted something that it could not have, and still has not got it. */
  isWaiting(task: number): boolean {
    return (this.stateWords[this.layout.waiting]! & (1 << task)) !== 0;
  }

  /** True if `act(task)` would do anything: an op, or becoming a waiter. */
  canAct(task: number): boolean {
    return (this.actMask() & (1 << task)) !== 0;
  }

  /** True if an op of the task can be done now. */
  canStep(task: number): boolean {
    return (this.stepMask() & (1 << task)) !== 0;
  }

  /** The tasks that can act; 0 when the run is over. */
  actMask(): number {
    if (this.stateWords[this.layout.stale] !== 0) this.refresh();
    return this.stateWords[this.layout.able]!;
  }

  /** The tasks that can do an op. */
  stepMask(): number {
    if (this.stateWords[this.layout.stale] !== 0) this.refresh();
    return this.stateWords[this.layout.stepAble]!;
  }

  /** Lock that the task's next op is about, or -1. */
  wants(task: number): number {
    const g = this.nextOp(task);
    return g < 0 || this.compiled.opPair[g]! < 0 ? -1 : this.compiled.opArg[g]!;
  }

  /** True if an irq task without `cpu` that has not begun can hit the CPU. */
  canHit(task: number, cpu: number): boolean {
    const c = this.compiled;
    if (c.taskCpu[task]! >= 0 || c.taskLevel[task] === LEVEL_TASK || this.hasBegun(task)) return false;
    return this.lets(cpu, c.taskLevel[task]!) && this.released(task);
  }

  /** CPU (index into `compiled.cpus`) that the task runs on, or -1: an irq task that has not chosen. */
  cpuOfTask(task: number): number {
    const fixed = this.compiled.taskCpu[task]!;
    return fixed >= 0 ? fixed : this.stateWords[this.layout.hit + task]! - 1;
  }

  /** What the task holds, in the order of the ops that took it. */
  held(task: number): HeldLock[] {
    const c = this.compiled;
    const s = this.stateWords;
    const list: HeldLock[] = [];
    for (let p = 0; p < c.pairs; p++) {
      const depth = s[this.layout.hold + p]!;
      if (c.pairTask[p] !== task || depth <= 0) continue;
      const op = s[this.layout.takenAt + p]!;
      const taker = c.program.tasks[task]!.body[op];
      const mode = taker?.do === 'lock' ? taker.mode : 'exclusive';
      list.push({ lock: c.pairLock[p]!, mode, depth, op });
    }
    return list.sort((a, b) => a.op - b.op);
  }

  /** Tasks that hold the lock (for rcu and srcu: that are in a section). */
  holders(lock: number): number[] {
    const c = this.compiled;
    const list: number[] = [];
    for (let p = 0; p < c.pairs; p++) {
      if (c.pairLock[p] === lock && this.stateWords[this.layout.hold + p]! > 0) list.push(c.pairTask[p]!);
    }
    return list.sort((a, b) => a - b);
  }

  /** Tasks that `task` waits for; empty if it does not wait. See docs/lock-model.md, "Waits-for". */
  blockers(task: number): number[] {
    const mask = this.blockersMask(task) | this.wakersMask(task);
    const list: number[] = [];
    for (let t = 0; t < this.compiled.tasks; t++) if (mask & (1 << t)) list.push(t);
    return list;
  }

  /** Tasks each of which must move before `task` can: holders, handlers on its CPU, who is joined. */
  blockersMask(task: number): number {
    const { compiled: c, layout: at, stateWords: s } = this;
    const bit = 1 << task;
    if (s[at.ended]! & bit) return 0;
    let mask = 0;
    if ((s[at.begun]! & bit) === 0) {
      const after = c.taskAfter[task]!;
      if (after >= 0 && (s[at.ended]! & (1 << after)) === 0) mask |= 1 << after;
    }
    if (c.irqTasks !== 0) mask |= this.handlersOver(task);
    if ((s[at.waiting]! & bit) === 0) return mask;
    const g = c.opBase[task]! + s[at.pc + task]!;
    const arg = c.opArg[g]!;
    switch (c.opCode[g]) {
      case OP_LOCK: {
        if (this.isFree(g, task)) return mask;
        const bits = c.opBits[g]!;
        const owner = s[at.owner + arg]!;
        if (bits & WAITS_FOR_EXCLUSIVE && owner !== 0) mask |= 1 << (owner - 1);
        if (bits & WAITS_FOR_READERS) mask |= s[at.readers + arg]!;
        if (bits & WAITS_FOR_WAITING_WRITER) mask |= s[at.writersWaiting + arg]! & ~bit;
        return mask;
      }
      case OP_SYNC:
        return mask | s[at.syncing + task]!;
      case OP_JOIN:
        return s[at.ended]! & (1 << arg) ? mask : mask | (1 << arg);
      default:
        return mask;
    }
  }

  /** True if `task` waits for something that any one of `wakersMask` could give. */
  waitsForAny(task: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this;
    const bit = 1 << task;
    if (s[at.ended]! & bit) return false;
    if (c.forkable & bit && (s[at.forked]! & bit) === 0) return true;
    if ((s[at.waiting]! & bit) === 0) return false;
    const g = c.opBase[task]! + s[at.pc + task]!;
    return (c.opCode[g] === OP_DOWN || c.opCode[g] === OP_WAIT) && s[at.units + c.opArg[g]!] === 0;
  }

  /** The tasks any one of which could end the wait of `task`; 0 if it waits for nothing of that kind. */
  wakersMask(task: number): number {
    if (!this.anyWake || !this.waitsForAny(task)) return 0;
    const { compiled: c, layout: at, stateWords: s } = this;
    const bit = 1 << task;
    const unforked = (c.forkable & bit) !== 0 && (s[at.forked]! & bit) === 0;
    const next = c.opBase[task]! + s[at.pc + task]!;
    const wake = unforked ? c.taskWake[task]! : c.lockWake[c.opArg[next]!]!;
    let mask = 0;
    for (let t = 0; t < c.tasks; t++) {
      const g = c.opBase[t]! + s[at.pc + t]!;
      if ((s[at.ended]! & (1 << t)) === 0 && g < c.opBase[t + 1]! && c.wakeAt[g * c.wakes + wake] === 1) {
        mask |= 1 << t;
      }
    }
    // It waits for itself only where it holds units of a semaphore that nobody else could give back.
    const alone = mask === bit && !unforked && c.opCode[next] === OP_DOWN;
    return alone ? bit : mask & ~bit;
  }

  /**
   * True if the task, which can act but not step, would close a cycle by becoming a waiter. Not for programs in
   * which wakers or waiting writers count (`compiled.wakes`, fair readers).
   */
  wouldCloseCycle(task: number): boolean {
    const { layout: at, stateWords: s } = this;
    s[at.waiting]! |= 1 << task;
    const closes = this.waitsForItself(task);
    s[at.waiting]! &= ~(1 << task);
    return closes;
  }

  /** How the run ended, or null while it goes on. */
  finished(): Verdict | null {
    if (this.stateWords[this.layout.status] === RUNNING && this.actMask() !== 0) return null;
    return readVerdict(this);
  }

  /** One transition. `choice` is a task, or what `choiceOf` makes; the task must be able to act. */
  act(choice: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const t = taskOf(choice);
    const bit = 1 << t;
    if ((this.actMask() & bit) === 0) throw new Error(`task ${t} of ${c.program.name} cannot act`);
    if ((s[at.begun]! & bit) === 0) {
      if (c.taskLevel[t] !== LEVEL_TASK) this.interrupt(t, cpuOf(choice));
      s[at.begun]! |= bit;
    }
    s[at.last] = t;
    const g = c.opBase[t]! + s[at.pc + t]!;
    if (c.opGuard[g] !== 0 && (s[at.waiting]! & bit) === 0 && !this.guardHolds(g)) this.pass(t, 1);
    else this.perform(t, g);
    if (s[at.status] !== RUNNING) return;
    if (this.anyWake) {
      if (s[at.waiting] !== 0 || c.forkable !== 0) this.stopAtCycle();
    } else if (s[at.waiting]! & bit && this.waitsForItself(t)) this.stop(DEADLOCKED, 0);
  }

  private perform(t: number, g: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const arg = c.opArg[g]!;
    switch (c.opCode[g]) {
      case OP_LOCK:
        if (this.isFree(g, t)) this.take(t, g);
        else if (c.opTry[g] === 1) this.pass(t, c.opSkip[g]! - s[at.pc + t]!);
        else this.becomeWaiter(t, c.opBits[g]! & TAKES_EXCLUSIVELY ? arg : -1, arg);
        return;
      case OP_UNLOCK:
        this.release(t, g);
        return;
      case OP_DOWN:
        if (s[at.units + arg]! > 0) {
          s[at.units + arg]!--;
          if (s[at.hold + c.opPair[g]!]!++ === 0) s[at.takenAt + c.opPair[g]!] = s[at.pc + t]!;
          s[at.stale]! |= s[at.wanting + arg]!;
          this.pass(t, 1);
        } else if (c.opTry[g] === 1) this.pass(t, c.opSkip[g]! - s[at.pc + t]!);
        else this.becomeWaiter(t, -1, arg);
        return;
      case OP_UP:
        s[at.units + arg]!++;
        if (s[at.hold + c.opPair[g]!]! > 0) s[at.hold + c.opPair[g]!]!--;
        s[at.stale]! |= s[at.wanting + arg]!;
        this.pass(t, 1);
        return;
      case OP_WAIT:
        if (s[at.units + arg] === 0) this.becomeWaiter(t, -1, arg);
        else {
          if (s[at.units + arg]! > 0) s[at.units + arg]!--;
          s[at.stale]! |= s[at.wanting + arg]!;
          this.pass(t, 1);
        }
        return;
      case OP_SIGNAL:
        if (s[at.units + arg] !== FOR_EVER) s[at.units + arg]!++;
        s[at.stale]! |= s[at.wanting + arg]!;
        this.pass(t, 1);
        return;
      case OP_SIGNAL_ALL:
        s[at.units + arg] = FOR_EVER;
        s[at.stale]! |= s[at.wanting + arg]!;
        this.pass(t, 1);
        return;
      case OP_SYNC:
        if (s[at.waiting]! & (1 << t) || s[at.readers + arg] === 0) this.pass(t, 1);
        else {
          s[at.syncing + t] = s[at.readers + arg]!;
          this.becomeWaiter(t, -1, arg);
        }
        return;
      case OP_FORK:
        s[at.forked]! |= 1 << arg;
        s[at.stale]! |= 1 << arg;
        if (c.emptyTasks !== 0) this.endEmptyTasks();
        this.pass(t, 1);
        return;
      case OP_JOIN:
        if (s[at.ended]! & (1 << arg)) this.pass(t, 1);
        else this.becomeWaiter(t, -1, -1);
        return;
      case OP_SET:
        s[at.flags + (arg >> 5)]! |= 1 << (arg & 31);
        s[at.stale] = this.allTasks;
        this.pass(t, 1);
        return;
      case OP_CLEAR:
        s[at.flags + (arg >> 5)]! &= ~(1 << (arg & 31));
        s[at.stale] = this.allTasks;
        this.pass(t, 1);
        return;
      case OP_REQUIRE_SET:
      case OP_REQUIRE_CLEAR:
        if (this.flagIsSet(arg) === (c.opCode[g] === OP_REQUIRE_SET)) this.pass(t, 1);
        else this.stop(BROKEN, g);
        return;
      case OP_IRQS_OFF:
        s[at.irqsOff + this.cpuOfTask(t)]!++;
        s[at.stale]! |= c.irqTasks;
        this.pass(t, 1);
        return;
      case OP_IRQS_ON:
        if (s[at.irqsOff + this.cpuOfTask(t)]! > 0) s[at.irqsOff + this.cpuOfTask(t)]!--;
        s[at.stale]! |= c.irqTasks;
        this.pass(t, 1);
        return;
      case OP_BH_OFF:
        s[at.bhOff + this.cpuOfTask(t)]!++;
        s[at.stale]! |= c.irqTasks;
        this.pass(t, 1);
        return;
      case OP_BH_ON:
        if (s[at.bhOff + this.cpuOfTask(t)]! > 0) s[at.bhOff + this.cpuOfTask(t)]!--;
        s[at.stale]! |= c.irqTasks;
        this.pass(t, 1);
        return;
      default:
        throw new Error(`unknown op code ${c.opCode[g]}`);
    }
  }

  /** True if the request can be had now. */
  private isFree(g: number, t: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this;
    const bits = c.opBits[g]!;
    const lock = c.opArg[g]!;
    const owner = s[at.owner + lock]!;
    if (bits & NESTS && s[at.hold + c.opPair[g]!]! > 0) {
      if (owner === t + 1 || (bits & TAKES_EXCLUSIVELY) === 0) return true;
    }
    if (bits & WAITS_FOR_EXCLUSIVE && owner !== 0) return false;
    if (bits & WAITS_FOR_READERS && s[at.readers + lock] !== 0) return false;
    return !(bits & WAITS_FOR_WAITING_WRITER && (s[at.writersWaiting + lock]! & ~(1 << t)) !== 0);
  }

  private take(t: number, g: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const lock = c.opArg[g]!;
    const pair = c.opPair[g]!;
    if (s[at.hold + pair]!++ === 0) {
      s[at.takenAt + pair] = s[at.pc + t]!;
      if (c.opBits[g]! & TAKES_EXCLUSIVELY) s[at.owner + lock] = t + 1;
      else s[at.readers + lock]! |= 1 << t;
    }
    s[at.writersWaiting + lock]! &= ~(1 << t);
    s[at.stale]! |= s[at.wanting + lock]!;
    this.pass(t, 1);
  }

  private release(t: number, g: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const lock = c.opArg[g]!;
    const pair = c.opPair[g]!;
    if (s[at.hold + pair] === 0) {
      this.stop(BROKEN, g);
      return;
    }
    if (--s[at.hold + pair]! === 0) {
      if (s[at.owner + lock] === t + 1) s[at.owner + lock] = 0;
      else {
        s[at.readers + lock]! &= ~(1 << t);
        for (let u = 0; u < c.tasks; u++) {
          if (s[at.syncing + u] !== 0 && c.opArg[c.opBase[u]! + s[at.pc + u]!] === lock) {
            s[at.syncing + u]! &= ~(1 << t);
          }
        }
      }
      s[at.stale]! |= s[at.wanting + lock]!;
    }
    this.pass(t, 1);
  }

  private becomeWaiter(t: number, writesLock: number, lock: number): void {
    const { layout: at, stateWords: s } = this;
    s[at.waiting]! |= 1 << t;
    if (writesLock >= 0) s[at.writersWaiting + writesLock]! |= 1 << t;
    s[at.stale]! |= 1 << t;
    if (lock >= 0) s[at.stale]! |= s[at.wanting + lock]!;
  }

  /** `ops` ops on: one step. */
  private pass(t: number, ops: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const bit = 1 << t;
    const g = c.opBase[t]! + s[at.pc + t]!;
    if (c.opPair[g]! >= 0) s[at.wanting + c.opArg[g]!]! &= ~bit;
    s[at.waiting]! &= ~bit;
    s[at.syncing + t] = 0;
    s[at.pc + t]! += ops;
    s[at.steps]!++;
    s[at.stale]! |= bit;
    if (g + ops === c.opBase[t + 1]!) this.end(t);
    else this.standAt(t);
  }

  /** Notes that the task now stands before an op, so that it is looked at when the op's lock changes. */
  private standAt(t: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const g = c.opBase[t]! + s[at.pc + t]!;
    if (g < c.opBase[t + 1]! && c.opPair[g]! >= 0) s[at.wanting + c.opArg[g]!]! |= 1 << t;
  }

  private end(t: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    s[at.ended]! |= 1 << t;
    if (c.taskLevel[t] !== LEVEL_TASK) {
      s[(c.taskLevel[t] === LEVEL_HARD ? at.hardOn : at.softOn) + this.cpuOfTask(t)] = 0;
    }
    if (c.emptyTasks !== 0) this.endEmptyTasks();
    s[at.stale] = this.allTasks;
  }

  /** A task without ops ends as soon as it may start. */
  private endEmptyTasks(): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    for (let again = true; again; ) {
      again = false;
      for (let t = 0; t < c.tasks; t++) {
        const bit = 1 << t;
        if ((c.emptyTasks & bit) === 0 || s[at.ended]! & bit || !this.released(t)) continue;
        s[at.ended]! |= bit;
        s[at.stale] = this.allTasks;
        again = true;
      }
    }
  }

  /** True if `after` and `fork` let the task start. */
  private released(t: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this;
    const after = c.taskAfter[t]!;
    if (after >= 0 && (s[at.ended]! & (1 << after)) === 0) return false;
    return (c.forkable & (1 << t)) === 0 || (s[at.forked]! & (1 << t)) !== 0;
  }

  /** True if an interrupt of that level can begin on the CPU now. */
  private lets(cpu: number, level: number): boolean {
    const { layout: at, stateWords: s } = this;
    if (s[at.irqsOff + cpu] !== 0 || s[at.hardOn + cpu] !== 0) return false;
    return level === LEVEL_HARD || (s[at.bhOff + cpu] === 0 && s[at.softOn + cpu] === 0);
  }

  /** Where a not yet begun irq task would begin, or -1. */
  private landing(t: number): number {
    const c = this.compiled;
    const level = c.taskLevel[t]!;
    const fixed = c.taskCpu[t]!;
    if (fixed >= 0) return this.lets(fixed, level) ? fixed : -1;
    const last = this.last;
    const near = last < 0 ? -1 : this.cpuOfTask(last);
    if (near >= 0 && this.lets(near, level)) return near;
    for (let cpu = 0; cpu < c.cpus.length; cpu++) if (this.lets(cpu, level)) return cpu;
    return -1;
  }

  private interrupt(t: number, wanted: number): void {
    const { compiled: c, layout: at, stateWords: s } = this;
    const cpu = wanted >= 0 && c.taskCpu[t]! < 0 ? wanted : this.landing(t);
    if (cpu >= c.cpus.length || !this.lets(cpu, c.taskLevel[t]!)) {
      throw new Error(`task ${t} of ${c.program.name} cannot interrupt CPU ${cpu}`);
    }
    s[at.hit + t] = cpu + 1;
    s[(c.taskLevel[t] === LEVEL_HARD ? at.hardOn : at.softOn) + cpu] = t + 1;
    s[at.stale] = this.allTasks;
  }

  /** Handlers that have to end before the task moves. */
  private handlersOver(t: number): number {
    const { compiled: c, layout: at, stateWords: s } = this;
    const level = c.taskLevel[t]!;
    if (level === LEVEL_HARD) return 0;
    if (level !== LEVEL_TASK && (s[at.begun]! & (1 << t)) === 0) return 0;
    const cpu = this.cpuOfTask(t);
    const hard = s[at.hardOn + cpu]!;
    const soft = level === LEVEL_TASK ? s[at.softOn + cpu]! : 0;
    return (hard !== 0 ? 1 << (hard - 1) : 0) | (soft !== 0 ? 1 << (soft - 1) : 0);
  }

  private flagIsSet(flag: number): boolean {
    return (this.stateWords[this.layout.flags + (flag >> 5)]! & (1 << (flag & 31))) !== 0;
  }

  private guardHolds(g: number): boolean {
    const guard = this.compiled.opGuard[g]!;
    return guard > 0 ? this.flagIsSet(guard - 1) : !this.flagIsSet(-guard - 1);
  }

  private stop(status: number, op: number): void {
    const { layout: at, stateWords: s } = this;
    s[at.status] = status;
    s[at.brokenAt] = op;
    s[at.stale] = this.allTasks;
  }

  private stopAtCycle(): void {
    if (hasCycle(this, hopeless(this))) this.stop(DEADLOCKED, 0);
  }

  private nextOp(t: number): number {
    const g = this.compiled.opBase[t]! + this.pc(t);
    return g < this.compiled.opBase[t + 1]! ? g : -1;
  }

  private waitsForItself(t: number): boolean {
    const bit = 1 << t;
    let reached = this.blockersMask(t);
    let open = reached;
    while (open !== 0) {
      if (reached & bit) return true;
      const u = 31 - Math.clz32(open & -open);
      open &= open - 1;
      const more = this.blockersMask(u) & ~reached;
      reached |= more;
      open |= more;
    }
    return (reached & bit) !== 0;
  }

  private refresh(): void {
    const { layout: at, stateWords: s } = this;
    let able = 0;
    let stepAble = 0;
    if (s[at.status] === RUNNING) {
      let left = s[at.stale]!;
      able = s[at.able]! & ~left;
      stepAble = s[at.stepAble]! & ~left;
      while (left !== 0) {
        const t = 31 - Math.clz32(left & -left);
        left &= left - 1;
        const ability = this.ability(t);
        if (ability !== 0) able |= 1 << t;
        if (ability === CAN_STEP) stepAble |= 1 << t;
      }
    }
    s[at.able] = able;
    s[at.stepAble] = stepAble;
    s[at.stale] = 0;
  }

  private ability(t: number): number {
    const { compiled: c, layout: at, stateWords: s } = this;
    const bit = 1 << t;
    if (s[at.ended]! & bit) return 0;
    if ((s[at.begun]! & bit) === 0) {
      if (!this.released(t)) return 0;
      if (c.taskLevel[t] !== LEVEL_TASK && this.landing(t) < 0) return 0;
    }
    if (c.irqTasks !== 0 && this.handlersOver(t) !== 0) return 0;
    const g = c.opBase[t]! + s[at.pc + t]!;
    const waiting = (s[at.waiting]! & bit) !== 0;
    if (c.opGuard[g] !== 0 && !waiting && !this.guardHolds(g)) return CAN_STEP;
    const arg = c.opArg[g]!;
    let now: boolean;
    switch (c.opCode[g]) {
      case OP_LOCK:
        now = c.opTry[g] === 1 || this.isFree(g, t);
        break;
      case OP_DOWN:
        now = c.opTry[g] === 1 || s[at.units + arg]! > 0;
        break;
      case OP_WAIT:
        now = s[at.units + arg] !== 0;
        break;
      case OP_SYNC:
        now = waiting ? s[at.syncing + t] === 0 : s[at.readers + arg] === 0;
        break;
      case OP_JOIN:
        now = (s[at.ended]! & (1 << arg)) !== 0;
        break;
      default:
        now = true;
    }
    if (now) return CAN_STEP;
    return waiting ? 0 : CAN_WAIT;
  }
}
