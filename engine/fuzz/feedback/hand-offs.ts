// Feedback: hand-offs - which release of a lock was followed by which acquisition of it in another task.
import { type Feedback, mix } from './feedback.js';

const SALT = 0x48414e44;

export function handOffs(): Feedback {
  let releasedBy = new Int32Array(0);
  let releasedAt = new Int32Array(0);
  return {
    name: 'hand-offs',
    budget: 8192,
    begin: (machine) => {
      if (releasedBy.length !== machine.compiled.locks) {
        releasedBy = new Int32Array(machine.compiled.locks);
        releasedAt = new Int32Array(machine.compiled.locks);
      }
      releasedBy.fill(-1);
    },
    step: (_machine, step, emit) => {
      if (step.lock < 0) return;
      if (step.kind === 'released') {
        releasedBy[step.lock] = step.task;
        releasedAt[step.lock] = step.op;
      } else if (step.kind === 'acquired') {
        const from = releasedBy[step.lock] ?? -1;
        if (from < 0 || from === step.task) return;
        emit(mix(mix(mix(mix(SALT, from), releasedAt[step.lock] ?? 0), step.task), step.op));
      }
    },
  };
}
