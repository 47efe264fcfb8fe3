// Names of a patch in a program: locks by class, flags by lock, and places as a reader would name them.
import type { PatchFlag } from '../../corpus/schema/patch.js';
import type { Op, OpAction, Program, ProgramTask } from '../../corpus/schema/program.js';
import { classStem } from '../predict/source.js';
import type { Chain } from './chains.js';

/** True if a class of a program is what a patch calls so: `a|b` is either; lockdep's number does not count. */
export function isClass(pattern: string, name: string): boolean {
  return pattern.split('|').some((one) => one === name || classStem(one) === classStem(name));
}

export function locksOfClass(program: Program, pattern: string): string[] {
  return program.locks.filter((lock) => isClass(pattern, lock.class)).map((lock) => lock.id);
}

/** The flag of an object as it is called in the program. `lock` is null for a flag of no object. */
export function flagId(flag: PatchFlag, lock: string | null): string {
  return lock === null ? flag.name : `${flag.name}_${lock}`;
}

/** The program with that flag declared. */
export function withFlag(program: Program, flag: PatchFlag, lock: string | null): Program {
  const id = flagId(flag, lock);
  if (program.flags.some((known) => known.id === id)) return program;
  const declared = { id, set: flag.set, ...(lock === null ? {} : { of: lock }) };
  return { ...program, flags: [...program.flags, declared] };
}

/** An op that a patch puts in: it has no line in any log. */
export function newOp(action: OpAction, chain: Chain): Op {
  return { ...action, guard: null, site: chain[0] ?? null, frames: chain, line: null };
}

export function lockOp(lock: string, chain: Chain): Op {
  return newOp({ do: 'lock', lock, mode: 'exclusive', attempt: false }, chain);
}

export function unlockOp(lock: string, chain: Chain): Op {
  return newOp({ do: 'unlock', lock }, chain);
}

/** `pci-remover (remove_store)`: who an edit was applied to. */
export function whoOf(task: ProgramTask): string {
  return task.function === null || task.function === task.name
    ? task.name
    : `${task.name} (${task.function})`;
}

/** What an edit did to one program. */
export interface Edited {
  readonly program: Program;
  readonly applied: readonly string[];
  readonly passed: readonly string[];
}

/** Does one edit to each task body; `edit` gives the new body, or null if it changed nothing. */
export function editedBodies(
  program: Program,
  edit: (
    task: ProgramTask,
    note: (text: string) => void,
    pass: (text: string) => void,
  ) => readonly Op[] | null,
): Edited {
  const applied = new Set<string>();
  const passed = new Set<string>();
  const tasks = program.tasks.map((task) => {
    const body = edit(
      task,
      (text) => applied.add(`${text}, in ${whoOf(task)}`),
      (text) => passed.add(`${text}, in ${whoOf(task)}`),
    );
    return body === null ? task : { ...task, body };
  });
  return { program: { ...program, tasks }, applied: [...applied], passed: [...passed] };
}
