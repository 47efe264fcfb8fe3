// Shrink: the smallest program with the same shape of end, its shortest schedule, and how far both are proven.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import type { Grade } from '../../corpus/schema/witness.js';
import { findOf } from '../explore/find.js';
import { shortest } from '../explore/shortest.js';
import { choiceOf, cpuOf, taskOf } from '../model/choice.js';
import { compile } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { Machine } from '../model/machine.js';
import { runGenome } from '../schedulers/genome.js';
import { genomeOfRun, permutations } from '../schedulers/genome-of.js';
import { fewestSteps, isImpossible } from './bounds.js';
import { type Edit, everything, type KeptTask, weightOf } from './edit.js';
import { follow, type Outcome, outcomeOf } from './outcome.js';
import { dropTask } from './passes/drop-task.js';
import { PASSES } from './passes/list.js';
import type { ShrinkPass } from './passes/pass.js';
import { drain, type Reached, reachSteps } from './reach.js';
import { type Shape, sameShape } from './shape.js';

export interface ShrinkLimits {
  /** States of one search; beyond, a candidate counts as not proven either way. */
  readonly states: number;
  /** States in all searches of one shrinking; the grade is `reduced` once they are used up. */
  readonly total: number;
}

export const SHRINK_LIMITS: ShrinkLimits = { states: 100_000, total: 400_000 };

/** States that may still be visited while one program is shrunk. */
interface Purse {
  readonly each: number;
  left: number;
}

export interface Shrunk {
  readonly program: Program;
  readonly genome: Genome;
  readonly schedule: Schedule;
  readonly verdict: Verdict;
  readonly shape: Shape;
  /** Ops done until the end. */
  readonly steps: number;
  readonly grade: Grade;
}

export type ShrinkResult =
  | { readonly ok: true; readonly shrunk: Shrunk }
  | { readonly ok: false; readonly reason: string };

/** What the end of a candidate must share with the end that is shrunk: its shape alone, or its tasks (by name) too. */
export type SameEnd = 'shape' | 'tasks';

/** The end to keep. */
interface Goal {
  readonly shape: Shape;
  /** Names of the tasks of the end, or null where any will do. */
  readonly tasks: string | null;
}

function endTasks({ compiled }: Machine, { verdict }: Outcome): string {
  return expectationOf(compiled.program, verdict)?.tasks.join(' ') ?? '';
}

/** Whether a run of the machine ended as wanted. */
function meets(machine: Machine, outcome: Outcome, { shape, tasks }: Goal): boolean {
  return sameShape(outcome.shape, shape) && (tasks === null || endTasks(machine, outcome) === tasks);
}

interface Subject {
  readonly machine: Machine;
  readonly outcome: Outcome;
  /** What of the whole program is left. */
  readonly kept: readonly KeptTask[];
}

/** Told of each candidate whose schedule ended in another shape: what it kept of the whole program, and how it ended. */
export type OnSlip = (kept: readonly KeptTask[], machine: Machine, outcome: Outcome) => void;

function machineFor(program: Program): Machine | null {
  const result = compile(program);
  return result.ok ? new Machine(result.compiled) : null;
}

/**
 * Does in the edited program what the schedule does in the whole one, without what is gone: an entry is an attempt at
 * a certain op, and is left out once that op is done.
 */
function project(subject: Subject, edit: Edit, machine: Machine): Outcome {
  const place = new Map<number, { task: number; ops: Map<number, number> }>();
  edit.tasks.forEach((kept, task) => {
    place.set(kept.from, { task, ops: new Map(kept.ops.map((op, i) => [op, i])) });
  });
  const { machine: whole, outcome } = subject;
  whole.reset();
  machine.reset();
  const done: number[] = [];
  for (const choice of outcome.schedule) {
    if (machine.finished() !== null) break;
    const from = taskOf(choice);
    const op = whole.pc(from);
    whole.act(choice);
    const to = place.get(from);
    const index = to?.ops.get(op);
    if (to === undefined || index === undefined || machine.pc(to.task) > index || !machine.canAct(to.task))
      continue;
    const victims = whole.compiled.cpus[cpuOf(choice)]?.tasks ?? [];
    const victim = victims.map((t) => place.get(t)?.task).find((t) => t !== undefined);
    const cpu = victim === undefined ? -1 : machine.cpuOfTask(victim);
    const entry = cpu >= 0 && machine.canHit(to.task, cpu) ? choiceOf(to.task, cpu) : to.task;
    machine.act(entry);
    done.push(entry);
  }
  return follow(machine, done);
}

