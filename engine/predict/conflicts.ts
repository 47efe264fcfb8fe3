// Lock properties that the lock-order graph needs, read off the lock table of the model.
import type { LockMode } from '../../corpus/schema/lock.js';
import type { ProgramLock } from '../../corpus/schema/program.js';
import {
  NESTS,
  requestBits,
  TAKES_EXCLUSIVELY,
  WAITS_FOR_EXCLUSIVE,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from '../model/rules.js';

/** What one request of a lock obeys, as far as the graph needs it. */
export interface Request {
  readonly takesExclusively: boolean;
  readonly waitsForExclusive: boolean;
  readonly waitsForReaders: boolean;
  /** A reader that also queues behind a waiting writer. */
  readonly queues: boolean;
  /** Its holder may take it again at once. */
  readonly nests: boolean;
}

/** The request of `lock` in `mode`; null if that kind has no such mode. Semaphores of one unit count as exclusive. */
export function requestOf(lock: ProgramLock, mode: LockMode, inInterrupt: boolean): Request | null {
  const bits = requestBits(lock.kind, mode, lock.rules, inInterrupt);
  if (bits === null) return null;
  const semaphore = lock.kind === 'semaphore';
  return {
    takesExclusively: semaphore || (bits & TAKES_EXCLUSIVELY) !== 0,
    waitsForExclusive: semaphore || (bits & WAITS_FOR_EXCLUSIVE) !== 0,
    waitsForReaders: (bits & WAITS_FOR_READERS) !== 0,
    queues: (bits & WAITS_FOR_WAITING_WRITER) !== 0,
    nests: (bits & NESTS) !== 0,
  };
}
