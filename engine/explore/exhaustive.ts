// Exhaustive search: every state that a program can reach, so that what is not found is not there.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchFind, SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { choiceOf } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { type AtOnce, atOnce, nextAtOnce } from './at-once.js';
import { StateSet } from './state-set.js';

export interface SearchLimits {
  /** Most states to keep; beyond, the search ends and is not complete. */
  readonly states: number;
}

const TRY_ALL: AtOnce = { any: false, ops: new Uint8Array(0), waits: false };

/**
 * Depth-first search over all transitions, with exact state keys. Some transitions are made at once instead of in
 * every order (at-once.ts); `reduced` false tries all. The finds are the same.
 * Throws if the program is ill-formed: compile it first.
 */
export function explore(program: Program, limits: SearchLimits, reduced = true): SearchResult {
  return exploreMachine(new Machine(compileOrThrow(program)), limits, reduced);
}

/** As `explore`, on a machine at hand (which is reset). */
export function exploreMachine(machine: Machine, limits: SearchLimits, reduced = true): SearchResult {
  const search = exploreSteps(machine, limits, reduced);
  for (;;) {
    const { value, done } = search.next();
    if (done === true) return value;
  }
}

/** Transitions between two pauses of `exploreSteps`: some milliseconds. */
const SLICE = 8192;

/**
 * As `exploreMachine`, pausing now and then so that the caller can stop or let others run; yields the states so far.
 * The machine must be left alone in between.
 */
export function* exploreSteps(
  machine: Machine,
  limits: SearchLimits,
  reduced = true,
): Generator<number, SearchResult> {
  const rules = reduced ? atOnce(machine.compiled) : TRY_ALL;
  const width = machine.stateWords.length;
  const seen = new StateSet(machine.keyWords);
  const key = new Int32Array(machine.keyWords);
  const finds = new Map<string, SearchFind>();
  const path: number[] = [];
  // Frame d: its state, where its untried choices begin in `choices`, and the length of the path to it.
  let states = new Int32Array(width * 64);
  const firstChoice: number[] = [];
  const pathLength: number[] = [];
  const choices: number[] = [];
  let steps = 0;
  let pauseAt = SLICE;
  let full = false;
  // True while the machine is in the state of the last frame.
  let fresh = false;

  /** Looks at the state that the machine is in: an end, seen before, or a new frame. */
  const enter = (): void => {
    for (let t = nextAtOnce(machine, rules); t >= 0; t = nextAtOnce(machine, rules)) {
      machine.act(t);
      path.push(t);
      steps++;
    }
    if (machine.actMask() === 0) {
      record(finds, machine.finished(), path);
      return;
    }
    machine.writeKey(key, 0);
    if (seen.add(key, 0) >= 0) return;
    if (seen.size > limits.states) {
      full = true;
      return;
    }
    const depth = firstChoice.length;
    if ((depth + 1) * width > states.length) {
      const wider = new Int32Array(states.length * 2);
      wider.set(states);
      states = wider;
    }
    machine.save(states, depth * width);
    firstChoice.push(choices.length);
    pathLength.push(path.length);
    pushChoices(machine, choices);
    fresh = true;
  };

  machine.reset();
  enter();
  while (firstChoice.length > 0 && !full) {
    const depth = firstChoice.length - 1;
    path.length = pathLength[depth]!;
    if (choices.length === firstChoice[depth]!) {
      firstChoice.pop();
      pathLength.pop();
      continue;
    }
    const choice = choices.pop()!;
    if (!fresh) machine.load(states, depth * width);
    fresh = false;
    machine.act(choice);
    path.push(choice);
    steps++;
    enter();
    if (steps >= pauseAt) {
      pauseAt = steps + SLICE;
      yield seen.size;
    }
  }
  return { finds: [...finds.values()].sort(byTasks), complete: !full, states: seen.size, steps };
}

/** All entries that a schedule could go on with. */
export function pushChoices(machine: Machine, into: number[]): void {
  const c = machine.compiled;
  for (let left = machine.actMask(); left !== 0; left &= left - 1) {
    const t = 31 - Math.clz32(left & -left);
    if (c.taskCpu[t]! >= 0 || machine.hasBegun(t)) {
      into.push(t);
      continue;
    }
    for (let cpu = 0; cpu < c.cpus.length; cpu++) if (machine.canHit(t, cpu)) into.push(choiceOf(t, cpu));
  }
}

/** Kind and tasks of an end, or null for one that is no find. */
export function findOf(verdict: Verdict): Pick<SearchFind, 'kind' | 'tasks'> | null {
  switch (verdict.kind) {
    case 'deadlock':
      return { kind: 'deadlock', tasks: [...verdict.cycle].sort((a, b) => a - b) };
    case 'stranded':
      return { kind: 'stranded', tasks: verdict.tasks };
    case 'violated':
      return { kind: 'violated', tasks: [verdict.task] };
    case 'completed':
    case 'ill-formed':
    case 'out-of-steps':
      return null;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

function record(finds: Map<string, SearchFind>, verdict: Verdict | null, path: readonly number[]): void {
  const found = verdict === null ? null : findOf(verdict);
  if (verdict === null || found === null) return;
  const name = `${found.kind} ${found.tasks.join(' ')}`;
  const known = finds.get(name);
  if (known !== undefined && known.schedule.length <= path.length) return;
  finds.set(name, { ...found, verdict, schedule: [...path] });
}

function byTasks(a: SearchFind, b: SearchFind): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  const length = Math.min(a.tasks.length, b.tasks.length);
  for (let i = 0; i < length; i++) if (a.tasks[i] !== b.tasks[i]) return a.tasks[i]! - b.tasks[i]!;
  return a.tasks.length - b.tasks.length;
}
