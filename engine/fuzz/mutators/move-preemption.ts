// Mutator: one preemption a little earlier or later, or now and then anywhere.
import { type Mutator, normalGenome, someStep } from './mutator.js';

/** Farthest small move; most critical sections are shorter. */
const NEAR = 8;

export const movePreemption: Mutator = {
  name: 'preempt.move',
  mutate: (parent, context, rng) => {
    if (parent.preempts.length === 0) return normalGenome(parent, context.tasks);
    const at = rng.below(parent.preempts.length);
    const preempts = parent.preempts.map((p, i) => {
      if (i !== at) return p;
      if (rng.below(4) === 0) return { ...p, step: someStep(context, rng) };
      const by = 1 + rng.below(NEAR);
      return { ...p, step: Math.max(0, rng.below(2) === 0 ? p.step - by : p.step + by) };
    });
    return normalGenome({ order: parent.order, preempts }, context.tasks);
  },
};
