// The interface of a program mutator: another program to fuzz, made of recorded ones under an assumption that it tells.
import type { LoweredProgram } from '../../../corpus/schema/program.js';
import { joined, type Part, type Partition } from '../../predict/candidate.js';
import type { PredictSource } from '../../predict/source.js';
import type { Rng } from '../../rng.js';

export interface MadeProgram {
  /** `basis` is `aliased` or `composed`, and `assumes` says what has to be true. */
  readonly lowered: LoweredProgram;
  /** For each task: index of the source it comes from, and its own index there. */
  readonly taskSources: readonly number[];
  readonly taskIndices: readonly number[];
}

/** One way to make a program of others. Pure: the same seed makes the same program. */
export interface ProgramMutator {
  readonly name: string;
  /** Null if nothing can be made of that source, or the recordings contradict what was tried. */
  readonly make: (sources: readonly PredictSource[], of: number, rng: Rng) => MadeProgram | null;
}

/** The tasks of a source with whole bodies. */
export function wholePart(index: number, source: PredictSource, tasks?: readonly number[]): Part {
  const { program } = source.lowered;
  const taken = tasks ?? program.tasks.map((_, t) => t);
  return {
    index,
    source,
    tasks: taken,
    bodies: new Map(taken.map((t) => [t, program.tasks[t]?.body ?? []])),
  };
}

/** The program of the parts under that name; null if it cannot be. */
export function madeOf(parts: readonly Part[], same: Partition, name: string): MadeProgram | null {
  const composed = joined(parts, same, []);
  if (!composed.ok) return null;
  const { lowered, taskSources } = composed.candidate;
  const clean = name.replace(/[^A-Za-z0-9_.+-]/g, '_').slice(0, 60);
  return {
    lowered: { ...lowered, program: { ...lowered.program, name: clean } },
    taskSources,
    taskIndices: parts.flatMap(({ tasks }) => tasks),
  };
}
