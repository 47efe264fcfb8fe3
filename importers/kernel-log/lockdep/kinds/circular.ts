// Circular lock dependency: print_circular_bug() in kernel/locking/lockdep.c.
import type { Draft, LockdepKind } from '../draft.js';

/** True if the links run from `#N` down to `#0` without a gap. */
export function isWholeChain(draft: Draft): boolean {
  const links = draft.chain.filter((link) => link.state === null);
  return links.length >= 2 && links.every((link, i) => link.index === links.length - 1 - i);
}

export const circular: LockdepKind = {
  kind: 'circular',
  headline: /^possible circular locking(?: dependency(?: detected)?)?$/,
  fits(draft) {
    return (
      draft.verb === 'acquire' || draft.alreadyDepends || draft.chain.some((link) => link.state === null)
    );
  },
  make(draft) {
    return {
      wants: draft.wants,
      holds: draft.holding === null ? [] : [draft.holding],
      problems: [
        ...(draft.wants === null ? ['no-acquiring-lock'] : []),
        ...(draft.holding === null ? ['no-holding'] : []),
        ...(isWholeChain(draft) ? [] : ['chain-incomplete']),
        ...(draft.rows.length === 0 ? ['no-scenario'] : []),
      ],
    };
  },
};
