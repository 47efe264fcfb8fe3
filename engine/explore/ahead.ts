// Ahead: how far into its body each task still does a certain thing to a lock or flag, as tables made before a search.
import type { Compiled } from '../model/compile.js';
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
import { TAKES_EXCLUSIVELY, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';

/**
 * By thing (a lock, a flag, a task forked) times tasks, plus task: the last op (from 0) of the task's body that does
 * so, or -1. A task that has passed that op never does it again.
 */
export interface Ahead {
  /** Any op on the lock. */
  readonly use: Int32Array;
  /** Taking it, or waiting for a signal. */
  readonly take: Int32Array;
  readonly attempt: Int32Array;
  /** Taking it exclusively. */
  readonly write: Int32Array;
  /** Asking for it behind waiting writers. */
  readonly queue: Int32Array;
  readonly sync: Int32Array;
  /** Giving back a unit, or signalling. */
  readonly give: Int32Array;
  /** Taking it, or waiting for it, behind a guard: who waits is past the guard. */
  readonly guarded: Int32Array;
  /** By task times tasks: joining it behind a guard. */
  readonly guardedJoin: Int32Array;
  /** By task times tasks: joining it. */
  readonly join: Int32Array;
  readonly flagWrite: Int32Array;
  readonly flagRead: Int32Array;
  readonly fork: Int32Array;
}

export function aheadOf(c: Compiled): Ahead {
  const byLock = (): Int32Array => new Int32Array(c.locks * c.tasks).fill(-1);
  const byFlag = (): Int32Array => new Int32Array(c.flags * c.tasks).fill(-1);
  const ahead: Ahead = {
    use: byLock(),
    take: byLock(),
    attempt: byLock(),
    write: byLock(),
    queue: byLock(),
    sync: byLock(),
    give: byLock(),
    guarded: byLock(),
    guardedJoin: new Int32Array(c.tasks * c.tasks).fill(-1),
    join: new Int32Array(c.tasks * c.tasks).fill(-1),
    flagWrite: byFlag(),
    flagRead: byFlag(),
    fork: new Int32Array(c.tasks * c.tasks).fill(-1),
  };
  for (let t = 0; t < c.tasks; t++) {
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      const i = g - c.opBase[t]!;
      const at = c.opArg[g]! * c.tasks + t;
      if (c.opGuard[g] !== 0) ahead.flagRead[(Math.abs(c.opGuard[g]!) - 1) * c.tasks + t] = i;
      if (c.opPair[g]! >= 0) ahead.use[at] = i;
      if (c.opGuard[g] !== 0 && c.opCode[g] === OP_JOIN) ahead.guardedJoin[at] = i;
      else if (c.opGuard[g] !== 0 && c.opPair[g]! >= 0) ahead.guarded[at] = i;
      switch (c.opCode[g]) {
        case OP_LOCK:
        case OP_DOWN:
          ahead.take[at] = i;
          if (c.opTry[g] === 1) ahead.attempt[at] = i;
          if (c.opBits[g]! & TAKES_EXCLUSIVELY) ahead.write[at] = i;
          if (c.opBits[g]! & WAITS_FOR_WAITING_WRITER) ahead.queue[at] = i;
          break;
        case OP_WAIT:
          ahead.take[at] = i;
          break;
        case OP_SYNC:
          ahead.sync[at] = i;
          break;
        case OP_UP:
        case OP_SIGNAL:
        case OP_SIGNAL_ALL:
          ahead.give[at] = i;
          break;
        case OP_SET:
        case OP_CLEAR:
          ahead.flagWrite[at] = i;
          break;
        case OP_REQUIRE_SET:
        case OP_REQUIRE_CLEAR:
          ahead.flagRead[at] = i;
          break;
        case OP_JOIN:
          ahead.join[at] = i;
          break;
        case OP_FORK:
          ahead.fork[at] = i;
          break;
        default:
          break;
      }
    }
  }
  return ahead;
}
