// A lock released by a task that does not hold it: print_unlock_imbalance_bug() in kernel/locking/lockdep.c.
import type { LockdepKind } from '../draft.js';

export const badUnlockBalance: LockdepKind = {
  kind: 'bad-unlock-balance',
  headline: /^bad unlock balance(?: detected!?)?$/,
  fits(draft) {
    return draft.verb === 'release';
  },
  make(draft) {
    return {
      wants: draft.wants,
      facts: { lock: draft.wants?.lock ?? null, at: draft.wants?.site ?? null },
      problems: draft.wants === null ? ['no-acquiring-lock'] : [],
    };
  },
};
