// Feedback: lock-order edges - which lock was asked for in which context while which set of locks was held.
import { type Feedback, mix } from './feedback.js';

const SALT = 0x4f524445;

export function lockOrder(): Feedback {
  return {
    name: 'lock-order',
    budget: 4096,
    begin: () => {},
    step: (machine, step, emit) => {
      if (step.lock < 0 || (step.kind !== 'acquired' && step.kind !== 'blocked')) return;
      const level = machine.compiled.taskLevel[step.task] ?? 0;
      emit(mix(mix(mix(SALT, step.held), step.lock), level));
    },
  };
}
