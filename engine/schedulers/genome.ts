// Genome scheduler: runs each task of an order until it blocks or ends, except at the preemptions.
import type { Genome } from '../../corpus/schema/schedule.js';
import { choiceOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { type RunResult, run } from './run.js';
import type { Scheduler } from './scheduler.js';

/**
 * The task that acted last goes on as long as it can: do an op, or attempt what it cannot have and so become a
 * waiter. Then the first task of `order` that can act (tasks not in it come last, by index). Preemptions are used
 * up in their order: one whose step is reached says who acts next, unless that task cannot act. Several may name one
 * step: each then rules one transition (becoming a waiter is a transition and no step).
 */
export function genomeScheduler(genome: Genome): Scheduler {
  let order: number[] = [];
  let next = 0;
  return {
    name: 'genome',
    begin: (compiled) => {
      order = completeOrder(genome.order, compiled.tasks);
      next = 0;
    },
    pick: (machine, mask) => {
      const { preempts } = genome;
      while (next < preempts.length && preempts[next]!.step < machine.steps) next++;
      const preempt = preempts[next];
      if (preempt !== undefined && preempt.step === machine.steps) {
        next++;
        if (preempt.task >= 0 && mask & (1 << preempt.task)) return over(machine, preempt.task, preempt.over);
      }
      const last = machine.last;
      if (last >= 0 && mask & (1 << last)) return last;
      return order.find((t) => mask & (1 << t)) ?? -1;
    },
  };
}

/** `order` without doubles and strangers, with the tasks that it leaves out behind. */
export function completeOrder(order: readonly number[], tasks: number): number[] {
  const complete: number[] = [];
  for (const t of [...order, ...Array.from({ length: tasks }, (_, i) => i)]) {
    if (Number.isInteger(t) && t >= 0 && t < tasks && !complete.includes(t)) complete.push(t);
  }
  return complete;
}

function over(machine: Machine, task: number, victim: number | undefined): number {
  if (victim === undefined || victim < 0 || victim >= machine.compiled.tasks) return task;
  const cpu = machine.cpuOfTask(victim);
  return cpu >= 0 && machine.canHit(task, cpu) ? choiceOf(task, cpu) : task;
}

/** Resets the machine and runs the genome. */
export function runGenome(machine: Machine, genome: Genome, maxSteps: number): RunResult {
  return run(machine, genomeScheduler(genome), xorshift(1), maxSteps);
}
