// Effects: what an op does to the state, once it is its task's turn.
import { isFree, released } from './blocking.js';
import { LEVEL_HARD, LEVEL_TASK } from './compile.js';
import {
  closeContext,
  giveWay,
  hasAcquired,
  isAlready,
  mustGiveWay,
  openContext,
  woundedByWaiters,
  woundHolder,
} from './contexts.js';
import { type Core, FOR_EVER } from './core.js';
import { cpuOfTask } from './interrupts.js';
import { BROKEN } from './layout.js';
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
  OP_WW_BEGIN,
  OP_WW_END,
  OP_WW_LOCK,
} from './op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY } from './rules.js';

/** True if the flag that guards the op is as the op wants it. */
export function guardHolds(m: Core, g: number): boolean {
  const guard = m.compiled.opGuard[g]!;
  return guard > 0 ? flagIsSet(m, guard - 1) : !flagIsSet(m, -guard - 1);
}

/** True if the flag is set now. */
export function flagIsSet(m: Core, flag: number): boolean {
  return (m.stateWords[m.layout.flags + (flag >> 5)]! & (1 << (flag & 31))) !== 0;
}

/** Does op `g` of task `t`, or makes `t` a waiter for it, or ends the run with what it broke. */
export function perform(m: Core, t: number, g: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const arg = c.opArg[g]!;
  switch (c.opCode[g]) {
    case OP_LOCK:
      if (isFree(m, g, t)) take(m, t, g);
      else if (c.opTry[g] === 1) pass(m, t, c.opSkip[g]! - s[at.pc + t]!);
      else becomeWaiter(m, t, c.opBits[g]! & TAKES_EXCLUSIVELY ? arg : -1, arg);
      return;
    case OP_UNLOCK:
      release(m, t, g);
      return;
    case OP_DOWN:
      if (s[at.units + arg]! > 0) {
        s[at.units + arg]!--;
        if (s[at.hold + c.opPair[g]!]!++ === 0) s[at.takenAt + c.opPair[g]!] = s[at.pc + t]!;
        s[at.stale]! |= s[at.wanting + arg]!;
        pass(m, t, 1);
      } else if (c.opTry[g] === 1) pass(m, t, c.opSkip[g]! - s[at.pc + t]!);
      else becomeWaiter(m, t, -1, arg);
      return;
    case OP_UP:
      s[at.units + arg]!++;
      if (s[at.hold + c.opPair[g]!]! > 0 && --s[at.hold + c.opPair[g]!]! === 0)
        s[at.takenAt + c.opPair[g]!] = 0;
      s[at.stale]! |= s[at.wanting + arg]!;
      pass(m, t, 1);
      return;
    case OP_WAIT:
      if (s[at.units + arg] === 0) becomeWaiter(m, t, -1, arg);
      else {
        if (s[at.units + arg]! > 0) s[at.units + arg]!--;
        s[at.stale]! |= s[at.wanting + arg]!;
        pass(m, t, 1);
      }
      return;
    case OP_SIGNAL:
      if (s[at.units + arg] !== FOR_EVER) s[at.units + arg]!++;
      s[at.stale]! |= s[at.wanting + arg]!;
      pass(m, t, 1);
      return;
    case OP_SIGNAL_ALL:
      s[at.units + arg] = FOR_EVER;
      s[at.stale]! |= s[at.wanting + arg]!;
      pass(m, t, 1);
      return;
    case OP_SYNC:
      if (s[at.waiting]! & (1 << t) || s[at.readers + arg] === 0) pass(m, t, 1);
      else {
        s[at.syncing + t] = s[at.readers + arg]!;
        becomeWaiter(m, t, -1, arg);
      }
      return;
    case OP_FORK:
      s[at.forked]! |= 1 << arg;
      s[at.stale]! |= 1 << arg;
      if (c.emptyTasks !== 0) endEmptyTasks(m);
      pass(m, t, 1);
      return;
    case OP_JOIN:
      if (s[at.ended]! & (1 << arg)) pass(m, t, 1);
      else becomeWaiter(m, t, -1, -1);
      return;
    case OP_SET:
      s[at.flags + (arg >> 5)]! |= 1 << (arg & 31);
      s[at.stale] = m.allTasks;
      pass(m, t, 1);
      return;
    case OP_CLEAR:
      s[at.flags + (arg >> 5)]! &= ~(1 << (arg & 31));
      s[at.stale] = m.allTasks;
      pass(m, t, 1);
      return;
    case OP_REQUIRE_SET:
    case OP_REQUIRE_CLEAR:
      if (flagIsSet(m, arg) === (c.opCode[g] === OP_REQUIRE_SET)) pass(m, t, 1);
      else stop(m, BROKEN, g);
      return;
    case OP_IRQS_OFF:
      s[at.irqsOff + cpuOfTask(m, t)] = 1;
      s[at.stale]! |= c.irqTasks;
      pass(m, t, 1);
      return;
    case OP_IRQS_ON:
      s[at.irqsOff + cpuOfTask(m, t)] = 0;
      s[at.stale]! |= c.irqTasks;
      pass(m, t, 1);
      return;
    case OP_BH_OFF:
      s[at.bhOff + cpuOfTask(m, t)]!++;
      s[at.stale]! |= c.irqTasks;
      pass(m, t, 1);
      return;
    case OP_BH_ON:
      if (s[at.bhOff + cpuOfTask(m, t)]! > 0) s[at.bhOff + cpuOfTask(m, t)]!--;
      s[at.stale]! |= c.irqTasks;
      pass(m, t, 1);
      return;
    case OP_WW_LOCK:
      askInContext(m, t, g);
      return;
    case OP_WW_BEGIN:
      if (openContext(m, t)) pass(m, t, 1);
      else stop(m, BROKEN, g);
      return;
    case OP_WW_END:
      if (closeContext(m, t)) pass(m, t, 1);
      else stop(m, BROKEN, g);
      return;
    default:
      throw new Error(`unknown op code ${c.opCode[g]}`);
  }
}

