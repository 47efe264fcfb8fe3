// Delay bounded: one task after the other, each until it blocks, but for a few points at which whose turn it is has to wait.
import { hitting } from './random.js';
import type { Scheduler } from './scheduler.js';

/**
 * M. Emmi, S. Qadeer, Z. Rakamaric, "Delay-Bounded Scheduling", POPL 2011, with the delays at random steps: a
 * deterministic round robin that does not preempt, from which each delay passes over the task whose turn it is until the
 * others had theirs. Difference: the round begins with a random task, as all tasks are there from the start.
 */
export function delayBoundedScheduler(delays: number): Scheduler {
  let round: number[] = [];
  let delayAt: number[] = [];
  let next = 0;
  return {
    name: `delay-${delays}`,
    begin: (compiled, maxSteps, rng) => {
      const first = rng.below(Math.max(1, compiled.tasks));
      round = Array.from({ length: compiled.tasks }, (_, t) => (t + first) % compiled.tasks);
      const steps = Math.max(1, Math.min(compiled.ops, maxSteps));
      delayAt = Array.from({ length: delays }, () => rng.below(steps)).sort((a, b) => a - b);
      next = 0;
    },
    pick: (machine, mask, rng) => {
      const turn = (): number => {
        // Who acted last goes on; else the next in the round behind it.
        const at = Math.max(0, round.indexOf(machine.last));
        for (let i = 0; i < round.length; i++) {
          const t = round[(at + i) % round.length]!;
          if (mask & (1 << t)) return t;
        }
        return -1;
      };
      let task = turn();
      for (; next < delayAt.length && delayAt[next]! <= machine.steps; next++) {
        round = [...round.filter((t) => t !== task), task];
        task = round.find((t) => (mask & (1 << t)) !== 0 && t !== task) ?? task;
      }
      return hitting(machine, task, rng);
    },
  };
}
