// Memory freed with a held lock in it: print_freed_lock_bug() in kernel/locking/lockdep.c.
import type { LockdepKind } from '../draft.js';

export const heldLockFreed: LockdepKind = {
  kind: 'held-lock-freed',
  headline: /^held lock freed!?$/,
  fits(draft) {
    return draft.verb === 'free';
  },
  make(draft) {
    // The lock stands behind the task's line, where other kinds print the wanted one; here it is held.
    return {
      holds: draft.wants === null ? [] : [draft.wants],
      facts: { lock: draft.wants?.lock ?? null },
      problems: draft.wants === null ? ['no-holding'] : [],
    };
  },
};
