// Feedback: blocked pairs - who had to wait at which op for whom, and where that one stood.
import { type Feedback, mix } from './feedback.js';

const SALT = 0x424c4f43;

export function blockedPairs(): Feedback {
  return {
    name: 'blocked-pairs',
    budget: 8192,
    begin: () => {},
    step: (machine, step, emit) => {
      if (step.kind !== 'blocked') return;
      const waiter = mix(mix(SALT, step.task), step.op);
      for (const other of machine.blockers(step.task)) emit(mix(mix(waiter, other), machine.pc(other)));
    },
  };
}
