// At once: transitions that a search may make without trying any other first, because no find depends on the order.
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import {
  OP_BH_OFF,
  OP_BH_ON,
  OP_IRQS_OFF,
  OP_IRQS_ON,
  OP_JOIN,
  OP_LOCK,
  OP_SYNC,
  OP_UNLOCK,
} from '../model/op-codes.js';
import { NESTS, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';

const NEVER = 0;
/** Whenever the task stands before it. */
const ALWAYS = 1;
/** If the task holds the lock. */
const IF_HELD = 2;
/** If it can be done: nobody else uses the lock. */
const IF_STEP = 3;

/** Which transitions of a program may be made at once. Reasons: docs/lock-model.md, "What a search may leave out". */
export interface AtOnce {
  readonly any: boolean;
  readonly ops: Uint8Array;
  /** True if a task that cannot have its lock may become a waiter at once, if no cycle closes. */
  readonly waits: boolean;
}

export function atOnce(c: Compiled): AtOnce {
  const ops = new Uint8Array(c.ops);
  // What an interrupt may come between, and waits that any one of several tasks may end, keep their order.
  if (c.irqTasks !== 0 || c.wakes !== 0) return { any: false, ops, waits: false };
  const tried = new Uint8Array(c.locks);
  const queued = new Uint8Array(c.locks);
  const synced = new Uint8Array(c.locks);
  let plain = true;
  for (let g = 0; g < c.ops; g++) {
    const lock = c.opArg[g]!;
    if (c.opTry[g] === 1) tried[lock] = 1;
    if (c.opBits[g]! & WAITS_FOR_WAITING_WRITER) queued[lock] = 1;
    if (c.opCode[g] === OP_SYNC) synced[lock] = 1;
    if (c.opGuard[g] !== 0 || c.opTry[g] === 1 || c.opCode[g] === OP_JOIN || c.opCode[g] === OP_SYNC)
      plain = false;
    if (c.opBits[g]! & WAITS_FOR_WAITING_WRITER) plain = false;
  }
  for (let g = 0; g < c.ops; g++) {
    if (c.opGuard[g] !== 0) continue;
    const code = c.opCode[g]!;
    if (code === OP_IRQS_OFF || code === OP_IRQS_ON || code === OP_BH_OFF || code === OP_BH_ON)
      ops[g] = ALWAYS;
    if (code !== OP_LOCK && code !== OP_UNLOCK) continue;
    const lock = c.opArg[g]!;
    const users = c.lockUsers[lock]!;
    const isPrivate = (users & (users - 1)) === 0;
    if (!isPrivate && (tried[lock] === 1 || queued[lock] === 1 || synced[lock] === 1)) continue;
    if (code === OP_UNLOCK) ops[g] = IF_HELD;
    else if (isPrivate) ops[g] = IF_STEP;
    else if (c.lockKind[lock] === 'rcu' || c.lockKind[lock] === 'srcu') ops[g] = ALWAYS;
    else if (c.opBits[g]! & NESTS) ops[g] = IF_HELD;
  }
  return { any: plain || ops.some((rule) => rule !== NEVER), ops, waits: plain };
}

/** A task whose transition may be made at once, or -1. */
export function nextAtOnce(m: Machine, rules: AtOnce): number {
  if (!rules.any) return -1;
  const c = m.compiled;
  const { layout: at, stateWords: s } = m;
  const steps = m.stepMask();
  for (let left = m.actMask(); left !== 0; left &= left - 1) {
    const t = 31 - Math.clz32(left & -left);
    const g = c.opBase[t]! + s[at.pc + t]!;
    if ((steps & (1 << t)) === 0) {
      if (rules.waits && !m.wouldCloseCycle(t)) return t;
      continue;
    }
    switch (rules.ops[g]) {
      case NEVER:
        break;
      case ALWAYS:
      case IF_STEP:
        return t;
      default:
        // A release, or taking again what is one's own already.
        if (s[at.hold + c.opPair[g]!]! > 0) return t;
    }
  }
  return -1;
}
