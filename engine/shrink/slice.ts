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
 * What is left out can only keep locks from them: it may as well never have started. But a handler that may hit any CPU, and helps, may hit one
 * of those that are left out: so as many CPUs stay as there are such handlers, each with a task of it. `steered` false leaves those out who
 * only set flags: enough where the flags stand right from the start, and no proof where they do not.
 */
export function neededTasks(program: Program, wanted: readonly number[], steered = true): number[] {
  return needsOf(program, steered)(wanted);
}

/** `neededTasks` of one program, to be asked many times. */
export function needsOf(program: Program, steered = true): (wanted: readonly number[]) => number[] {
  const { tasks } = program;
  const index = new Map(tasks.map((t, i) => [t.name, i]));
  const kinds = new Map(program.locks.map((l) => [l.id, l.kind]));
  const helpers = helpersOf(tasks);
  const inContext = tasks.flatMap(({ body }, t) => (body.some((op) => op.do === 'ww') ? [t] : []));
  const known = new Map<number, ReadonlySet<number>>();
  const neededBy = (t: number): ReadonlySet<number> => {
    const before = known.get(t);
    if (before !== undefined) return before;
    const task = tasks[t]!;
    const uses = usesOf([task]);
    const needed = new Set<number>();
    const add = (list: readonly number[] | undefined): void => {
      for (const other of list ?? []) needed.add(other);
    };
    for (const name of uses.tasks) {
      const other = index.get(name);
      if (other !== undefined) needed.add(other);
    }
    add(helpers.forks.get(task.name));
    if (steered) for (const flag of uses.flags) add(helpers.changes.get(flag));
    for (const op of task.body) {
      if (op.do === 'wait' || (op.do === 'lock' && kinds.get(op.lock) === 'semaphore'))
        add(helpers.gives.get(op.lock));
      if (op.do === 'lock' && op.attempt) add(helpers.takes.get(op.lock));
      // Whose context is older may make it give way.
      if (op.do === 'ww') add(inContext);
    }
    known.set(t, needed);
    return needed;
  };
  return (wanted) => {
    const needed = new Set<number>();
    const add = (todo: number[]): void => {
      for (let t = todo.pop(); t !== undefined; t = todo.pop()) {
        if (needed.has(t)) continue;
        needed.add(t);
        for (const other of neededBy(t)) if (!needed.has(other)) todo.push(other);
      }
    };
    add(wanted.filter((t) => tasks[t] !== undefined));
    for (let cpus = 0; cpus < roamingHelpers(tasks, needed, neededBy); cpus++) {
      const spare = onAnotherCpu(tasks, needed);
      if (spare < 0) break;
      add([spare]);
    }
    return [...needed].sort((a, b) => a - b);
  };
}

/** How many handlers of those tasks may hit any CPU, and help another of them. */
function roamingHelpers(
  tasks: readonly ProgramTask[],
  needed: ReadonlySet<number>,
  neededBy: (t: number) => ReadonlySet<number>,
): number {
  const members = [...needed];
  const roaming = members.filter((t) => tasks[t]!.irq !== null && tasks[t]!.cpu === null);
  return roaming.filter((t) => members.some((u) => u !== t && neededBy(u).has(t))).length;
}

/** A task on a CPU on which none of those is, or -1. */
function onAnotherCpu(tasks: readonly ProgramTask[], needed: ReadonlySet<number>): number {
  const taken = new Set([...needed].map((t) => cpuOf(tasks, t)));
  return tasks.findIndex(
    (task, t) => !needed.has(t) && (task.irq === null || task.cpu !== null) && !taken.has(cpuOf(tasks, t)),
  );
}

/** Names the CPU of a task: its number, or the task itself. */
function cpuOf(tasks: readonly ProgramTask[], t: number): string {
  const { cpu } = tasks[t]!;
  return cpu === null ? `of task ${t}` : String(cpu);
}

/** By what it is about: the tasks that fork a task, change a flag, take a lock, give back or signal one. */
interface Helpers {
  readonly forks: ReadonlyMap<string, readonly number[]>;
  readonly changes: ReadonlyMap<string, readonly number[]>;
  readonly takes: ReadonlyMap<string, readonly number[]>;
  readonly gives: ReadonlyMap<string, readonly number[]>;
}

function helpersOf(tasks: readonly ProgramTask[]): Helpers {
  const forks = new Map<string, number[]>();
  const changes = new Map<string, number[]>();
  const takes = new Map<string, number[]>();
  const gives = new Map<string, number[]>();
  const add = (map: Map<string, number[]>, about: string, t: number): void => {
    const list = map.get(about);
    if (list === undefined) map.set(about, [t]);
    else if (list.at(-1) !== t) list.push(t);
  };
  tasks.forEach(({ body }, t) => {
    for (const op of body) {
      switch (op.do) {
        case 'fork':
          add(forks, op.task, t);
          break;
        case 'signal':
        case 'signal-all':
        case 'unlock':
          add(gives, op.lock, t);
          break;
        case 'set':
        case 'clear':
          add(changes, op.flag, t);
          break;
        case 'lock':
          add(takes, op.lock, t);
          break;
        case 'wait':
        case 'sync':
        case 'join':
        case 'require':
        case 'irqs':
        case 'bh':
        case 'ww':
          break;
        default: {
          const never: never = op;
          throw new Error(`unknown op ${JSON.stringify(never)}`);
        }
      }
    }
  });
  return { forks, changes, takes, gives };
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
