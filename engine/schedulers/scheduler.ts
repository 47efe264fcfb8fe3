// Scheduler: who picks the task that acts next; one strategy a file.
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import type { Rng } from '../rng.js';

export interface Scheduler {
  readonly name: string;
  /** Before each run. `maxSteps` is the most ops that the run may do. */
  begin(compiled: Compiled, maxSteps: number, rng: Rng): void;
  /**
   * The next choice (see engine/model/choice.ts; a task index will do). `mask` is `machine.actMask()`, never 0, and
   * the task picked must be in it. -1 ends the run early.
   */
  pick(machine: Machine, mask: number, rng: Rng): number;
}

/** The lowest task of a mask that is not empty. */
export function lowest(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** How many tasks are in the mask. */
export function countOf(mask: number): number {
  let n = 0;
  for (let left = mask; left !== 0; left &= left - 1) n++;
  return n;
}

/** The task with `rank` lower ones below it in the mask. */
export function nth(mask: number, rank: number): number {
  let left = mask;
  for (let i = 0; i < rank; i++) left &= left - 1;
  return lowest(left);
}
