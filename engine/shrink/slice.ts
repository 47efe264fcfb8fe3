// Slices of a program: which tasks and names a set of tasks needs in order to run as it does in the whole.
import type { Program, ProgramTask } from '../../corpus/schema/program.js';

/** What a body refers to. */
export interface Uses {
  readonly locks: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
}

export function usesOf(tasks: readonly ProgramTask[]): Uses {
  const locks = new Set<string>();
  const flags = new Set<string>();
  const named = new Set<string>();
  for (const task of tasks) {
    if (task.after !== null) named.add(task.after);
    for (const op of task.body) {
      if (op.guard !== null) flags.add(op.guard.flag);
      if ('lock' in op) locks.add(op.lock);
      else if ('flag' in op) flags.add(op.flag);
      else if ('task' in op) named.add(op.task);
    }
  }
  return { locks, flags, tasks: named };
}

/**
 * The given tasks and all that can let them run or steer them: whom they follow, join, fork, who forks them, signals
 * what they wait for, gives back a semaphore they take, sets a flag they read, or holds a lock that they only try.
 * What is left out can only keep locks from them: it may as well never have started. `steered` false leaves those out who
 * only set flags: enough where the flags stand right from the start, and no proof where they do not.
 */
export function neededTasks(program: Program, wanted: readonly number[], steered = true): number[] {
  const index = new Map(program.tasks.map((t, i) => [t.name, i]));
  const kinds = new Map(program.locks.map((l) => [l.id, l.kind]));
  const needed = new Set<number>();
  const todo = [...wanted];
  for (let t = todo.pop(); t !== undefined; t = todo.pop()) {
    const task = program.tasks[t];
    if (task === undefined || needed.has(t)) continue;
    needed.add(t);
    const uses = usesOf([task]);
    for (const name of uses.tasks) {
      const i = index.get(name);
      if (i !== undefined) todo.push(i);
    }
    const waits = new Set<string>();
    const tries = new Set<string>();
    for (const op of task.body) {
      if (op.do === 'wait' || (op.do === 'lock' && kinds.get(op.lock) === 'semaphore')) waits.add(op.lock);
      if (op.do === 'lock' && op.attempt) tries.add(op.lock);
    }
    program.tasks.forEach((other, o) => {
      if (needed.has(o)) return;
      const helps = other.body.some((op) => {
        switch (op.do) {
          case 'fork':
            return op.task === task.name;
          case 'signal':
          case 'signal-all':
          case 'unlock':
            return waits.has(op.lock);
          case 'set':
          case 'clear':
            return steered && uses.flags.has(op.flag);
          case 'lock':
            return tries.has(op.lock);
          case 'wait':
          case 'sync':
          case 'join':
          case 'require':
          case 'irqs':
          case 'bh':
            return false;
          case 'ww':
            // Whose context is older may make it give way.
            return task.body.some((own) => own.do === 'ww');
          default: {
            const never: never = op;
            return never;
          }
        }
      });
      if (helps) todo.push(o);
    });
  }
  return [...needed].sort((a, b) => a - b);
}

/** The program with these tasks only, and with the locks and flags that they use; declarations keep their order. */
export function slice(program: Program, tasks: readonly ProgramTask[]): Program {
  const uses = usesOf(tasks);
  return {
    name: program.name,
    locks: program.locks.filter((l) => uses.locks.has(l.id)),
    flags: program.flags.filter((f) => uses.flags.has(f.id)),
    tasks,
  };
}
