// A task takes a lock of a class it holds: print_deadlock_bug() in kernel/locking/lockdep.c.
import type { LockdepKind } from '../draft.js';

export const recursive: LockdepKind = {
  kind: 'recursive',
  headline: /^possible recursive locking(?: detected)?$/,
  fits(draft) {
    if (draft.verb !== 'acquire' || draft.alreadyDepends || draft.chain.length > 0) return false;
    const sameClass = draft.wants !== null && draft.wants.lock === draft.holding?.lock;
    return draft.nestingNotation || sameClass || draft.backtrace.includes('print_deadlock_bug');
  },
  make(draft) {
    return {
      wants: draft.wants,
      holds: draft.holding === null ? [] : [draft.holding],
      problems: [
        ...(draft.wants === null ? ['no-acquiring-lock'] : []),
        ...(draft.holding === null ? ['no-holding'] : []),
        ...(draft.rows.length === 0 ? ['no-scenario'] : []),
      ],
    };
  },
};
