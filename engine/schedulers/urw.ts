// URW: a random walk that weights each task by the ops it still has to do, so that interleavings come out more evenly.
import type { Machine } from '../model/machine.js';
import type { Rng } from '../rng.js';
import { hitting } from './random.js';
import type { Scheduler } from './scheduler.js';

/**
 * Uniform random walk over interleavings (H. Zhao et al., "Selectively Uniform Concurrency Testing", ASPLOS 2025).
 * Differences: the ops left are those of the straight-line body, and becoming a waiter uses up none of them.
 */
export function urwScheduler(): Scheduler {
  return {
    name: 'urw',
    begin: () => {},
    pick: (machine: Machine, mask: number, rng: Rng) => {
      const { opBase } = machine.compiled;
      const leftOf = (t: number): number => (opBase[t + 1] ?? 0) - (opBase[t] ?? 0) - machine.pc(t);
      let total = 0;
      for (let left = mask; left !== 0; left &= left - 1) total += leftOf(31 - Math.clz32(left & -left));
      let ticket = rng.below(Math.max(1, total));
      let task = 31 - Math.clz32(mask & -mask);
      for (let left = mask; left !== 0; left &= left - 1) {
        task = 31 - Math.clz32(left & -left);
        ticket -= leftOf(task);
        if (ticket < 0) break;
      }
      return hitting(machine, task, rng);
    },
  };
}
