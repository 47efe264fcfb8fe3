// Goal: where the tasks of a bad end stand, so that a model checker can be asked for exactly that end.
import type { Program } from '../../corpus/schema/program.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import { taskIn } from '../../engine/model/choice.js';
import { runOf } from '../../engine/model/interpreted.js';

/** An end: each task stands for ever before its op, or, for `violated`, breaks the rules with it. */
export interface Goal {
  readonly kind: 'deadlock' | 'stranded' | 'violated';
  readonly at: readonly { readonly task: number; readonly op: number }[];
}

/** The goal that a schedule of the program leads to, or null: it ends well or not at all. */
export function goalOf(program: Program, schedule: Schedule): Goal | null {
  const machine = runOf(program);
  for (const choice of schedule) {
    if (!machine.canAct(taskIn(program.tasks.length, choice))) return null;
    machine.act(choice);
  }
  const verdict = machine.finished();
  if (verdict === null) return null;
  const standing = (tasks: readonly number[]): Goal['at'] =>
    tasks.map((task) => ({ task, op: machine.pc(task) }));
  switch (verdict.kind) {
    case 'deadlock':
      return { kind: 'deadlock', at: standing(verdict.cycle) };
    case 'stranded':
      return { kind: 'stranded', at: standing(verdict.tasks) };
    case 'violated':
      return { kind: 'violated', at: [{ task: verdict.task, op: verdict.op }] };
    case 'completed':
    case 'ill-formed':
    case 'out-of-steps':
      return null;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}
