// Observed: a scheduler that tells the feedbacks what each transition did, and picks what the one inside picks.
import { taskOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import { OP_DOWN, OP_LOCK, OP_UNLOCK, OP_UP } from '../model/op-codes.js';
import type { Scheduler } from '../schedulers/scheduler.js';
import { type Feedback, featureOf, mix, type ObservedStep } from './feedback/feedback.js';

export interface Observer {
  /** The scheduler to run. */
  wrap(inner: Scheduler): Scheduler;
  /** After the run: tells the last transition and returns the features of the run, each once. */
  features(machine: Machine): ReadonlySet<number>;
}

/** Watches runs of one machine. */
export function observer(feedbacks: readonly Feedback[]): Observer {
  const features = new Set<number>();
  const emits = feedbacks.map(
    (_, kind) =>
      (hash: number): void =>
        void features.add(featureOf(hash, kind)),
  );
  const step: ObservedStep = { task: -1, op: 0, kind: 'other', lock: -1, held: 0 };
  let heldHash = new Int32Array(0);
  let pending = false;

  const before = (machine: Machine, task: number): void => {
    step.task = task;
    step.op = machine.pc(task);
    step.lock = machine.wants(task);
    step.held = heldHash[task] ?? 0;
    pending = true;
  };
  const after = (machine: Machine): void => {
    if (!pending) return;
    pending = false;
    const c = machine.compiled;
    const g = (c.opBase[step.task] ?? 0) + step.op;
    const pc = machine.pc(step.task);
    const code = c.opCode[g];
    step.kind = 'other';
    if (pc === step.op) step.kind = 'blocked';
    else if (
      step.lock >= 0 &&
      (code === OP_LOCK || code === OP_DOWN || code === OP_UNLOCK || code === OP_UP)
    ) {
      const missed = c.opTry[g] === 1 && pc !== step.op + 1;
      if (!missed) step.kind = code === OP_LOCK || code === OP_DOWN ? 'acquired' : 'released';
    }
    for (let kind = 0; kind < feedbacks.length; kind++) feedbacks[kind]!.step(machine, step, emits[kind]!);
    // Taking and giving back cancel out: a sum does not care about the order.
    const weight = mix(0x48454c44, step.lock);
    if (step.kind === 'acquired') heldHash[step.task] = (heldHash[step.task] ?? 0) + weight;
    else if (step.kind === 'released') heldHash[step.task] = (heldHash[step.task] ?? 0) - weight;
  };

  return {
    wrap: (inner) => ({
      name: inner.name,
      begin: (compiled, maxSteps, rng) => {
        inner.begin(compiled, maxSteps, rng);
        if (heldHash.length !== compiled.tasks) heldHash = new Int32Array(compiled.tasks);
        heldHash.fill(0);
        features.clear();
        pending = false;
      },
      pick: (machine, mask, rng) => {
        if (machine.last < 0) for (const feedback of feedbacks) feedback.begin(machine);
        after(machine);
        const choice = inner.pick(machine, mask, rng);
        if (choice >= 0) before(machine, taskOf(choice));
        return choice;
      },
    }),
    features: (machine) => {
      after(machine);
      return features;
    },
  };
}
