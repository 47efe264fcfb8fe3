// One lock used in an interrupt and with that interrupt on: print_usage_bug() in kernel/locking/lockdep.c.
import type { LockdepKind } from '../draft.js';

export const inconsistentState: LockdepKind = {
  kind: 'inconsistent-state',
  headline: /^inconsistent lock(?: state)?$/,
  fits(draft) {
    return draft.verb === 'take' || draft.from !== null;
  },
  make(draft) {
    return {
      wants: draft.wants,
      facts: { from: draft.from, to: draft.to, context: draft.context, lock: draft.wants?.lock ?? null },
      problems: [
        ...(draft.wants === null ? ['no-acquiring-lock'] : []),
        ...(draft.rows.length === 0 ? ['no-scenario'] : []),
      ],
    };
  },
};
