// Random: each transition by a task chosen uniformly among those that can act.

import { choiceOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import type { Rng } from '../rng.js';
import { countOf, nth, type Scheduler } from './scheduler.js';

/**
 * Plain random walk; the base line that every other strategy is measured against (P. Thomson, A. Donaldson, A.
 * Betts, "Concurrency Testing Using Controlled Schedulers: An Empirical Study", ACM TOPC 2016).
 */
export function randomScheduler(): Scheduler {
  return {
    name: 'random',
    begin: () => {},
    pick: (machine, mask, rng) => hitting(machine, nth(mask, rng.below(countOf(mask))), rng),
  };
}

/** The choice for `task`; an irq task that may hit any CPU hits one of those that it can, chosen uniformly. */
export function hitting(machine: Machine, task: number, rng: Rng): number {
  const c = machine.compiled;
  if (c.taskCpu[task]! >= 0 || machine.hasBegun(task)) return task;
  let seen = 0;
  let chosen = -1;
  for (let cpu = 0; cpu < c.cpus.length; cpu++) {
    if (machine.canHit(task, cpu) && rng.below(++seen) === 0) chosen = cpu;
  }
  return choiceOf(task, chosen);
}