function* searchFor(machine: Machine, goal: Goal, purse: Purse): Generator<number, Reached> {
  const matches = (m: Machine): boolean => m.finished() !== null && meets(m, outcomeOf(m, []), goal);
  const reached = yield* reachSteps(machine, { matches }, Math.min(purse.each, purse.left));
  purse.left = Math.max(0, purse.left - reached.states);
  return reached;
}

/** What an edit of the subject keeps of the whole program. */
function keptBy(subject: Subject, edit: Edit): KeptTask[] {
  return edit.tasks.map(({ from, ops }) => {
    const before = subject.kept[from];
    return { from: before?.from ?? -1, ops: ops.map((op) => before?.ops[op] ?? -1) };
  });
}

/** One candidate of a pass, tried by the projected schedule and, if `search`, by searching all schedules. */
function* attempt(
  subject: Subject,
  edit: Edit,
  goal: Goal,
  purse: Purse | null,
  onSlip?: OnSlip,
): Generator<number, { readonly taken: Subject | null; readonly proven: boolean }> {
  if (edit.program.tasks.length === 0) return { taken: null, proven: true };
  const machine = machineFor(edit.program);
  if (machine === null) return { taken: null, proven: true };
  const outcome = project(subject, edit, machine);
  const kept = keptBy(subject, edit);
  if (meets(machine, outcome, goal)) return { taken: { machine, outcome, kept }, proven: true };
  if (outcome.shape !== null) onSlip?.(kept, machine, outcome);
  if (purse === null) return { taken: null, proven: false };
  if (isImpossible(edit.program, goal.shape)) return { taken: null, proven: true };
  if (purse.left === 0) return { taken: null, proven: false };
  const reached = yield* searchFor(machine, goal, purse);
  if (reached.schedule === null) return { taken: null, proven: reached.complete };
  return { taken: { machine, outcome: follow(machine, reached.schedule), kept }, proven: true };
}

/** Applies the passes until none finds anything. `proven`: no candidate of the end result has that end. */
function* fixpoint(
  from: Subject,
  goal: Goal,
  purse: Purse | null,
  passes: readonly ShrinkPass[],
  onSlip?: OnSlip,
): Generator<number, { readonly subject: Subject; readonly proven: boolean }> {
  let subject = from;
  for (;;) {
    let proven = true;
    let changed = false;
    for (const pass of passes) {
      for (let again = true; again; ) {
        again = false;
        const { program } = subject.machine.compiled;
        const weight = weightOf(program);
        for (const edit of pass.candidates(program)) {
          if (weightOf(edit.program) >= weight) continue;
          yield weight;
          const result = yield* attempt(subject, edit, goal, purse, onSlip);
          proven = proven && result.proven;
          if (result.taken === null) continue;
          subject = result.taken;
          changed = true;
          again = true;
          break;
        }
      }
    }
    if (!changed) return { subject, proven };
  }
}

/** States of the search for the schedule with the fewest preemptions; it does not pause. */
const PREEMPTION_STATES = 20_000;

/** Of the shortest schedules one with few preemptions, and of those only what the end needs; never more steps. */
function fewerPreemptions(
  machine: Machine,
  outcome: Outcome,
  goal: Goal,
): { genome: Genome; outcome: Outcome } {
  let genome = genomeOfRun(machine, outcome.schedule);
  let best = runOf(machine, genome);
  const { verdict } = best;
  const end = findOf(verdict);
  const other =
    end === null ? null : shortest(machine.compiled.program, end, { states: PREEMPTION_STATES }).find;
  if (other !== null) {
    const candidate = genomeOfRun(machine, other.schedule);
    const run = runOf(machine, candidate);
    const fewer = candidate.preempts.length < genome.preempts.length;
    if (meets(machine, run, goal) && run.steps <= best.steps && fewer) {
      genome = candidate;
      best = run;
    }
  }
  for (let again = true; again; ) {
    again = false;
    for (let i = genome.preempts.length - 1; i >= 0; i--) {
      const fewer = { order: genome.order, preempts: genome.preempts.filter((_, k) => k !== i) };
      for (const order of ordersLike(fewer.order)) {
        const candidate = { order, preempts: fewer.preempts };
        const run = runOf(machine, candidate);
        if (!meets(machine, run, goal) || run.steps > best.steps) continue;
        genome = candidate;
        best = run;
        again = true;
        break;
      }
      if (again) break;
    }
  }
  return { genome, outcome: best };
}

