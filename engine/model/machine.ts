// Machine: the state of one run of a compiled program, moved on one transition at a time without allocating.
import type { LockMode } from '../../corpus/schema/lock.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { blockersMask, isFree, released, waitsForAny, waitsForItself, wakersMask } from './blocking.js';
import { cpuOf, taskOf } from './choice.js';
import { type Compiled, LEVEL_TASK } from './compile.js';
import { isAlready, mustGiveWay } from './contexts.js';
import type { Core } from './core.js';
import { endEmptyTasks, guardHolds, pass, perform, standAt, stop } from './effects.js';
import { cpuOfTask, handlersOver, interrupt, landing, lets } from './interrupts.js';
import { type KeyPlan, keyPlan } from './key-plan.js';
import { DEADLOCKED, type Layout, layOut, RUNNING } from './layout.js';
import { OP_DOWN, OP_JOIN, OP_LOCK, OP_SYNC, OP_WAIT, OP_WW_LOCK } from './op-codes.js';
import { hasCycle, hopeless, readVerdict } from './waits-for.js';

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
export class Machine implements Core {
  readonly compiled: Compiled;
  /** The whole state; a copy of it is a copy of the run. */
  readonly stateWords: Int32Array;
  readonly layout: Layout;
  private readonly plan: KeyPlan;
  readonly allTasks: number;
  private readonly anyWake: boolean;
  /** By place (op, plus one for each task before): what the task can wake from there on, as a number. */
  private readonly wakeKinds: Int32Array;
  private readonly goesOn: boolean;

  /**
   * `goesOn`: neither a cycle nor a broken requirement ends the run; who broke one stays where it is. For searches that
   * look at what is left when nobody can move (engine/explore).
   */
  constructor(compiled: Compiled, goesOn = false) {
    this.compiled = compiled;
    this.goesOn = goesOn;
    this.layout = layOut(compiled);
    this.plan = keyPlan(compiled, this.layout, goesOn);
    this.stateWords = new Int32Array(this.layout.words);
    this.allTasks = compiled.tasks === 31 ? 0x7fffffff : (1 << compiled.tasks) - 1;
    this.anyWake = compiled.wakes > 0 || compiled.hasContexts;
    this.wakeKinds = wakeKinds(compiled);
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
    for (let t = 0; t < c.tasks; t++) standAt(this, t);
    if (c.emptyTasks !== 0) endEmptyTasks(this);
    s[at.stale] = this.allTasks;
    // Tasks that are forked only by each other wait from the start.
    if (c.forkable !== 0 && !this.goesOn) this.stopAtCycle();
  }

  /** Copies the state to `into`, from `offset` on; `stateWords.length` words. */
  save(into: Int32Array, offset: number): void {
    into.set(this.stateWords, offset);
  }

  /** Takes over a state that `save` wrote. */
  load(from: Int32Array, offset: number): void {
    const s = this.stateWords;
    // Whole arrays are copied at a fourth of the cost.
    if (offset === 0 && from.length === s.length) s.set(from);
    else for (let i = 0; i < s.length; i++) s[i] = from[offset + i]!;
  }

  /** Words that `writeKey` writes. */
  get keyWords(): number {
    return this.plan.words;
  }

