// Meetings: which tasks of a program can have to do with each other, as groups that run without any notice of the rest.
import type { Program, ProgramTask } from '../../corpus/schema/program.js';

/**
 * Groups of tasks, each in the order of the text. Tasks meet through a lock that one of them could keep from the other (readers
 * alone, and sections without a `sync`, keep nothing from anybody), a flag that somebody changes, fork, join and after, and where
 * there are interrupts through their CPU; an irq task that may hit any CPU meets everybody.
 */
export function meetings(program: Program): ProgramTask[][] {
  const { tasks } = program;
  const group = tasks.map((_, t) => t);
  const root = (t: number): number => {
    let at = t;
    while (group[at] !== at) at = group[at]!;
    return at;
  };
  const meet = (members: readonly number[]): void => {
    for (const t of members.slice(1)) group[root(t)] = root(members[0]!);
  };
  const index = new Map(tasks.map((task, t) => [task.name, t]));
  const users = new Map<string, number[]>();
  const contended = new Set<string>();
  const flagUsers = new Map<string, number[]>();
  const changed = new Set<string>();
  const kinds = new Map(program.locks.map((lock) => [lock.id, lock.kind]));
  const add = (map: Map<string, number[]>, name: string, t: number): void => {
    map.set(name, [...(map.get(name) ?? []), t]);
  };
  const named = (t: number, name: string): void => {
    const other = index.get(name);
    if (other !== undefined) meet([t, other]);
  };
  tasks.forEach((task, t) => {
    if (task.after !== null) named(t, task.after);
    for (const op of task.body) {
      if (op.guard !== null) add(flagUsers, op.guard.flag, t);
      if ('task' in op) named(t, op.task);
      else if ('flag' in op) {
        add(flagUsers, op.flag, t);
        if (op.do !== 'require') changed.add(op.flag);
      } else if ('lock' in op) {
        add(users, op.lock, t);
        const kind = kinds.get(op.lock);
        const isSection = kind === 'rcu' || kind === 'srcu';
        if (
          op.do === 'unlock'
            ? kind === 'semaphore'
            : op.do !== 'lock' || (op.mode === 'exclusive' && !isSection)
        )
          contended.add(op.lock);
      }
    }
  });
  for (const [lock, list] of users) if (contended.has(lock)) meet(list);
  for (const [flag, list] of flagUsers) if (changed.has(flag)) meet(list);
  if (tasks.some((task) => task.irq !== null)) {
    const all = tasks.map((_, t) => t);
    if (tasks.some((task) => task.irq !== null && task.cpu === null)) meet(all);
    else {
      for (const cpu of new Set(tasks.map((task) => task.cpu)))
        if (cpu !== null) meet(all.filter((t) => tasks[t]!.cpu === cpu));
    }
  }
  const groups = new Map<number, ProgramTask[]>();
  tasks.forEach((task, t) => {
    groups.set(root(t), [...(groups.get(root(t)) ?? []), task]);
  });
  return [...groups.values()];
}
