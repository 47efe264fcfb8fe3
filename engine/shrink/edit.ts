// Edits: a smaller program together with where its tasks and ops come from, so that a schedule can follow it.
import type { Op, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import { slice } from './slice.js';

/** A task of the edited program: which one it was, and which of its ops are left, in order. */
export interface KeptTask {
  readonly from: number;
  readonly ops: readonly number[];
}

export interface Edit {
  readonly program: Program;
  readonly tasks: readonly KeptTask[];
}

/** What an edit changes beside leaving ops out. */
export interface Changes {
  readonly op?: (op: Op, task: number, index: number) => Op;
  readonly lock?: (lock: ProgramLock) => ProgramLock;
}

/** All tasks with all ops: where edits start from. */
export function everything(program: Program): KeptTask[] {
  return program.tasks.map((task, from) => ({ from, ops: task.body.map((_, i) => i) }));
}

/** `kept` without the ops of one task whose indices are in `dropped`. */
export function dropping(program: Program, task: number, dropped: ReadonlySet<number>): KeptTask[] {
  return everything(program).map((k) =>
    k.from === task ? { from: k.from, ops: k.ops.filter((i) => !dropped.has(i)) } : k,
  );
}

/**
 * The program with only these tasks and ops. Forks and joins of tasks that are gone go too, and so do locks and flags
 * that nobody uses any more; a task without ops is gone unless another one starts after it, joins it or forks it.
 */
export function edited(program: Program, kept: readonly KeptTask[], changes: Changes = {}): Edit {
  let left = [...kept];
  for (;;) {
    const names = new Set(left.map((k) => program.tasks[k.from]?.name));
    const refers = (op: Op): boolean => !('task' in op) || names.has(op.task);
    left = left.map((k) => ({
      from: k.from,
      ops: k.ops.filter((i) => {
        const op = program.tasks[k.from]?.body[i];
        return op !== undefined && refers(op);
      }),
    }));
    const needed = new Set<string>();
    for (const k of left) {
      const task = program.tasks[k.from];
      if (task?.after !== null && task?.after !== undefined) needed.add(task.after);
      for (const i of k.ops) {
        const op = task?.body[i];
        if (op !== undefined && 'task' in op) needed.add(op.task);
      }
    }
    const next = left.filter((k) => k.ops.length > 0 || needed.has(program.tasks[k.from]?.name ?? ''));
    if (next.length === left.length) break;
    left = next;
  }
  const names = new Set(left.map((k) => program.tasks[k.from]?.name));
  const tasks: ProgramTask[] = left.flatMap((k) => {
    const task = program.tasks[k.from];
    if (task === undefined) return [];
    const body = k.ops.flatMap((i) => {
      const op = task.body[i];
      return op === undefined ? [] : [changes.op === undefined ? op : changes.op(op, k.from, i)];
    });
    const after = task.after !== null && names.has(task.after) ? task.after : null;
    return [{ ...task, after, body }];
  });
  const changed =
    changes.lock === undefined ? program : { ...program, locks: program.locks.map(changes.lock) };
  return { program: slice(changed, tasks), tasks: left };
}

/** Weight of a program, in tokens of its litmus text: every edit must lower it. */
export function weightOf(program: Program): number {
  let weight = 0;
  for (const lock of program.locks) weight += 3 + lock.rules.length;
  for (const flag of program.flags) weight += 2 + (flag.set ? 1 : 0);
  for (const task of program.tasks) {
    weight += 2 + (task.after === null ? 0 : 2);
    for (const op of task.body) {
      weight += 2 + (op.guard === null ? 0 : 2);
      if (op.do === 'lock' && op.attempt) weight += 1;
    }
  }
  return weight;
}
