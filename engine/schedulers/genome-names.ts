// Genome names: a genome over task indices and the same over task names.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, GenomeOf, NamedGenome, Preemption } from '../../corpus/schema/schedule.js';

function mapGenome<A, B>(genome: GenomeOf<A>, to: (task: A) => B): GenomeOf<B> {
  const preempt = (p: Preemption<A>): Preemption<B> =>
    p.over === undefined
      ? { step: p.step, task: to(p.task) }
      : { step: p.step, task: to(p.task), over: to(p.over) };
  return { order: genome.order.map(to), preempts: genome.preempts.map(preempt) };
}

/** Indices to names. Throws on an index that the program has not. */
export function nameGenome(program: Program, genome: Genome): NamedGenome {
  return mapGenome(genome, (t) => {
    const task = program.tasks[t];
    if (task === undefined) throw new Error(`${program.name} has no task ${t}`);
    return task.name;
  });
}

/** Names to indices; a name that the program has not becomes -1, which the genome scheduler passes over. */
export function indexGenome(program: Program, genome: NamedGenome): Genome {
  return mapGenome(genome, (name) => program.tasks.findIndex((task) => task.name === name));
}
