// Feedback: state hashes - a sample of the states in which some task became a waiter.
import { type Feedback, mix } from './feedback.js';

const SALT = 0x53544154;
/** One in so many states, by its hash: the same states in every run. A power of two. */
const ONE_IN = 16;

export function stateHashes(): Feedback {
  let key = new Int32Array(0);
  return {
    name: 'state-hashes',
    budget: 4096,
    begin: (machine) => {
      if (key.length !== machine.keyWords) key = new Int32Array(machine.keyWords);
    },
    step: (machine, step, emit) => {
      if (step.kind !== 'blocked') return;
      machine.writeKey(key, 0);
      let hash = SALT;
      for (const word of key) hash = mix(hash, word);
      if (((hash >>> 8) & (ONE_IN - 1)) === 0) emit(hash);
    },
  };
}
