// Mutator: one more preemption, somewhere.
import { type Mutator, normalGenome, someStep } from './mutator.js';

export const addPreemption: Mutator = {
  name: 'preempt.add',
  mutate: (parent, context, rng) =>
    normalGenome(
      {
        order: parent.order,
        preempts: [...parent.preempts, { step: someStep(context, rng), task: rng.below(context.tasks) }],
      },
      context.tasks,
    ),
};
