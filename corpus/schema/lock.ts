// Locks as the model knows them: kinds, modes of taking, and the rules that can be switched per lock.

/** Every kind of lock of the litmus form (contract.md section 3). */
export const LOCK_KINDS = [
  'mutex',
  'rtmutex',
  'spinlock',
  'rwlock',
  'rwsem',
  'semaphore',
  'ww_mutex',
  'completion',
  'rcu',
  'srcu',
] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

/**
 * Who gives way where acquire contexts (`ww begin`) meet at a ww_mutex: `wait-die`, who asks and is younger; `wound-wait`,
 * who holds and is younger (DEFINE_WD_CLASS and DEFINE_WW_CLASS, include/linux/ww_mutex.h).
 */
export const WW_POLICIES = ['wound-wait', 'wait-die'] as const;
export type WwPolicy = (typeof WW_POLICIES)[number];

/** How a lock is taken. `read` = lockdep's read 1, `recursive-read` = lockdep's read 2. */
export const LOCK_MODES = ['exclusive', 'read', 'recursive-read'] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** Rules that override what a kind does by default. */
export const LOCK_RULES = ['reentrant', 'no-reentrant', 'fair', 'unfair'] as const;
export type LockRule = (typeof LOCK_RULES)[number];
