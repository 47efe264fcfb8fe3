// Outcome: a run driven by an exact schedule, and how it ended in the terms that shrinking and signatures need.
import type { Program } from '../../corpus/schema/program.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { cpuOf, MAX_TASKS, taskIn, taskOf } from '../model/choice.js';
import { compileOrThrow, LEVEL_HARD, whyIllFormed } from '../model/compile.js';
import { InterpretedRun, type Run } from '../model/interpreted.js';
import { Machine } from '../model/machine.js';
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

/** Where each of so many tasks stands, for a finished run with this verdict. */
export function standing(m: Run, tasks: number, verdict: Verdict): (number | null)[] {
  const at: (number | null)[] = [];
  for (let t = 0; t < tasks; t++) at.push(m.isWaiting(t) ? m.pc(t) : null);
  // Ends of programs that only the interpreter runs are cycles of locks.
  if (verdict.kind !== 'deadlock' || !(m instanceof Machine)) return at;
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
  const at = standing(m, m.compiled.tasks, verdict);
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

/** As `follow`, of a program of any number of tasks; null if it cannot be run. */
export function followIn(program: Program, schedule: Schedule): Outcome | null {
  if (whyIllFormed(program) !== null) return null;
  if (program.tasks.length <= MAX_TASKS) return follow(new Machine(compileOrThrow(program)), schedule);
  const run = new InterpretedRun(program);
  const done: number[] = [];
  const rest = schedule.filter((choice) => taskIn(program.tasks.length, choice) < program.tasks.length);
  for (let able = run.able(); able.length > 0; able = run.able()) {
    const choice = rest.shift() ?? able[0]!;
    if (!able.includes(taskIn(program.tasks.length, choice))) continue;
    run.act(choice);
    done.push(choice);
  }
  const verdict = run.finished();
  if (verdict === null) throw new Error(`${program.name} is still running`);
  const at = standing(run, program.tasks.length, verdict);
  return { verdict, shape: shapeOf(program, verdict, at), at, schedule: done, steps: run.steps };
}
