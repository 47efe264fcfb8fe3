// Gives the locks of a shrunk program the first letters again, where their names were made up by the lowering.
import type { Op, Program } from '../../corpus/schema/program.js';
import { lockName } from './names.js';

/** Names that `lockName` makes. A name that a person gave is never changed. */
const MADE_UP = /^(?:[A-Z]|L\d+)$/;

/** The same program with locks A, B, C in the order of their declaration; itself if any lock has a name of its own. */
export function withShortNames(program: Program): Program {
  if (!program.locks.every((lock) => MADE_UP.test(lock.id))) return program;
  const names = new Map(program.locks.map((lock, index) => [lock.id, lockName(index)]));
  const renamed = (op: Op): Op => ('lock' in op ? { ...op, lock: names.get(op.lock) ?? op.lock } : op);
  return {
    ...program,
    locks: program.locks.map((lock) => ({ ...lock, id: names.get(lock.id) ?? lock.id })),
    tasks: program.tasks.map((task) => ({ ...task, body: task.body.map(renamed) })),
  };
}
