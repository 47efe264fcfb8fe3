// What is known of a function that calls lock functions: which locks it takes, by the table of known paths.
import { WANTS } from '../kernel-log/episodes/known-paths.js';
import { lockFacts } from '../kernel-log/episodes/lock-facts.js';
import type { LockCall } from './lock-functions.js';
import { takesPerOpen } from './locks.js';

/** A lock that a function takes. */
export interface WantedLock {
  readonly lock: string;
  /** True if there is only one lock of that name. */
  readonly single: boolean;
  /** Locks behind which it is taken; undefined where the table does not say. */
  readonly behind: readonly string[] | undefined;
}

/** What the tables say of one function. */
export interface CallerFacts {
  /** By the rows of the table of known paths for that function. */
  readonly wants: readonly WantedLock[];
  /** Its lock is one of an open file, of which the kernel makes many. */
  readonly perOpen: boolean;
}

const CALLERS = new Map<string, CallerFacts>();
const MOST_CALLERS = 8192;

/** What is known of a function that calls lock functions; worked out once. */
export function callerFacts(caller: string): CallerFacts {
  const seen = CALLERS.get(caller);
  if (seen !== undefined) return seen;
  const facts: CallerFacts = {
    wants: WANTS.filter((path) => path.function.test(caller)).map(({ lock, behind }) => ({
      lock,
      single: lockFacts(lock, []).single,
      behind,
    })),
    perOpen: takesPerOpen(caller),
  };
  if (CALLERS.size >= MOST_CALLERS) CALLERS.clear();
  CALLERS.set(caller, facts);
  return facts;
}

/** True if the caller takes another known lock while it holds that one. */
export function isBehind({ wants }: CallerFacts, held: string): boolean {
  return wants.some(({ behind }) => behind?.includes(held) === true);
}

/** The lock that the caller takes by that call, by the table of known paths; `isHeld` tells its first lock from its second. */
export function wantedBy(
  call: LockCall,
  { wants }: CallerFacts,
  isHeld: (lock: string) => boolean,
): WantedLock | null {
  if (call.kind !== 'mutex') return null;
  for (const wanted of wants)
    if (wanted.behind === undefined ? !(isHeld(wanted.lock) && wanted.single) : wanted.behind.every(isHeld))
      return wanted;
  return null;
}
