// Full search: every state that a program can reach, in every order; what the reduced search is measured against.
import type { SearchFind, SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { choiceOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import { nameOf } from './confirm.js';
import { byTasks, findOf } from './find.js';
import { StateSet } from './state-set.js';

export interface SearchLimits {
  /** Most states to keep; beyond, the search ends and is not complete. */
  readonly states: number;
}

/** Transitions between two pauses of `exploreSteps`: some milliseconds. */
export const SLICE = 8192;

/** Depth-first search over all transitions, with exact state keys; yields the states so far now and then. */
export function* fullSteps(machine: Machine, limits: SearchLimits): Generator<number, SearchResult> {
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
  let schedules = 0;
  let pauseAt = SLICE;
  let full = false;
  // True while the machine is in the state of the last frame.
  let fresh = false;

  /** Looks at the state that the machine is in: an end, seen before, or a new frame. */
  const enter = (): void => {
    if (machine.actMask() === 0) {
      schedules++;
      record(finds, machine.finished(), path);
      return;
    }
    machine.writeKey(key, 0);
    if (seen.add(key, 0) >= 0) {
      schedules++;
      return;
    }
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
    pushChoices(machine, machine.actMask(), choices);
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
  return { finds: [...finds.values()].sort(byTasks), complete: !full, states: seen.size, schedules, steps };
}

/** All entries that a schedule could go on with, if one of `tasks` acts. */
export function pushChoices(machine: Machine, tasks: number, into: number[]): void {
  const c = machine.compiled;
  for (let left = tasks; left !== 0; left &= left - 1) {
    const t = 31 - Math.clz32(left & -left);
    if (c.taskCpu[t]! >= 0 || machine.hasBegun(t)) {
      into.push(t);
      continue;
    }
    for (let cpu = 0; cpu < c.cpus.length; cpu++) if (machine.canHit(t, cpu)) into.push(choiceOf(t, cpu));
  }
}

function record(finds: Map<string, SearchFind>, verdict: Verdict | null, path: readonly number[]): void {
  const found = verdict === null ? null : findOf(verdict);
  if (verdict === null || found === null) return;
  const name = nameOf(found);
  const known = finds.get(name);
  if (known !== undefined && known.schedule.length <= path.length) return;
  finds.set(name, { ...found, verdict, schedule: [...path] });
}
