// Mutator: where a lock is given back or a wait ends, another of those who want it goes next.
import { type Mutator, normalGenome } from './mutator.js';

export const handOff: Mutator = {
  name: 'hand-off',
  fits: (compiled) => compiled.tasks > 1,
  mutate: (parent, context, rng) => {
    const { handOffs } = context.places();
    const place = handOffs[rng.below(Math.max(1, handOffs.length))];
    const task = place?.tasks[rng.below(place.tasks.length)];
    if (place === undefined || task === undefined) return normalGenome(parent, context.tasks);
    const others = parent.preempts.filter(({ step }) => step !== place.step);
    return normalGenome(
      { order: parent.order, preempts: [...others, { step: place.step, task }] },
      context.tasks,
    );
  },
};