function take(m: Core, t: number, g: number, ops = 1): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const lock = c.opArg[g]!;
  const pair = c.opPair[g]!;
  if (s[at.hold + pair]!++ === 0) {
    s[at.takenAt + pair] = s[at.pc + t]!;
    if (c.opBits[g]! & TAKES_EXCLUSIVELY) s[at.owner + lock] = t + 1;
    else s[at.readers + lock]! |= 1 << t;
  }
  s[at.writersWaiting + lock]! &= ~(1 << t);
  s[at.stale]! |= s[at.wanting + lock]!;
  pass(m, t, ops);
}

function release(m: Core, t: number, g: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const lock = c.opArg[g]!;
  const pair = c.opPair[g]!;
  if (s[at.hold + pair] === 0) {
    stop(m, BROKEN, g);
    return;
  }
  if (--s[at.hold + pair]! === 0) {
    // States that differ in where something was taken before have one future.
    s[at.takenAt + pair] = 0;
    free(m, t, lock);
    s[at.stale]! |= s[at.wanting + lock]!;
    // A wound heals with the last lock that could be taken away: who holds nothing begins unhurt.
    if (c.hasContexts && s[at.wounded]! & (1 << t) && !hasAcquired(m, t)) s[at.wounded]! &= ~(1 << t);
  }
  pass(m, t, 1);
}

/** The lock is no longer the task's. */
function free(m: Core, t: number, lock: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  if (s[at.owner + lock] === t + 1) {
    s[at.owner + lock] = 0;
    return;
  }
  s[at.readers + lock]! &= ~(1 << t);
  for (let u = 0; u < c.tasks; u++) {
    if (s[at.syncing + u] !== 0 && c.opArg[c.opBase[u]! + s[at.pc + u]!] === lock) {
      s[at.syncing + u]! &= ~(1 << t);
    }
  }
}

