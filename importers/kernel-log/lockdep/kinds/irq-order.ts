// A lock that interrupts take is held while one is taken that is held with them on: print_bad_irq_dependency().
import type { LockdepKind } from '../draft.js';

export const irqOrder: LockdepKind = {
  kind: 'irq-order',
  headline: /^\w+-(?:READ-)?safe ->(?: \w+-(?:READ-)?unsafe(?: lock(?: order(?: detected)?)?)?)?$/,
  fits(draft) {
    return draft.verb === 'acquire' && (draft.context !== null || draft.newDependency !== null);
  },
  make(draft) {
    const irq = draft.irq ?? /^\W*(?:\w+: )?\W*(\w+)-(?:READ-)?safe/.exec(draft.title)?.[1] ?? null;
    return {
      wants: draft.wants,
      holds: draft.holding === null ? [] : [draft.holding],
      facts: {
        context: draft.context,
        irq,
        new_dependency_from: draft.newDependency?.from ?? null,
        new_dependency_to: draft.newDependency?.to ?? null,
      },
      problems: [
        ...(draft.wants === null ? ['no-acquiring-lock'] : []),
        ...(draft.holding === null ? ['no-holding'] : []),
      ],
    };
  },
};
