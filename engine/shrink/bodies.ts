// Edits of task bodies that keep them sensible: what was taken is still given back, and nothing else is.
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Op } from '../../corpus/schema/program.js';

/** Index of the unlock that closes the section which the lock op at `at` opens, or null if the body never closes it. */
export function closingOp(body: readonly Op[], at: number): number | null {
  const opened = body[at];
  if (opened?.do !== 'lock') return null;
  let depth = 0;
  for (let i = at; i < body.length; i++) {
    const op = body[i];
    if (op?.do === 'lock' && op.lock === opened.lock) depth++;
    else if (op?.do === 'unlock' && op.lock === opened.lock && --depth === 0) return i;
  }
  return null;
}

/**
 * The body up to and with op `last`, then only what others may be waiting for: the unlocks of what is held by then,
 * `irqs on`, `bh on` and `ww end` where they were switched off or begun, signals, forks, and units of semaphores that are given without being
 * taken: who may yet give one is whom the others wait for (engine/model/wakers.ts). `kept` gets the indices of the
 * original ops.
 */
export function truncated(
  body: readonly Op[],
  last: number,
  kindOf: (lock: string) => LockKind | undefined,
): { readonly body: Op[]; readonly kept: number[] } {
  const kept: number[] = [];
  const held = new Map<string, number>();
  /** Taken again behind `last`: those sections are gone with their unlocks. */
  const retaken = new Map<string, number>();
  let irqsOff = false;
  let bhOff = false;
  let inContext = false;
  /** Up to here an attempt that fails may leave ops out. */
  let skippedUpTo = -1;
  body.forEach((op, i) => {
    const isSemaphore = 'lock' in op && kindOf(op.lock) === 'semaphore';
    if (i <= last) {
      kept.push(i);
      if (op.do === 'lock') held.set(op.lock, (held.get(op.lock) ?? 0) + 1);
      else if (op.do === 'unlock') held.set(op.lock, Math.max(0, (held.get(op.lock) ?? 0) - 1));
      else if (op.do === 'irqs') irqsOff = !op.on;
      else if (op.do === 'bh') bhOff = !op.on;
      else if (op.do === 'ww') inContext = op.begin;
    } else if (op.do === 'signal' || op.do === 'signal-all' || op.do === 'fork') {
      kept.push(i);
    } else if (op.do === 'lock') {
      if (op.attempt) skippedUpTo = Math.max(skippedUpTo, closingOp(body, i) ?? i);
      // Of a semaphore only what is taken for certain is owed.
      if (isSemaphore && (op.guard !== null || i <= skippedUpTo)) return;
      retaken.set(op.lock, (retaken.get(op.lock) ?? 0) + 1);
    } else if (op.do === 'unlock' && (retaken.get(op.lock) ?? 0) > 0) {
      retaken.set(op.lock, (retaken.get(op.lock) ?? 0) - 1);
    } else if (op.do === 'unlock' && (isSemaphore || (held.get(op.lock) ?? 0) > 0)) {
      kept.push(i);
      held.set(op.lock, Math.max(0, (held.get(op.lock) ?? 0) - 1));
    } else if (op.do === 'irqs' && op.on && irqsOff) {
      kept.push(i);
      irqsOff = false;
    } else if (op.do === 'bh' && op.on && bhOff) {
      kept.push(i);
      bhOff = false;
    } else if (op.do === 'ww' && !op.begin && inContext) {
      kept.push(i);
      inContext = false;
    }
  });
  return { body: kept.map((i) => body[i]).filter((op) => op !== undefined), kept };
}
