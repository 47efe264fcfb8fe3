// Edit: functions no longer take a lock; who called them and took it himself still does.
import type { FunctionNames } from '../../corpus/schema/patch.js';
import type { Program } from '../../corpus/schema/program.js';
import { chainsOf, endOfSection, isTakenBy } from './chains.js';
import { type Edited, editedBodies, isClass } from './names.js';

export function dropLock(program: Program, pattern: string, inside: readonly FunctionNames[]): Edited {
  const wanted = new Set(program.locks.filter((l) => isClass(pattern, l.class)).map((l) => l.id));
  return editedBodies(program, (task, note) => {
    const chains = chainsOf(task);
    const gone = new Set<number>();
    task.body.forEach((op, i) => {
      if (op.do !== 'lock' || !wanted.has(op.lock)) return;
      const taker = inside.find((names) => isTakenBy(op, chains[i] ?? [], names));
      if (taker === undefined) return;
      gone.add(i);
      gone.add(endOfSection(task.body, i));
      note(taker[0] ?? '');
    });
    return gone.size === 0 ? null : task.body.filter((_, i) => !gone.has(i));
  });
}
