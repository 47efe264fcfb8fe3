// Mutator: an interrupt hits at another step and, if it may choose, another CPU; most often one whose task holds a lock.
import { type Mutator, normalGenome } from './mutator.js';

export const interruptPlacement: Mutator = {
  name: 'interrupt.place',
  fits: (compiled) => compiled.irqTasks !== 0,
  mutate: (parent, context, rng) => {
    const { interrupts } = context.places();
    const holding = interrupts.filter((place) => place.holds);
    const among = holding.length > 0 && rng.below(4) > 0 ? holding : interrupts;
    const place = among[rng.below(Math.max(1, among.length))];
    if (place === undefined) return normalGenome(parent, context.tasks);
    const { step, task, over } = place;
    // It runs at most once: the earlier word for it goes.
    const others = parent.preempts.filter((p) => p.task !== task);
    return normalGenome({ order: parent.order, preempts: [...others, { step, task, over }] }, context.tasks);
  },
};
