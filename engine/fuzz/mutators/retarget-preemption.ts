// Mutator: one preemption goes to another task.
import { type Mutator, normalGenome } from './mutator.js';

export const retargetPreemption: Mutator = {
  name: 'preempt.retarget',
  mutate: (parent, context, rng) => {
    if (parent.preempts.length === 0) return normalGenome(parent, context.tasks);
    const at = rng.below(parent.preempts.length);
    const task = rng.below(context.tasks);
    return normalGenome(
      { order: parent.order, preempts: parent.preempts.map((p, i) => (i === at ? { ...p, task } : p)) },
      context.tasks,
    );
  },
};
