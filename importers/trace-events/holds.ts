// Who holds a lock: mostly nobody or one, which takes no list; a recording has hundreds of thousands of locks.
import { cutTo, lastPlaceOf, removeAt, shortList } from './lists.js';
import type { Lock } from './locks.js';
import type { Runner } from './runners.js';

/** Holders behind the first one, and their modes, in the order in which they took it. */
export interface OtherHolds {
  readonly runners: Runner[];
  readonly modes: number[];
}

/** The runner holds the lock once more. */
export function addHold(lock: Lock, runner: Runner, mode: number): void {
  if (lock.holder === null) {
    lock.holder = runner;
    lock.mode = mode;
    return;
  }
  lock.others ??= { runners: shortList(), modes: shortList() };
  lock.others.runners.push(runner);
  lock.others.modes.push(mode);
}

/** Takes back the last hold of that runner; returns its mode, or -1 if it has none. */
export function takeBackHold(lock: Lock, runner: Runner): number {
  const { others } = lock;
  if (others !== null && others.runners.length > 0) return takeBackOneOf(lock, others, runner);
  if (lock.holder !== runner) return -1;
  lock.holder = null;
  return lock.mode;
}

function takeBackOneOf(lock: Lock, { runners, modes }: OtherHolds, runner: Runner): number {
  const at = lastPlaceOf(runners, runner);
  if (at === -1 && lock.holder !== runner) return -1;
  const mode = at === -1 ? lock.mode : modes[at]!;
  if (at === -1) {
    lock.holder = runners[0]!;
    lock.mode = modes[0]!;
  }
  removeAt(runners, Math.max(at, 0));
  removeAt(modes, Math.max(at, 0));
  return mode;
}

/** Nobody holds it any more. */
export function forgetHolds(lock: Lock): void {
  lock.holder = null;
  if (lock.others === null) return;
  cutTo(lock.others.runners, 0);
  cutTo(lock.others.modes, 0);
}

/** How many holds there are. */
export function holdsOf(lock: Lock): number {
  return lock.holder === null ? 0 : 1 + (lock.others?.runners.length ?? 0);
}

/** Who has the hold that was taken last but `i`, counted from 0 for the last. */
export function holderAt(lock: Lock, i: number): Runner | null {
  const behind = lock.others?.runners.length ?? 0;
  return i < behind ? lock.others!.runners[behind - 1 - i]! : i === behind ? lock.holder : null;
}

/** The mode of that hold. */
export function modeAt(lock: Lock, i: number): number {
  const behind = lock.others?.runners.length ?? 0;
  return i < behind ? lock.others!.modes[behind - 1 - i]! : lock.mode;
}