  /** Writes what tells this state from all others with another future: equal keys, equal futures. Exact. */
  writeKey(into: Int32Array, offset: number): void {
    const s = this.stateWords;
    const { source, bias, shift, ends } = this.plan;
    let out = offset;
    let word = 0;
    for (let i = 0; i < source.length; i++) {
      word |= (s[source[i]!]! + bias[i]!) << shift[i]!;
      if (ends[i] === 1) {
        into[out++] = word;
        word = 0;
      }
    }
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

  /** Tasks that broke a requirement, in a machine that goes on. */
  deadMask(): number {
    return this.stateWords[this.layout.dead]!;
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

  /** True if `act(choice)` can be done: its task can act, and a handler for which it names a CPU can hit that. */
  canTake(choice: number): boolean {
    const [t, cpu] = [taskOf(choice), cpuOf(choice)];
    return this.canAct(t) && (cpu < 0 || this.compiled.taskCpu[t]! >= 0 || this.canHit(t, cpu));
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
    return lets(this, cpu, c.taskLevel[task]!) && released(this, task);
  }

  /** CPU (index into `compiled.cpus`) that the task runs on, or -1: an irq task that has not chosen. */
  cpuOfTask(task: number): number {
    return cpuOfTask(this, task);
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
    const mask = blockersMask(this, task) | wakersMask(this, task);
    const list: number[] = [];
    for (let t = 0; t < this.compiled.tasks; t++) if (mask & (1 << t)) list.push(t);
    return list;
  }

  /** Tasks each of which must move before `task` can: holders, handlers on its CPU, who is joined. */
  blockersMask(task: number): number {
    return blockersMask(this, task);
  }

  /** True if `task` waits for something that any one of `wakersMask` could give. */
  waitsForAny(task: number): boolean {
    return waitsForAny(this, task);
  }

  /** The tasks any one of which could end the wait of `task`; 0 if it waits for nothing of that kind. */
  wakersMask(task: number): number {
    return wakersMask(this, task);
  }

  /**
   * True if the task, which can act but not step, would close a cycle by becoming a waiter. Not for programs in
   * which wakers or waiting writers count (`compiled.wakes`, fair readers).
   */
  wouldCloseCycle(task: number): boolean {
    const { layout: at, stateWords: s } = this;
    s[at.waiting]! |= 1 << task;
    const closes = waitsForItself(this, task);
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
      if (c.taskLevel[t] !== LEVEL_TASK) interrupt(this, t, cpuOf(choice));
      s[at.begun]! |= bit;
    }
    s[at.last] = t;
    const g = c.opBase[t]! + s[at.pc + t]!;
    const ended = s[at.ended]!;
    if (c.opGuard[g] !== 0 && (s[at.waiting]! & bit) === 0 && !guardHolds(this, g)) pass(this, t, 1);
    else perform(this, t, g);
    if (this.goesOn) {
      if (s[at.status] !== RUNNING) this.bury(t);
      return;
    }
    if (s[at.status] !== RUNNING) return;
    if (this.anyWake) {
      if ((s[at.waiting] !== 0 || c.forkable !== 0) && this.mayStrand(t, g, ended)) this.stopAtCycle();
    } else if (s[at.waiting]! & bit && waitsForItself(this, t)) stop(this, DEADLOCKED, 0);
  }

  private bury(t: number): void {
    const { layout: at, stateWords: s } = this;
    s[at.status] = RUNNING;
    s[at.dead]! |= 1 << t;
  }

  /**
   * False if nobody lost hope by what the task did at op `g`: it can go on, still wakes whom it could, and took no unit or signal
   * that somebody else may wait for. Then who could be let go on before can be still, by way of this task where it is in the way.
   */
  private mayStrand(t: number, g: number, ended: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this;
    if (c.hasContexts || s[at.waiting]! & (1 << t) || s[at.ended] !== ended) return true;
    const code = c.opCode[g];
    if (code === OP_DOWN || code === OP_WAIT) return true;
    return this.wakeKinds[g + t] !== this.wakeKinds[c.opBase[t]! + s[at.pc + t]! + t];
  }

  private stopAtCycle(): void {
    if (hasCycle(this, hopeless(this))) stop(this, DEADLOCKED, 0);
  }

  private nextOp(t: number): number {
    const g = this.compiled.opBase[t]! + this.pc(t);
    return g < this.compiled.opBase[t + 1]! ? g : -1;
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
    if ((s[at.ended]! | s[at.dead]!) & bit) return 0;
    if ((s[at.begun]! & bit) === 0) {
      if (!released(this, t)) return 0;
      if (c.taskLevel[t] !== LEVEL_TASK && landing(this, t) < 0) return 0;
    }
    if (c.irqTasks !== 0 && handlersOver(this, t) !== 0) return 0;
    const g = c.opBase[t]! + s[at.pc + t]!;
    const waiting = (s[at.waiting]! & bit) !== 0;
    if (c.opGuard[g] !== 0 && !waiting && !guardHolds(this, g)) return CAN_STEP;
    const arg = c.opArg[g]!;
    let now: boolean;
    switch (c.opCode[g]) {
      case OP_LOCK:
        now = c.opTry[g] === 1 || isFree(this, g, t);
        break;
      case OP_WW_LOCK:
        now = c.opTry[g] === 1 || isFree(this, g, t) || (!waiting && isAlready(this, g));
        if (!now && mustGiveWay(this, t, g)) return CAN_WAIT;
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

/** Rows of `Compiled.wakeAt` as numbers, equal ones alike; behind the last op of a task, that of nothing. */
function wakeKinds(c: Compiled): Int32Array {
  const kinds = new Int32Array(c.ops + c.tasks);
  const known = new Map<string, number>([['0'.repeat(c.wakes), 0]]);
  for (let t = 0; t < c.tasks; t++) {
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      const row = c.wakeAt.subarray(g * c.wakes, (g + 1) * c.wakes).join('');
      const kind = known.get(row) ?? known.size;
      known.set(row, kind);
      kinds[g + t] = kind;
    }
  }
  return kinds;
}