/** Takes a ww_mutex that obeys contexts, waits for it, or gives way. Whoever waits may have to look again. */
function askInContext(m: Core, t: number, g: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const bit = 1 << t;
  s[at.stale] = m.allTasks;
  if ((s[at.waiting]! & bit) === 0) {
    if ((c.opBits[g]! & NESTS) === 0 && c.opTry[g] === 0 && isAlready(m, g)) {
      pass(m, t, 1);
      return;
    }
    // Who holds nothing yet begins unhurt (kernel/locking/mutex.c __mutex_lock_common()).
    if (!hasAcquired(m, t)) s[at.wounded]! &= ~bit;
  }
  if (isFree(m, g, t)) {
    const again = (s[at.gaveWay]! & bit) !== 0;
    s[at.gaveWay]! &= ~bit;
    const from = s[at.pc + t]!;
    woundedByWaiters(m, t, g);
    take(m, t, g, again ? s[at.contextAt + t]! - from : 1);
  } else if (c.opTry[g] === 1) pass(m, t, c.opSkip[g]! - s[at.pc + t]!);
  else if (mustGiveWay(m, t, g)) {
    giveWay(m, t, (pair) => dropPair(m, pair));
    becomeWaiter(m, t, c.opArg[g]!, c.opArg[g]!);
    woundHolder(m, t, g);
  } else {
    becomeWaiter(m, t, c.opArg[g]!, c.opArg[g]!);
    woundHolder(m, t, g);
  }
}

/** All that the pair's task holds of its lock goes back at once. */
function dropPair(m: Core, pair: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const lock = c.pairLock[pair]!;
  if (c.lockKind[lock] === 'semaphore') s[at.units + lock]! += s[at.hold + pair]!;
  else free(m, c.pairTask[pair]!, lock);
  s[at.hold + pair] = 0;
  s[at.takenAt + pair] = 0;
}

/** `writesLock` is the lock if it is wanted exclusively; `lock` is the lock; -1 for none. */
function becomeWaiter(m: Core, t: number, writesLock: number, lock: number): void {
  const { layout: at, stateWords: s } = m;
  s[at.waiting]! |= 1 << t;
  if (writesLock >= 0) s[at.writersWaiting + writesLock]! |= 1 << t;
  s[at.stale]! |= 1 << t;
  if (lock >= 0) s[at.stale]! |= s[at.wanting + lock]!;
}

/** `ops` ops on: one step. */
export function pass(m: Core, t: number, ops: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const bit = 1 << t;
  const g = c.opBase[t]! + s[at.pc + t]!;
  if (c.opPair[g]! >= 0) s[at.wanting + c.opArg[g]!]! &= ~bit;
  s[at.waiting]! &= ~bit;
  s[at.syncing + t] = 0;
  s[at.pc + t]! += ops;
  s[at.steps]!++;
  s[at.stale]! |= bit;
  if (g + ops === c.opBase[t + 1]!) end(m, t);
  else standAt(m, t);
}

/** Notes that the task now stands before an op, so that it is looked at when the op's lock changes. */
export function standAt(m: Core, t: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const g = c.opBase[t]! + s[at.pc + t]!;
  if (g < c.opBase[t + 1]! && c.opPair[g]! >= 0) s[at.wanting + c.opArg[g]!]! |= 1 << t;
}

function end(m: Core, t: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  s[at.ended]! |= 1 << t;
  if (c.taskLevel[t] !== LEVEL_TASK) {
    const cpu = cpuOfTask(m, t);
    s[(c.taskLevel[t] === LEVEL_HARD ? at.hardOn : at.softOn) + cpu] = 0;
    // It began with interrupts on, and what it interrupted finds them so; soft ones also restore the count of bh.
    s[at.irqsOff + cpu] = 0;
    if (c.taskLevel[t] !== LEVEL_HARD) s[at.bhOff + cpu] = 0;
  }
  if (c.emptyTasks !== 0) endEmptyTasks(m);
  s[at.stale] = m.allTasks;
}

/** A task without ops ends as soon as it may start. */
export function endEmptyTasks(m: Core): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  for (let again = true; again; ) {
    again = false;
    for (let t = 0; t < c.tasks; t++) {
      const bit = 1 << t;
      if ((c.emptyTasks & bit) === 0 || s[at.ended]! & bit || !released(m, t)) continue;
      s[at.ended]! |= bit;
      s[at.stale] = m.allTasks;
      again = true;
    }
  }
}

/** Ends the run; `op` is the op that broke a requirement. */
export function stop(m: Core, status: number, op: number): void {
  const { layout: at, stateWords: s } = m;
  s[at.status] = status;
  s[at.brokenAt] = op;
  s[at.stale] = m.allTasks;
}
