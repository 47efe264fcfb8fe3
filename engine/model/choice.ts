// Choice: one entry of a Schedule - the task that acts and, rarely, the CPU that an interrupt hits.

/** Most tasks that a program may have: sets of tasks are bit masks in one signed 32-bit word. */
export const MAX_TASKS = 31;

const TASK_BITS = 5;
const TASK_MASK = (1 << TASK_BITS) - 1;

/** The task that acts. */
export function taskOf(choice: number): number {
  return choice & TASK_MASK;
}

/** The task that acts, in a program of any number of tasks: see corpus/schema/schedule.ts. */
export function taskIn(tasks: number, choice: number): number {
  let stride = 1 << TASK_BITS;
  while (stride < tasks) stride *= 2;
  return choice % stride;
}

/**
 * Index into `Compiled.cpus` of the CPU that an irq task without `cpu` hits, or -1: the CPU of the task that acted
 * last if it can be interrupted, else the first that can.
 */
export function cpuOf(choice: number): number {
  return (choice >>> TASK_BITS) - 1;
}

/** The entry for `task` hitting the CPU with index `cpu`; -1 leaves the CPU to the rule of `cpuOf`. */
export function choiceOf(task: number, cpu: number): number {
  return task | ((cpu + 1) << TASK_BITS);
}
