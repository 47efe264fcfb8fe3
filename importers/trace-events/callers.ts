// What is known of a function that calls lock functions: which locks it takes, by the table of known paths.
import { type KnownPath, WANTS } from '../kernel-log/episodes/known-paths.js';
import { lockFacts } from '../kernel-log/episodes/lock-facts.js';
import type { LockCall } from './lock-functions.js';
import { takesPerOpen } from './locks.js';

/** What the tables say of one function. */
export interface CallerFacts {
  /** Rows of the table of known paths for that function. */
  readonly paths: readonly KnownPath[];
  /** Its lock is one of an open file, of which the kernel makes many. */
  readonly perOpen: boolean;
}

const CALLERS = new Map<string, CallerFacts>();
const MOST_CALLERS = 8192;

/** What is known of a function that calls lock functions; worked out once. */
export function callerFacts(caller: string): CallerFacts {
  const seen = CALLERS.get(caller);
  if (seen !== undefined) return seen;
  const facts = {
    paths: WANTS.filter((path) => path.function.test(caller)),
    perOpen: takesPerOpen(caller),
  };
  if (CALLERS.size >= MOST_CALLERS) CALLERS.clear();
  CALLERS.set(caller, facts);
  return facts;
}

/** True if `caller` takes another known lock while it holds that one. */
export function isBehind(caller: string, held: string): boolean {
  return callerFacts(caller).paths.some((path) => (path.behind ?? []).includes(held));
}

/** The lock that `caller` takes by that call, by the table of known paths; `isHeld` tells its first lock from its second. */
export function wantedBy(call: LockCall, caller: string, isHeld: (lock: string) => boolean): string | null {
  if (call.kind !== 'mutex') return null;
  for (const path of callerFacts(caller).paths) {
    if (
      (path.behind ?? []).every(isHeld) &&
      !(path.behind === undefined && isHeld(path.lock) && lockFacts(path.lock, []).single)
    )
      return path.lock;
  }
  return null;
}
