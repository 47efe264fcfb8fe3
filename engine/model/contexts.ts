// Contexts: the acquire contexts of ww_mutexes - whose is older, who has to give way, and what giving way does.
import type { Core } from './core.js';
import { OP_WW_LOCK } from './op-codes.js';

/**
 * Kept by task: where its context begins (`contextAt`, the op behind `ww begin`; 0 for none) and how many open contexts
 * are older (`contextAge`: ranks, so that no counter grows). A lock belongs to the context if it was taken since.
 */
export function inContext(m: Core, t: number): boolean {
  return m.stateWords[m.layout.contextAt + t] !== 0;
}

/** True if the task holds the lock of the pair in its open context. */
function holdsInContext(m: Core, pair: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  const begin = s[at.contextAt + c.pairTask[pair]!]!;
  return begin !== 0 && s[at.hold + pair]! > 0 && s[at.takenAt + pair]! >= begin;
}

/** True if the open context of the task holds a lock that obeys contexts (`ww_ctx->acquired > 0`). */
export function hasAcquired(m: Core, t: number): boolean {
  const c = m.compiled;
  for (let p = 0; p < c.pairs; p++) {
    if (c.pairTask[p] === t && c.lockPolicy[c.pairLock[p]!] !== 0 && holdsInContext(m, p)) return true;
  }
  return false;
}

/** True if op `g` asks for a lock that the task's own context holds: -EALREADY, nothing is taken. */
export function isAlready(m: Core, g: number): boolean {
  return holdsInContext(m, m.compiled.opPair[g]!);
}

/** Open contexts that hold the lock of op `g` or wait for it, without task `t`, as a mask. */
function rivals(m: Core, t: number, g: number): number {
  const { compiled: c, layout: at, stateWords: s } = m;
  const lock = c.opArg[g]!;
  let mask = 0;
  for (let p = 0; p < c.pairs; p++) {
    if (c.pairLock[p] === lock && c.pairTask[p] !== t && holdsInContext(m, p)) mask |= 1 << c.pairTask[p]!;
  }
  for (let u = 0; u < c.tasks; u++) {
    if (u !== t && (s[at.waiting]! & (1 << u)) !== 0 && inContext(m, u) && asksFor(m, u, lock))
      mask |= 1 << u;
  }
  return mask;
}

function asksFor(m: Core, u: number, lock: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  const g = c.opBase[u]! + s[at.pc + u]!;
  return g < c.opBase[u + 1]! && c.opCode[g] === OP_WW_LOCK && c.opArg[g] === lock;
}

/** Of the tasks of a mask those whose open context is older than that of `t`. */
export function olderThan(m: Core, t: number, mask: number): number {
  const { compiled: c, layout: at, stateWords: s } = m;
  let older = 0;
  for (let u = 0; u < c.tasks; u++) {
    if (mask & (1 << u) && inContext(m, u) && s[at.contextAge + u]! < s[at.contextAge + t]!) older |= 1 << u;
  }
  return older;
}

/**
 * True if the task, which cannot have the lock of op `g`, has to give way now (kernel/locking/ww_mutex.h
 * __ww_mutex_check_kill()): its context holds something, and it was wounded or, under wait-die, an older context
 * holds the lock or waits for it.
 */
export function mustGiveWay(m: Core, t: number, g: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  if (c.opTry[g] === 1 || !inContext(m, t) || !hasAcquired(m, t)) return false;
  if (c.lockPolicy[c.opArg[g]!] === POLICY_WOUND_WAIT) return (s[at.wounded]! & (1 << t)) !== 0;
  return olderThan(m, t, rivals(m, t, g)) !== 0;
}

export const POLICY_WOUND_WAIT = 1;
export const POLICY_WAIT_DIE = 2;

/** Task `t` begins to wait for the lock of op `g`: a younger context that holds it is wounded (__ww_mutex_wound()). */
export function woundHolder(m: Core, t: number, g: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  const lock = c.opArg[g]!;
  if (c.lockPolicy[lock] !== POLICY_WOUND_WAIT || !inContext(m, t)) return;
  for (let p = 0; p < c.pairs; p++) {
    const u = c.pairTask[p]!;
    if (c.pairLock[p] !== lock || u === t || !holdsInContext(m, p)) continue;
    if (s[at.contextAge + u]! > s[at.contextAge + t]!) s[at.wounded]! |= 1 << u;
  }
}

/** Task `t` got the lock of op `g`: an older context that waits for it wounds it (ww_mutex_set_context_fastpath()). */
export function woundedByWaiters(m: Core, t: number, g: number): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  if (c.lockPolicy[c.opArg[g]!] !== POLICY_WOUND_WAIT || !inContext(m, t)) return;
  if (olderThan(m, t, rivals(m, t, g)) !== 0) s[at.wounded]! |= 1 << t;
}

/** Opens a context, the youngest of all; false if the task has one. */
export function openContext(m: Core, t: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  if (inContext(m, t)) return false;
  let older = 0;
  for (let u = 0; u < c.tasks; u++) if (inContext(m, u)) older++;
  s[at.contextAt + t] = s[at.pc + t]! + 1;
  s[at.contextAge + t] = older;
  return true;
}

/** Closes the context; false if there is none or it still holds locks (ww_acquire_fini(): DEBUG_LOCKS_WARN_ON). */
export function closeContext(m: Core, t: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  if (!inContext(m, t) || hasAcquired(m, t)) return false;
  for (let u = 0; u < c.tasks; u++) {
    if (inContext(m, u) && s[at.contextAge + u]! > s[at.contextAge + t]!) s[at.contextAge + u]!--;
  }
  s[at.contextAt + t] = 0;
  s[at.contextAge + t] = 0;
  s[at.wounded]! &= ~(1 << t);
  return true;
}

/**
 * Gives back, in one step, all that the task took since its context began, and marks it: once it has the lock that it
 * stands before (ww_mutex_lock_slow()), it goes on behind `ww begin`, with that lock in hand.
 */
export function giveWay(m: Core, t: number, giveBack: (pair: number) => void): void {
  const { compiled: c, layout: at, stateWords: s } = m;
  for (let p = 0; p < c.pairs; p++) if (c.pairTask[p] === t && holdsInContext(m, p)) giveBack(p);
  s[at.gaveWay]! |= 1 << t;
  s[at.wounded]! &= ~(1 << t);
}
