// What a runner is in the middle of, as far as recorded calls tell: functions, calls without return, locks without address.
import { GraphStack } from './call-paths.js';
import type { LockCall, Wrapper } from './lock-functions.js';
import type { Lock } from './locks.js';
import type { Pending } from './runners.js';

/** A lock taken by a call that shows no address. `lock` is null where nothing says which one it is. */
export interface HeldCall {
  readonly lock: Lock | null;
  readonly name: string | null;
  readonly site: string | null;
}

/** A call that has not returned yet, as far as returns are recorded. */
export interface OpenCall {
  readonly call: LockCall;
  readonly depth: number;
  readonly pending: Pending | null;
  readonly held: HeldCall | null;
  readonly object: Lock | null;
}

/** A call of which nothing told yet who made it: what follows may. */
export interface Deferred {
  readonly call: LockCall;
  readonly timeHigh: number;
  readonly timeLow: number;
  readonly where: number;
}

/** What a runner is in the middle of, as far as calls tell. */
export interface CallState {
  readonly graph: GraphStack;
  readonly held: HeldCall[];
  readonly open: OpenCall[];
  /** The wrapper that was entered last, until its inner lock function shows. */
  wrapper: Wrapper | null;
  /** A call without caller: the stack behind it may say. */
  deferred: Deferred | null;
  /** Names of locks with an address that are held: they tell the first lock of a function from the second. */
  readonly names: Map<Lock, string>;
}

/** The state of a runner of whom no call was seen. */
export function noCalls(): CallState {
  return { graph: new GraphStack(), held: [], open: [], wrapper: null, deferred: null, names: new Map() };
}
