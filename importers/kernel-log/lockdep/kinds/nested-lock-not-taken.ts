// The outer lock of a nest_lock annotation is not held: print_lock_nested_lock_not_held().
import type { LockdepKind } from '../draft.js';

export const nestedLockNotTaken: LockdepKind = {
  kind: 'nested-lock-not-taken',
  headline: /^Nested lock was not taken$/i,
  fits(draft) {
    return draft.nestName !== null;
  },
  make(draft) {
    return {
      wants: draft.wants,
      holds: draft.held.lists()[0]?.locks ?? [],
      facts: { nest_lock: draft.nestName },
      problems: draft.wants === null ? ['no-acquiring-lock'] : [],
    };
  },
};
