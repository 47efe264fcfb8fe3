// Restricted: some tasks of a lowered program as a program of its own, resting on what the whole rests on.
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import { slice } from '../shrink/slice.js';

/** The tasks of these names, in their order. */
export function restricted(lowered: LoweredProgram, names: ReadonlySet<string>): LoweredProgram {
  const tasks = lowered.program.tasks.filter(({ name }) => names.has(name));
  const { orders } = lowered;
  return {
    ...lowered,
    program: slice(lowered.program, tasks),
    observedSchedule:
      lowered.observedSchedule === null ? null : narrowed(lowered, names, lowered.observedSchedule),
    expect: null,
    genome: null,
    ...(orders === undefined
      ? {}
      : { orders: orders.filter(({ before, after }) => names.has(before) && names.has(after)) }),
  };
}

/** What is left of a schedule of task indices, in terms of the tasks that are left. */
export function narrowed(
  { program }: LoweredProgram,
  names: ReadonlySet<string>,
  schedule: Schedule,
): number[] {
  const index = new Map<number, number>();
  program.tasks.forEach(({ name }, t) => {
    if (names.has(name)) index.set(t, index.size);
  });
  return schedule.flatMap((task) => index.get(task) ?? []);
}
