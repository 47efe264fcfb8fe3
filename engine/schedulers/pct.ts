// PCT: random priorities with d - 1 points at which the running task falls below all others.
import { hitting } from './random.js';
import type { Scheduler } from './scheduler.js';

/**
 * S. Burckhardt, P. Kothari, M. Musuvathi, S. Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs", ASPLOS 2010: a bug of depth d in n tasks and k steps is hit with probability at least
 * 1 / (n k^(d-1)). Differences: k is the number of ops of the program (or the step limit, if smaller), and becoming
 * a waiter takes no step.
 */
export function pctScheduler(depth: number): Scheduler {
  let priority: number[] = [];
  let changeAt: number[] = [];
  let changes = 0;
  return {
    name: `pct-${depth}`,
    begin: (compiled, maxSteps, rng) => {
      priority = Array.from({ length: compiled.tasks }, (_, t) => t + depth);
      for (let t = priority.length - 1; t > 0; t--) {
        const other = rng.below(t + 1);
        [priority[t], priority[other]] = [priority[other]!, priority[t]!];
      }
      const steps = Math.max(1, Math.min(compiled.ops, maxSteps));
      changeAt = Array.from({ length: depth - 1 }, () => 1 + rng.below(steps)).sort((a, b) => a - b);
      changes = 0;
    },
    pick: (machine, mask, rng) => {
      const highest = (): number => {
        let best = -1;
        for (let t = 0; t < priority.length; t++) {
          if (mask & (1 << t) && (best < 0 || priority[t]! > priority[best]!)) best = t;
        }
        return best;
      };
      // The step that is about to be done is number `steps` + 1: who would do it falls to the lowest priority yet.
      while (changes < changeAt.length && changeAt[changes]! <= machine.steps + 1) {
        priority[highest()] = depth - 1 - ++changes;
      }
      return hitting(machine, highest(), rng);
    },
  };
}
