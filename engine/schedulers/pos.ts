// POS: each pending op has a random priority, drawn anew whenever an op that it could race with is done.
import type { Rng } from '../rng.js';
import { hitting } from './random.js';
import { lowest, type Scheduler } from './scheduler.js';

/**
 * Partial order sampling (X. Yuan, J. Yang, R. Gu, "Partial Order Aware Concurrency Sampling", CAV 2018). Two ops race if
 * they are about one lock; flags, forks and joins race with nothing. Difference: becoming a waiter is a transition, after
 * which the task draws a new priority too.
 */
export function posScheduler(): Scheduler {
  let priority = new Float64Array(0);
  const draw = (rng: Rng): number => 1 + (rng.next() >>> 0);
  return {
    name: 'pos',
    begin: (compiled, _maxSteps, rng) => {
      if (priority.length !== compiled.tasks) priority = new Float64Array(compiled.tasks);
      for (let t = 0; t < priority.length; t++) priority[t] = draw(rng);
    },
    pick: (machine, mask, rng) => {
      let task = lowest(mask);
      for (let left = mask; left !== 0; left &= left - 1) {
        const t = lowest(left);
        if (priority[t]! > priority[task]!) task = t;
      }
      const lock = machine.wants(task);
      for (let t = 0; t < priority.length; t++) {
        if (t === task || (lock >= 0 && machine.wants(t) === lock)) priority[t] = draw(rng);
      }
      return hitting(machine, task, rng);
    },
  };
}
