// Plain keys: the places of all tasks packed into words, so that a step adds a number to one word.
import type { PlainProgram } from './plain-program.js';

export interface PlainKeys {
  /** Words of a key, at least two. Bit 0 of the first is set in every key, so that none is 0. */
  readonly words: number;
  /** By task: the word that holds how many ops it has passed, and the lowest bit and the ones of its field there. */
  readonly wordOf: Uint8Array;
  readonly shift: Uint8Array;
  readonly ones: Int32Array;
  /** Where a key has room for a set of tasks. */
  readonly noteWord: number;
  readonly noteShift: number;
}

export function plainKeys(program: PlainProgram): PlainKeys {
  const { tasks, first } = program;
  const wordOf = new Uint8Array(tasks);
  const shift = new Uint8Array(tasks);
  const bits = Array.from({ length: tasks }, (_, t) => 32 - Math.clz32(first[t + 1]! - first[t]! - 1));
  // First fit, longest first: fields do not cross from one word into the next.
  const used: number[] = [1, 0];
  const take = (need: number): number => {
    let word = used.findIndex((taken) => taken + need <= 32);
    if (word < 0) word = used.push(0) - 1;
    used[word]! += need;
    return word;
  };
  for (const t of [...bits.keys()].sort((a, b) => bits[b]! - bits[a]! || a - b)) {
    wordOf[t] = take(bits[t]!);
    shift[t] = used[wordOf[t]!]! - bits[t]!;
  }
  const noteWord = take(tasks);
  return {
    words: used.length,
    wordOf,
    shift,
    ones: Int32Array.from(bits, (n) => (1 << n) - 1),
    noteWord,
    noteShift: used[noteWord]! - tasks,
  };
}
