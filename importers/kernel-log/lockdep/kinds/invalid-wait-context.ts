// A lock that may sleep is taken where only spinning is allowed: print_lock_invalid_wait_context().
import type { LockdepKind } from '../draft.js';

export const invalidWaitContext: LockdepKind = {
  kind: 'invalid-wait-context',
  headline: /^Invalid wait context$/i,
  fits(draft) {
    return draft.verb === 'try-lock';
  },
  make(draft) {
    return {
      wants: draft.wants,
      holds: draft.held.lists()[0]?.locks ?? [],
      facts: { context: draft.waitContext },
      problems: draft.wants === null ? ['no-acquiring-lock'] : [],
    };
  },
};