/** Most tasks for which every order is tried. */
const ALL_ORDERS = 5;

/** The order itself, then the others: all of them for few tasks, else its rotations. */
function ordersLike(order: readonly number[]): (readonly number[])[] {
  if (order.length <= ALL_ORDERS) return permutations(order);
  return order.map((_, i) => [...order.slice(i), ...order.slice(0, i)]);
}

function runOf(machine: Machine, genome: Genome): Outcome {
  const { schedule } = runGenome(machine, genome, Number.POSITIVE_INFINITY);
  return outcomeOf(machine, schedule);
}

/**
 * The passes that keep what a find means. A broken `require` means something only beside the locks that should have kept
 * it and the ops that set its flag: without them it breaks trivially. There only whole tasks go.
 */
function passesFor(program: Program, verdict: Verdict): readonly ShrinkPass[] {
  const broken =
    verdict.kind === 'violated' && program.tasks[verdict.task]?.body[verdict.op]?.do === 'require';
  return broken ? [dropTask] : PASSES;
}

/**
 * Shrinks a program with a schedule that ends badly, keeping the shape of the end: tasks, critical sections, other
 * ops, flags, guards, rules; last the schedule. Cheap replays go before searches. Idempotent. Pauses in between
 * (the numbers yielded mean nothing). With `same` as `tasks` the end keeps its tasks too; the grade then says that no
 * candidate has the end with these tasks.
 */
export function* shrinkSteps(
  program: Program,
  schedule: Schedule,
  limits: ShrinkLimits = SHRINK_LIMITS,
  same: SameEnd = 'shape',
): Generator<number, ShrinkResult> {
  const machine = machineFor(program);
  if (machine === null) return { ok: false, reason: 'the program is ill-formed' };
  const outcome = follow(machine, schedule);
  const { shape } = outcome;
  if (shape === null) return { ok: false, reason: `the schedule ends ${outcome.verdict.kind}` };
  const goal: Goal = { shape, tasks: same === 'tasks' ? endTasks(machine, outcome) : null };
  const passes = passesFor(program, outcome.verdict);
  const quick = yield* fixpoint({ machine, outcome, kept: everything(program) }, goal, null, passes);
  const purse: Purse = { each: limits.states, left: limits.total };
  const dear = yield* fixpoint(quick.subject, goal, purse, passes);
  let { subject } = dear;
  let shortestProven = subject.outcome.steps === fewestSteps(subject.machine.compiled.program, shape);
  if (!shortestProven) {
    const found = yield* searchFor(subject.machine, goal, { each: limits.states, left: limits.states });
    shortestProven = found.complete;
    if (found.schedule !== null) {
      subject = { ...subject, outcome: follow(subject.machine, found.schedule) };
    }
  }
  const proven = dear.proven && shortestProven && passes === PASSES;
  const small = fewerPreemptions(subject.machine, subject.outcome, goal);
  return {
    ok: true,
    shrunk: {
      program: subject.machine.compiled.program,
      genome: small.genome,
      schedule: small.outcome.schedule,
      verdict: small.outcome.verdict,
      shape,
      steps: small.outcome.steps,
      grade: proven ? 'minimal' : 'reduced',
    },
  };
}

/** Only the cheap half, by replays without a search, for what it slips into on the way. */
export function* quickSteps(program: Program, schedule: Schedule, onSlip: OnSlip): Generator<number, void> {
  const machine = machineFor(program);
  if (machine === null) return;
  const outcome = follow(machine, schedule);
  const { shape } = outcome;
  if (shape === null) return;
  const passes = passesFor(program, outcome.verdict);
  yield* fixpoint(
    { machine, outcome, kept: everything(program) },
    { shape, tasks: null },
    null,
    passes,
    onSlip,
  );
}

/** `shrinkSteps` in one go. */
export function shrink(
  program: Program,
  schedule: Schedule,
  limits: ShrinkLimits = SHRINK_LIMITS,
  same: SameEnd = 'shape',
): ShrinkResult {
  return drain(shrinkSteps(program, schedule, limits, same));
}
