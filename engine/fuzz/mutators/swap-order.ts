// Mutator: two tasks change places in the order.
import { type Mutator, normalGenome } from './mutator.js';

export const swapOrder: Mutator = {
  name: 'order.swap',
  mutate: (parent, context, rng) => {
    const { order, preempts } = normalGenome(parent, context.tasks);
    const [a, b] = [rng.below(order.length), rng.below(order.length)];
    const swapped = order.map((t, i) => (i === a ? (order[b] ?? t) : i === b ? (order[a] ?? t) : t));
    return { order: swapped, preempts };
  },
};
