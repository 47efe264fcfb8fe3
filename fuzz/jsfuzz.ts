// The parts of jsfuzz that are used: its corpus with its mutations, under seeded dice.
import { createRequire } from 'node:module';

/** jsfuzz declares no types for this class. */
export interface JsfuzzCorpus {
  inputs: Buffer[];
  maxInputSize: number;
  rand(n: number): number;
  randBool(): boolean;
  mutate(bytes: Buffer): Buffer;
  /** Keeps an input, in memory and in the first of the folders. */
  putBuffer(bytes: Buffer): void;
}

const { Corpus } = createRequire(import.meta.url)('jsfuzz/build/src/corpus.js') as {
  Corpus: new (dirs: readonly string[], onlyAscii: boolean) => JsfuzzCorpus;
};

/** Numbers in 0..1 of a xorshift of 32 bits. */
function dice(seed: number): () => number {
  let x = seed | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

/** A corpus of the files in `folders` whose draws repeat. `onlyAscii`: mutants keep to printable bytes. */
export function jsfuzzCorpus(folders: readonly string[], onlyAscii: boolean, seed: number): JsfuzzCorpus {
  const corpus = new Corpus(folders, onlyAscii);
  const next = dice(seed);
  corpus.rand = (n) => Math.floor(next() * Math.floor(n));
  corpus.randBool = () => next() >= 0.5;
  return corpus;
}
