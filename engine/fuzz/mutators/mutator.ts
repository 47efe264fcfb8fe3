// The interface of a mutator, and what all of them build on: genomes that are always in their normal form.
import type { Genome, Preemption } from '../../../corpus/schema/schedule.js';
import type { Compiled } from '../../model/compile.js';
import type { Rng } from '../../rng.js';
import { completeOrder } from '../../schedulers/genome.js';
import type { RunPlaces } from '../run-places.js';

/** What a mutator may know about the program that the genome is for. */
export interface MutationContext {
  /** Tasks of the program; task numbers are below it. */
  readonly tasks: number;
  /** Steps of a complete run, about: a preemption later than that does nothing. */
  readonly steps: number;
  /** Other genomes of the same program, for splicing. */
  readonly others: readonly Genome[];
  /** Places in the run of the genome that was picked; asked for only by those who need them, as it takes a run. */
  readonly places: () => RunPlaces;
}

/** One way to change a genome. Pure: the same seed gives the same child, and the parent stays as it is. */
export interface Mutator {
  readonly name: string;
  /** Whether it can do anything in such a program; by default in all. */
  readonly fits?: (compiled: Compiled) => boolean;
  readonly mutate: (parent: Genome, context: MutationContext, rng: Rng) => Genome;
}

/** More exceptions than this are noise, and shrink has to take them out again. */
export const MOST_PREEMPTIONS = 64;

/**
 * The genome in normal form for a program of `tasks` tasks: each task once in `order`, preemptions sorted by step
 * (those of one step keep their order), none for a task that does not exist.
 */
export function normalGenome(genome: Genome, tasks: number): Genome {
  const order = completeOrder(genome.order, tasks);
  const preempts = genome.preempts
    .filter((p) => p.task >= 0 && p.task < tasks && p.step >= 0)
    .sort((a: Preemption<number>, b: Preemption<number>) => a.step - b.step)
    .slice(0, MOST_PREEMPTIONS);
  return { order, preempts };
}

/** A step at which a switch can matter. */
export function someStep(context: MutationContext, rng: Rng): number {
  return rng.below(Math.max(1, context.steps + 1));
}
