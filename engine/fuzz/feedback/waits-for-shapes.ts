// Feedback: waits-for shapes - the chain of locks that a newly blocked task waits through, whoever holds them.
import { type Feedback, mix } from './feedback.js';

const SALT = 0x57414954;
/** Chains are followed so far; longer ones look the same. */
const DEPTH = 8;

export function waitsForShapes(): Feedback {
  return {
    name: 'waits-for-shapes',
    budget: 4096,
    begin: () => {},
    step: (machine, step, emit) => {
      if (step.kind !== 'blocked') return;
      let shape = mix(SALT, step.lock);
      let at = step.task;
      for (let i = 0; i < DEPTH; i++) {
        const next = machine.blockers(at)[0];
        if (next === undefined || !machine.isWaiting(next)) break;
        shape = mix(shape, machine.wants(next));
        at = next;
        if (at === step.task) break;
      }
      emit(shape);
    },
  };
}
