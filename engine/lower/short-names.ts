// Gives the locks of a shrunk program the first letters again, where their names were made up by the lowering.
import type { Op, Program } from '../../corpus/schema/program.js';
import { lockName } from './names.js';

/** Names that `lockName` makes. A name that a person gave is never changed. */
const MADE_UP = /^(?:[A-Z]|L\d+)$/;

/** The same program with locks A, B, C in the order of their declaration; itself if any lock has a name of its own. */
export function withShortNames(program: Program): Program {
  if (!program.locks.every((lock) => MADE_UP.test(lock.id))) return program;
  const names = new Map(program.locks.map((lock, index) => [lock.id, lockName(index)]));
  // A flag of an object bears the name of its lock.
  const flags = new Map(
    program.flags.map((flag) => {
      const lock = flag.of === undefined ? undefined : names.get(flag.of);
      if (flag.of === undefined || lock === undefined) return [flag.id, flag];
      return [
        flag.id,
        { ...flag, id: `${flag.id.slice(0, flag.id.length - flag.of.length)}${lock}`, of: lock },
      ];
    }),
  );
  const flagName = (id: string): string => flags.get(id)?.id ?? id;
  const renamed = (op: Op): Op => {
    const guard = op.guard === null ? null : { ...op.guard, flag: flagName(op.guard.flag) };
    if ('lock' in op) return { ...op, guard, lock: names.get(op.lock) ?? op.lock };
    return 'flag' in op ? { ...op, guard, flag: flagName(op.flag) } : { ...op, guard };
  };
  return {
    ...program,
    flags: program.flags.map((flag) => flags.get(flag.id) ?? flag),
    locks: program.locks.map((lock) => ({ ...lock, id: names.get(lock.id) ?? lock.id })),
    tasks: program.tasks.map((task) => ({ ...task, body: task.body.map(renamed) })),
  };
}
