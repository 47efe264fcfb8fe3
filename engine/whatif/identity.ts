// Identity of a deadlock across two versions of the code: who runs into it, and over which classes of locks.
import type { Program, ProgramTask } from '../../corpus/schema/program.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { classStem } from '../predict/source.js';
import { impliedFunction } from './chains.js';

function identity(kind: string, members: readonly string[]): string {
  const rotations = members.map((_, i) => [...members.slice(i), ...members.slice(0, i)].join('; '));
  return `${kind}: ${rotations.sort()[0] ?? ''}`;
}

/** What a task runs: of one that was put beside its twin (`kworker.2`), what the twin runs. */
function runs(tasks: readonly ProgramTask[], name: string): string {
  const bare = name.replace(/\.\d+$/, '');
  const task = tasks.find((one) => one.name === name) ?? tasks.find((one) => one.name === bare);
  if (task === undefined) return bare;
  return task.function ?? impliedFunction(task)?.function ?? bare;
}

/**
 * Kind, and around the cycle what each task runs and the class that it wants. Sites and modes are left out on purpose: a
 * patch that takes the same lock one function deeper has not mended anything. `program`: where the witness was found.
 */
export function identityOf(witness: Witness, program: Program): string {
  const members = witness.tasks.map(
    ({ name, wants }) =>
      `${runs(program.tasks, name)} wants ${wants === null ? '?' : classStem(wants.class)}`,
  );
  return identity(witness.kind, members);
}

/** The identity that the witness of a predicted cycle would have; tasks and classes in waits-for order. */
export function cycleIdentity(
  tasks: readonly string[],
  classes: readonly string[],
  programs: readonly ProgramTask[],
): string {
  const kind = tasks.length === 1 ? 'self-deadlock' : 'inversion';
  return identity(
    kind,
    tasks.map((name, i) => `${runs(programs, name)} wants ${classStem(classes[i] ?? '?')}`),
  );
}
