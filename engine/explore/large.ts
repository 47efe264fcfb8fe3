// Large: a part of more tasks than one search takes, searched in the slices that its lock order and its waits single out.
import type { Program } from '../../corpus/schema/program.js';
import { asWritten } from '../lower/as-written.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { construct } from '../predict/construct.js';
import { enumerateCycles, type GraphNode } from '../predict/cycles.js';
import { dependenciesOf } from '../predict/dependencies.js';
import { PREDICT_LIMITS, predictSteps } from '../predict/predict.js';
import { byInstance } from '../predict/views.js';
import { needsOf, slice } from '../shrink/slice.js';
import { exploreSteps } from './exhaustive.js';
import type { PartFind, PartsTotal } from './find.js';
import type { SearchLimits } from './full.js';
import { isLockOnly } from './lock-only.js';

export interface LargeResult extends PartsTotal {
  readonly finds: readonly PartFind[];
}

/** Most sets of tasks that are searched. */
const MOST_SLICES = 4096;
/** Extensions of a path along the lock order that are tried. */
const PATHS = 4_000_000;
/** States of one slice that is only a sample of the whole. */
const SLICE_STATES = 100_000;
/** Cycles up to the first length are looked for first, then up to the second, ... */
const LENGTHS = [2, 3, 5] as const;

/**
 * Some ends of a program of any number of tasks, and all of them where that can be told: of a lock-only program without
 * interrupts and grace periods every end is a smallest cycle, reached by its members alone (docs/lock-model.md), and each is one of
 * the lock order's. Elsewhere each task is searched with those whom it needs, and the cycles are those of the prediction; what only
 * strands is left to a search of all. `most`: tasks of one search.
 */
export function* largeSteps(
  program: Program,
  limits: SearchLimits,
  most: number,
): Generator<number, LargeResult> {
  return yield* isByCycles(program) ? byCycles(program, limits, most) : byNeeds(program, limits, most);
}

function isByCycles(program: Program): boolean {
  return (
    isLockOnly(program) &&
    program.tasks.every((task) => task.irq === null && task.body.every((op) => op.do !== 'sync'))
  );
}

interface Tally {
  complete: boolean;
  states: number;
  schedules: number;
  steps: number;
  readonly finds: Map<string, PartFind>;
}

const newTally = (): Tally => ({ complete: true, states: 0, schedules: 0, steps: 0, finds: new Map() });

const told = ({ finds, ...total }: Tally): LargeResult => ({ ...total, finds: [...finds.values()] });

function note(tally: Tally, find: PartFind): void {
  const key = `${find.kind} ${find.tasks.join(' ')}`;
  if (!tally.finds.has(key)) tally.finds.set(key, find);
}

/** Searches a slice; what only strands there is not told. */
function* searchSlice(tally: Tally, small: Program, states: number): Generator<number, void> {
  const search = exploreSteps(new Machine(compileOrThrow(small)), { states: Math.max(0, states) });
  let step = search.next();
  while (step.done !== true) {
    yield tally.states + step.value;
    step = search.next();
  }
  const { finds, complete, states: seen, schedules, steps } = step.value;
  tally.complete &&= complete;
  tally.states += seen;
  tally.schedules += schedules;
  tally.steps += steps;
  for (const { kind, tasks, schedule } of finds) {
    if (kind === 'stranded') continue;
    note(tally, { kind, tasks: tasks.map((t) => small.tasks[t]!.name).sort(), program: small, schedule });
  }
}

/** The members of each cycle of the lock order, alone. */
function* byCycles(program: Program, limits: SearchLimits, most: number): Generator<number, LargeResult> {
  const tally = newTally();
  const source = { lowered: asWritten(program), captures: [] };
  const nodes = byInstance(source, 0, dependenciesOf(program));
  const searched = new Set<string>();
  let longerThan = 0;
  let all = false;
  for (const length of [...LENGTHS, program.tasks.length]) {
    const bounds = { length, longerThan, cycles: MOST_SLICES, faulty: 0, steps: PATHS };
    const cycles = enumerateCycles(nodes, bounds);
    let step = cycles.next();
    for (; step.done !== true; step = cycles.next()) {
      if (step.value === null) {
        yield tally.states;
        continue;
      }
      const members = step.value.nodes;
      const tasks = [...new Set(members.map(({ dependency }) => dependency.task))].sort((a, b) => a - b);
      if (tasks.length > most) {
        tally.complete = beyondSearch(tally, program, members, tasks) && tally.complete;
        continue;
      }
      const key = tasks.join(' ');
      if (searched.has(key)) continue;
      if (searched.size >= MOST_SLICES) {
        tally.complete = false;
        return told(tally);
      }
      searched.add(key);
      const small = slice(
        program,
        tasks.map((t) => program.tasks[t]!),
      );
      yield* searchSlice(tally, small, limits.states - tally.states);
    }
    all = step.value.complete;
    if (all || step.value.full) break;
    longerThan = length;
  }
  tally.complete &&= all;
  return told(tally);
}

/** A cycle of more tasks than a search takes: the schedule that sorting gives, replayed. False: that says nothing of it. */
function beyondSearch(
  tally: Tally,
  program: Program,
  members: readonly GraphNode[],
  tasks: readonly number[],
): boolean {
  const small = slice(
    program,
    tasks.map((t) => program.tasks[t]!),
  );
  const built = construct(
    small,
    members.map(({ dependency: { task, op } }) => ({ task: tasks.indexOf(task), op })),
  );
  if (built.is === 'infeasible') return true;
  if (built.is === 'not-applicable') return false;
  const { verdict, schedule, steps } = replay(small, built.schedule);
  if (verdict.kind !== 'deadlock' || verdict.cycle.length !== tasks.length) return false;
  tally.states += steps;
  tally.schedules++;
  tally.steps += steps;
  note(tally, {
    kind: 'deadlock',
    tasks: small.tasks.map(({ name }) => name).sort(),
    program: small,
    schedule,
  });
  return true;
}

/** Each task with those whom it needs, and the predicted cycles. */
function* byNeeds(program: Program, limits: SearchLimits, most: number): Generator<number, LargeResult> {
  const tally = newTally();
  const searched = new Set<string>();
  const needs = needsOf(program);
  for (let t = 0; t < program.tasks.length && searched.size < MOST_SLICES; t++) {
    const needed = needs([t]);
    const key = needed.join(' ');
    if (needed.length > most || searched.has(key)) continue;
    searched.add(key);
    const small = slice(
      program,
      needed.map((u) => program.tasks[u]!),
    );
    yield* searchSlice(tally, small, Math.min(SLICE_STATES, limits.states - tally.states));
  }
  const prediction = predictSteps([{ lowered: asWritten(program), captures: [] }], PREDICT_LIMITS);
  let step = prediction.next();
  for (; step.done !== true; step = prediction.next()) yield tally.states;
  for (const { candidate, find } of step.value.cycles) {
    // Not those that take two instances of one class for one.
    if (candidate?.basis !== 'recorded' || find === null) continue;
    const tasks = find.tasks.map((t) => candidate.program.tasks[t]!.name).sort();
    note(tally, { kind: find.kind, tasks, program: candidate.program, schedule: find.schedule });
  }
  return { ...told(tally), complete: false };
}
