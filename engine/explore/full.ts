// Full search: every state that a program can reach, in every order; what the reduced search is measured against.
import type { SearchFind, SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { choiceOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import type { Alone } from './alone.js';
import { nameOf } from './confirm.js';
import { byTasks, findOf } from './find.js';
import { Frames } from './frames.js';
import { StateSet } from './state-set.js';

export interface SearchLimits {
  /** Most states to keep; beyond, the search ends and is not complete. */
  readonly states: number;
}

/** Transitions between two pauses of `exploreSteps`: some milliseconds. */
export const SLICE = 8192;

/**
 * Depth-first search over all transitions, with exact state keys; yields the states so far now and then. With `alone`, a task that it
 * names is the only one that goes on from a state.
 */
export function* fullSteps(
  machine: Machine,
  limits: SearchLimits,
  alone: Alone | null = null,
): Generator<number, SearchResult> {
  const seen = new StateSet(machine.keyWords);
  const key = new Int32Array(machine.keyWords);
  const finds = new Map<string, SearchFind>();
  const frames = new Frames(machine);
  const choices: number[] = [];
  let steps = 0;
  let schedules = 0;
  let pauseAt = SLICE;

  /** Looks at the state that the machine is in: an end, seen before, or a new frame. */
  const enter = (): void => {
    const able = machine.actMask();
    if (able === 0) {
      schedules++;
      record(finds, machine.finished(), frames);
      return;
    }
    machine.writeKey(key, 0);
    if (seen.add(key, 0) >= 0) {
      schedules++;
      return;
    }
    if (seen.size > limits.states) return;
    frames.open();
    const only = alone === null ? -1 : alone.of(able);
    if (only >= 0) {
      frames.offer(only);
      return;
    }
    choices.length = 0;
    pushChoices(machine, able, choices);
    for (const choice of choices) frames.offer(choice);
  };

  machine.reset();
  enter();
  for (let choice = frames.next(); choice >= 0; choice = frames.next()) {
    machine.act(choice);
    frames.pass(choice);
    steps++;
    enter();
    if (seen.size > limits.states) break;
    if (steps >= pauseAt) {
      pauseAt = steps + SLICE;
      yield seen.size;
    }
  }
  const complete = seen.size <= limits.states;
  return { finds: [...finds.values()].sort(byTasks), complete, states: seen.size, schedules, steps };
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

function record(finds: Map<string, SearchFind>, verdict: Verdict | null, frames: Frames): void {
  const found = verdict === null ? null : findOf(verdict);
  if (verdict === null || found === null) return;
  const name = nameOf(found);
  const known = finds.get(name);
  if (known !== undefined && known.schedule.length <= frames.pathLength) return;
  finds.set(name, { ...found, verdict, schedule: frames.pathSoFar() });
}
