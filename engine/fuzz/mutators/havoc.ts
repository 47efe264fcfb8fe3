// Mutator: havoc on the packed genome, by the byte mutations of jsfuzz with its dice replaced by ours.
import { Corpus } from 'jsfuzz/build/src/corpus.js';
import type { Rng } from '../../rng.js';
import { packGenome, unpackGenome } from '../genome-bytes.js';
import { type Mutator, normalGenome } from './mutator.js';

/** jsfuzz's byte mutations. Handed no folder, it touches no disk; all its dice go through these two methods. */
class SeededCorpus extends Corpus {
  rng: Rng | null = null;

  override rand(n: number): number {
    return this.rng === null ? 0 : this.rng.below(n);
  }

  override randBool(): boolean {
    return this.rand(2) === 1;
  }

  /** Inputs to splice with. */
  replaceInputs(inputs: readonly Uint8Array[]): void {
    const mine = this as unknown as { inputs: Buffer[] };
    mine.inputs = inputs.map((bytes) => Buffer.from(bytes));
  }
}

/** Genomes taken along for splicing; more cost time and bring nothing. */
const SPLICED = 8;

export const havoc: Mutator = {
  name: 'havoc',
  mutate: (parent, context, rng) => {
    const corpus = new SeededCorpus([], false);
    corpus.rng = rng;
    corpus.replaceInputs(context.others.slice(0, SPLICED).map(packGenome));
    const child = corpus.mutate(Buffer.from(packGenome(parent)));
    return normalGenome(unpackGenome(child, context.tasks, context.steps), context.tasks);
  },
};
