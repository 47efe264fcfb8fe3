// Run: one program from its start to its end under a scheduler.
import type { Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import type { Machine } from '../model/machine.js';
import type { Rng } from '../rng.js';
import type { Scheduler } from './scheduler.js';

export interface RunResult {
  readonly verdict: Verdict;
  /** Every transition, becoming a waiter included; replays to the same verdict. */
  readonly schedule: Schedule;
  /** Ops done. */
  readonly steps: number;
}

/** Resets the machine and runs it until it ends, the scheduler gives up, or `maxSteps` ops are done. */
export function run(machine: Machine, scheduler: Scheduler, rng: Rng, maxSteps: number): RunResult {
  machine.reset();
  scheduler.begin(machine.compiled, maxSteps, rng);
  const schedule: number[] = [];
  for (;;) {
    const mask = machine.actMask();
    if (mask === 0) break;
    if (machine.steps >= maxSteps)
      return { verdict: { kind: 'out-of-steps' }, schedule, steps: machine.steps };
    const choice = scheduler.pick(machine, mask, rng);
    if (choice < 0) return { verdict: { kind: 'out-of-steps' }, schedule, steps: machine.steps };
    machine.act(choice);
    schedule.push(choice);
  }
  const verdict = machine.finished();
  if (verdict === null) throw new Error(`${machine.compiled.program.name} neither ended nor can go on`);
  return { verdict, schedule, steps: machine.steps };
}
