// Blocking: whether a request can be had, and who is in the way of a task.
import { mustGiveWay } from './contexts.js';
import type { Core } from './core.js';
import { handlersOver } from './interrupts.js';
import { OP_DOWN, OP_JOIN, OP_LOCK, OP_SYNC, OP_WAIT, OP_WW_LOCK } from './op-codes.js';
import {
  NESTS,
  TAKES_EXCLUSIVELY,
  WAITS_FOR_EXCLUSIVE,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from './rules.js';

/** True if `after` and `fork` let the task start. */
export function released(m: Core, t: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  const after = c.taskAfter[t]!;
  if (after >= 0 && (s[at.ended]! & (1 << after)) === 0) return false;
  return (c.forkable & (1 << t)) === 0 || (s[at.forked]! & (1 << t)) !== 0;
}

/** True if the request can be had now. */
export function isFree(m: Core, g: number, t: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
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

/** Tasks each of which must move before `task` can: holders, handlers on its CPU, who is joined. */
export function blockersMask(m: Core, task: number): number {
  const { compiled: c, layout: at, stateWords: s } = m;
  const bit = 1 << task;
  if (s[at.ended]! & bit) return 0;
  let mask = 0;
  if ((s[at.begun]! & bit) === 0) {
    const after = c.taskAfter[task]!;
    if (after >= 0 && (s[at.ended]! & (1 << after)) === 0) mask |= 1 << after;
  }
  if (c.irqTasks !== 0) mask |= handlersOver(m, task);
  if ((s[at.waiting]! & bit) === 0) return mask;
  const g = c.opBase[task]! + s[at.pc + task]!;
  const arg = c.opArg[g]!;
  switch (c.opCode[g]) {
    case OP_LOCK: {
      if (isFree(m, g, task)) return mask;
      const bits = c.opBits[g]!;
      const owner = s[at.owner + arg]!;
      if (bits & WAITS_FOR_EXCLUSIVE && owner !== 0) mask |= 1 << (owner - 1);
      if (bits & WAITS_FOR_READERS) mask |= s[at.readers + arg]!;
      if (bits & WAITS_FOR_WAITING_WRITER) mask |= s[at.writersWaiting + arg]! & ~bit;
      return mask;
    }
    case OP_WW_LOCK: {
      const owner = s[at.owner + arg]!;
      if (owner === 0 || isFree(m, g, task) || mustGiveWay(m, task, g)) return mask;
      return mask | (1 << (owner - 1));
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
export function waitsForAny(m: Core, task: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  const bit = 1 << task;
  if (s[at.ended]! & bit) return false;
  if (c.forkable & bit && (s[at.forked]! & bit) === 0) return true;
  if ((s[at.waiting]! & bit) === 0) return false;
  const g = c.opBase[task]! + s[at.pc + task]!;
  return (c.opCode[g] === OP_DOWN || c.opCode[g] === OP_WAIT) && s[at.units + c.opArg[g]!] === 0;
}

/** The tasks any one of which could end the wait of `task`; 0 if it waits for nothing of that kind. */
export function wakersMask(m: Core, task: number): number {
  if (m.compiled.wakes === 0 || !waitsForAny(m, task)) return 0;
  const { compiled: c, layout: at, stateWords: s } = m;
  const bit = 1 << task;
  const unforked = (c.forkable & bit) !== 0 && (s[at.forked]! & bit) === 0;
  const next = c.opBase[task]! + s[at.pc + task]!;
  const wake = unforked ? c.taskWake[task]! : c.lockWake[c.opArg[next]!]!;
  let mask = 0;
  for (let t = 0; t < c.tasks; t++) {
    const g = c.opBase[t]! + s[at.pc + t]!;
    if (s[at.ended]! & (1 << t) || g >= c.opBase[t + 1]!) continue;
    // Who gives way comes by all that stands behind its `ww begin` once more.
    const again = c.hasContexts ? s[at.contextAt + t]! : 0;
    if (c.wakeAt[g * c.wakes + wake] === 1) mask |= 1 << t;
    else if (again !== 0 && c.wakeAt[(c.opBase[t]! + again) * c.wakes + wake] === 1) mask |= 1 << t;
  }
  // It waits for itself only where it holds units of a semaphore that nobody else could give back.
  const alone = mask === bit && !unforked && c.opCode[next] === OP_DOWN;
  return alone ? bit : mask & ~bit;
}

/** True if from `t` a way along `blockersMask` leads back to `t`. */
export function waitsForItself(m: Core, t: number): boolean {
  const bit = 1 << t;
  let reached = blockersMask(m, t);
  let open = reached;
  while (open !== 0) {
    if (reached & bit) return true;
    const u = 31 - Math.clz32(open & -open);
    open &= open - 1;
    const more = blockersMask(m, u) & ~reached;
    reached |= more;
    open |= more;
  }
  return (reached & bit) !== 0;
}
