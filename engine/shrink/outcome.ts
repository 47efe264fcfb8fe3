// Outcome: a run driven by an exact schedule, and how it ended in the terms that shrinking and signatures need.
import type { Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { cpuOf, taskOf } from '../model/choice.js';
import { LEVEL_HARD } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import { type Shape, shapeOf } from './shape.js';

export interface Outcome {
  readonly verdict: Verdict;
  readonly shape: Shape | null;
  /** By task: the op it stands before, or null for one that waits for no op of its own. */
  readonly at: readonly (number | null)[];
  /** Transitions that led here. */
  readonly schedule: Schedule;
  readonly steps: number;
}

/** True if `handler` is an interrupt that sits on top of `task`. */
export function sitsOn(m: Machine, handler: number, task: number): boolean {
  // A program without interrupts has no place for them in its state.
  if (m.compiled.irqTasks === 0) return false;
  const cpu = m.cpuOfTask(task);
  if (cpu < 0 || m.compiled.taskLevel[task] === LEVEL_HARD) return false;
  const { stateWords: s, layout: at } = m;
  return s[at.hardOn + cpu] === handler + 1 || s[at.softOn + cpu] === handler + 1;
}

/** Where each task stands, for a finished machine with this verdict. */
export function standing(m: Machine, verdict: Verdict): (number | null)[] {
  const at: (number | null)[] = [];
  for (let t = 0; t < m.compiled.tasks; t++) at.push(m.isWaiting(t) ? m.pc(t) : null);
  if (verdict.kind !== 'deadlock') return at;
  verdict.cycle.forEach((t, i) => {
    const next = verdict.cycle[(i + 1) % verdict.cycle.length];
    if (next === undefined || next === t || !sitsOn(m, next, t)) return;
    // Interrupted while waiting: the interrupt is what counts, unless it also holds the lock that is wanted.
    const lock = m.wants(t);
    if (lock < 0 || !m.holders(lock).includes(next)) at[t] = null;
  });
  return at;
}

/** The outcome of a finished machine. Throws if the run goes on. */
export function outcomeOf(m: Machine, schedule: Schedule): Outcome {
  const verdict = m.finished();
  if (verdict === null) throw new Error(`${m.compiled.program.name} is still running`);
  const at = standing(m, verdict);
  return { verdict, shape: shapeOf(m.compiled.program, verdict, at), at, schedule, steps: m.steps };
}

/**
 * Runs a schedule as far as it goes: entries that cannot act are left out, and when it is used up the run is carried
 * on to its end by the first task that can act. Always ends, with a schedule that can be replayed exactly.
 */
export function follow(m: Machine, schedule: Schedule): Outcome {
  m.reset();
  const done: number[] = [];
  const act = (choice: number): void => {
    m.act(choice);
    done.push(choice);
  };
  for (const choice of schedule) {
    if (m.finished() !== null) break;
    const task = taskOf(choice);
    if (task >= m.compiled.tasks || !m.canAct(task)) continue;
    act(cpuOf(choice) < 0 || m.canHit(task, cpuOf(choice)) ? choice : task);
  }
  while (m.finished() === null) {
    const mask = m.actMask();
    act(31 - Math.clz32(mask & -mask));
  }
  return outcomeOf(m, done);
}
