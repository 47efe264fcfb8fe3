// Genome of a schedule: the order and the few preemptions that make the same steps happen.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Preemption, Schedule } from '../../corpus/schema/schedule.js';
import { cpuOf, taskOf } from '../model/choice.js';
import { type Compiled, compileOrThrow } from '../model/compile.js';
import { InterpretedRun } from '../model/interpreted.js';
import { Machine } from '../model/machine.js';
import { completeOrder, runGenome } from './genome.js';
import { replayScheduler } from './replay.js';

/** One transition of the schedule, with what a genome scheduler would have seen before it. */
interface Moment {
  readonly task: number;
  readonly steps: number;
  /** True if the task could act. */
  readonly able: (task: number) => boolean;
  readonly last: number;
  /** A task on the CPU that an interrupt hit, if not the one that it would hit by itself. */
  readonly over: number | undefined;
}

/** Most tasks for which all orders are tried. */
const ALL_ORDERS = 6;

/**
 * A genome that makes the same ops happen in the same order with the same end, with as few preemptions as could be
 * found: the best order (all of them for up to six tasks, else by moving one task at a time), then without each
 * preemption that proves needless. Entries behind the end of the run are ignored. Throws if the schedule cannot be
 * followed.
 */
export function genomeOf(program: Program, schedule: Schedule): Genome {
  return genomeOfRun(new Machine(compileOrThrow(program)), schedule);
}

/** As `genomeOf`, on a machine at hand (which is reset). */
export function genomeOfRun(machine: Machine, schedule: Schedule): Genome {
  const moments = observe(machine, schedule);
  const wanted = stepsOf(machine, schedule);
  const order = bestOrder(moments, machine.compiled);
  let genome: Genome = { order, preempts: preemptsFor(moments, order) };
  for (let i = genome.preempts.length - 1; i >= 0; i--) {
    const fewer: Genome = { order, preempts: genome.preempts.filter((_, k) => k !== i) };
    const result = runGenome(machine, fewer, moments.length + 1);
    if (result.verdict.kind !== 'out-of-steps' && stepsOf(machine, result.schedule) === wanted)
      genome = fewer;
  }
  return genome;
}

/**
 * The tasks in the order in which they first act, with what preemptions that takes, for a program of any number of tasks without
 * interrupts that may hit any CPU: a genome of the very same transitions, by the interpreter.
 */
export function plainGenomeOf(program: Program, schedule: Schedule): Genome {
  const run = new InterpretedRun(program);
  const moments: Moment[] = [];
  for (const task of schedule) {
    const able = new Set(run.able());
    moments.push({ task, steps: run.steps, able: (t) => able.has(t), last: run.last, over: undefined });
    run.act(task);
  }
  const order = completeOrder([...new Set(schedule)], program.tasks.length);
  return { order, preempts: preemptsFor(moments, order) };
}

/**
 * A genome that makes the same ops happen in the same order, without looking for one with fewer preemptions: tasks in the
 * order of their first ops. Costs one more run, where `genomeOfRun` costs one for each preemption.
 */
export function roughGenomeOfRun(machine: Machine, schedule: Schedule): Genome {
  const moments = observe(machine, schedule);
  const order = firstSeen(moments, machine.compiled);
  return { order, preempts: preemptsFor(moments, order) };
}

function firstSeen(moments: readonly Moment[], compiled: Compiled): number[] {
  return completeOrder([...new Set(moments.map(({ task }) => task))], compiled.tasks);
}

/** The ops done and the verdict, as text: what must stay the same. */
function stepsOf(machine: Machine, schedule: Schedule): string {
  const scheduler = replayScheduler(schedule);
  machine.reset();
  scheduler.begin(machine.compiled, schedule.length, NO_DICE);
  const done: number[] = [];
  while (machine.actMask() !== 0) {
    const choice = scheduler.pick(machine, machine.actMask(), NO_DICE);
    if (choice < 0) break;
    const before = machine.steps;
    machine.act(choice);
    if (machine.steps > before) done.push(taskOf(choice));
  }
  return JSON.stringify([done, machine.finished()]);
}

const NO_DICE = {
  next: (): number => {
    throw new Error('a replay asks for no chance');
  },
  below: (): number => {
    throw new Error('a replay asks for no chance');
  },
};

function observe(machine: Machine, schedule: Schedule): Moment[] {
  machine.reset();
  const moments: Moment[] = [];
  for (const choice of schedule) {
    const mask = machine.actMask();
    if (mask === 0) break;
    const task = taskOf(choice);
    if ((mask & (1 << task)) === 0) {
      throw new Error(
        `schedule of ${machine.compiled.program.name}: task ${task} cannot act at ${moments.length}`,
      );
    }
    const able = (t: number): boolean => (mask & (1 << t)) !== 0;
    moments.push({ task, steps: machine.steps, able, last: machine.last, over: victimOf(machine, choice) });
    machine.act(choice);
  }
  return moments;
}

function victimOf(machine: Machine, choice: number): number | undefined {
  const cpu = cpuOf(choice);
  if (cpu < 0 || !machine.canHit(taskOf(choice), cpu)) return undefined;
  const last = machine.last;
  if (last >= 0 && machine.cpuOfTask(last) === cpu) return undefined;
  return machine.compiled.cpus[cpu]!.tasks[0];
}

/** Preemptions that make exactly these transitions happen under the order. */
function preemptsFor(moments: readonly Moment[], order: readonly number[]): Preemption<number>[] {
  const preempts: Preemption<number>[] = [];
  for (let i = 0; i < moments.length; ) {
    // Transitions before the next step share its number: up to the last that needs a word, each needs one.
    let end = i;
    let upTo = i;
    for (; end < moments.length && moments[end]!.steps === moments[i]!.steps; end++) {
      const m = moments[end]!;
      if (m.over !== undefined || natural(m, order) !== m.task) upTo = end + 1;
    }
    for (let k = i; k < upTo; k++) {
      const { steps: step, task, over } = moments[k]!;
      preempts.push(over === undefined ? { step, task } : { step, task, over });
    }
    i = end;
  }
  return preempts;
}

function natural(m: Moment, order: readonly number[]): number {
  if (m.last >= 0 && m.able(m.last)) return m.last;
  return order.find((t) => m.able(t)) ?? -1;
}

function bestOrder(moments: readonly Moment[], compiled: Compiled): number[] {
  const cost = (order: readonly number[]): number => preemptsFor(moments, order).length;
  let best = firstSeen(moments, compiled);
  let least = cost(best);
  const consider = (order: readonly number[]): boolean => {
    const found = cost(order);
    if (found >= least) return false;
    best = [...order];
    least = found;
    return true;
  };
  if (compiled.tasks <= ALL_ORDERS) {
    for (const order of permutations(best)) {
      if (least === 0) break;
      consider(order);
    }
    return best;
  }
  for (let again = least > 0; again; ) {
    again = false;
    for (let from = 0; from < best.length && !again; from++) {
      for (let to = 0; to < best.length && !again; to++) {
        if (from === to) continue;
        const moved = best.filter((_, i) => i !== from);
        moved.splice(to, 0, best[from]!);
        again = consider(moved);
      }
    }
  }
  return best;
}

/** All orders of a short list, the list itself first. */
export function permutations(list: readonly number[]): number[][] {
  if (list.length <= 1) return [[...list]];
  return list.flatMap((head, i) =>
    permutations(list.filter((_, k) => k !== i)).map((tail) => [head, ...tail]),
  );
}
