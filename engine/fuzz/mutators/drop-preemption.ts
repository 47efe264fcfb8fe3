// Mutator: one preemption less.
import { type Mutator, normalGenome } from './mutator.js';

export const dropPreemption: Mutator = {
  name: 'preempt.drop',
  mutate: (parent, context, rng) => {
    const at = rng.below(Math.max(1, parent.preempts.length));
    return normalGenome(
      { order: parent.order, preempts: parent.preempts.filter((_, i) => i !== at) },
      context.tasks,
    );
  },
};
