// A lock's new use in an interrupt contradicts an order seen before: print_irq_inversion_bug().
import type { LockdepKind } from '../draft.js';

export const irqInversion: LockdepKind = {
  kind: 'irq-inversion',
  headline: /^possible irq lock inversion(?: dependency(?: detected)?)?$/,
  fits(draft) {
    return draft.verb === 'change' || draft.relation !== null;
  },
  make(draft) {
    const other = draft.slots.other?.ref ?? null;
    return {
      wants: draft.wants,
      facts: {
        context: draft.context,
        irq: draft.irq,
        changed: draft.wants?.lock ?? null,
        other: other?.lock ?? null,
        other_usage: other?.usage ?? null,
        relation: draft.relation,
      },
      problems: draft.wants === null ? ['no-acquiring-lock'] : [],
    };
  },
};
