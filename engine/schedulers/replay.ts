// Replay: follows an exact schedule, transition by transition.
import type { Schedule } from '../../corpus/schema/schedule.js';
import { taskOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { type RunResult, run } from './run.js';
import type { Scheduler } from './scheduler.js';

/** Ends the run where the schedule ends, or where its next entry cannot act. */
export function replayScheduler(schedule: Schedule): Scheduler {
  let next = 0;
  return {
    name: 'replay',
    begin: () => {
      next = 0;
    },
    pick: (_machine, mask) => {
      const choice = schedule[next++];
      return choice === undefined || (mask & (1 << taskOf(choice))) === 0 ? -1 : choice;
    },
  };
}

/** Replays a schedule; `out-of-steps` if it ends, or cannot be followed, before the run is over. */
export function replaySchedule(machine: Machine, schedule: Schedule): RunResult {
  return run(machine, replayScheduler(schedule), xorshift(1), Number.POSITIVE_INFINITY);
}
