// Shortest: the shortest schedule to a given find, and among those one with the fewest preemptions.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchFind, Verdict } from '../../corpus/schema/verdict.js';
import { taskOf } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { findOf } from './find.js';
import { pushChoices, type SearchLimits } from './full.js';
import { StateSet } from './state-set.js';

export interface ShortestResult {
  readonly find: SearchFind | null;
  /** Switches away from a task that could have gone on. */
  readonly preemptions: number;
  /** True if there is no shorter schedule, or, with `find` null, none at all. */
  readonly complete: boolean;
  readonly states: number;
}

/**
 * Breadth-first over (state, task that acted last), one transition a layer; within a layer each keeps the way with
 * the fewest preemptions. `match`: verdict kind and sorted task indices.
 * Throws if the program is ill-formed: compile it first.
 */
export function shortest(
  program: Program,
  match: Pick<SearchFind, 'kind' | 'tasks'>,
  limits: SearchLimits,
): ShortestResult {
  const machine = new Machine(compileOrThrow(program));
  const width = machine.stateWords.length;
  const seen = new StateSet(machine.keyWords + 1);
  const key = new Int32Array(machine.keyWords + 1);
  const wanted = `${match.kind} ${[...match.tasks].sort((a, b) => a - b).join(' ')}`;
  // Nodes by the index that `seen` gives them.
  const parent: number[] = [];
  const choiceTo: number[] = [];
  const preempted: number[] = [];
  let layer: number[] = [];
  let layerStates = new Int32Array(0);
  let goal: { parent: number; choice: number; preempted: number; verdict: Verdict } | null = null;

  const result = (complete: boolean): ShortestResult => {
    if (goal === null) return { find: null, preemptions: 0, complete, states: seen.size };
    const schedule = [goal.choice];
    for (let at = goal.parent; parent[at]! >= 0; at = parent[at]!) schedule.push(choiceTo[at]!);
    const find = { kind: match.kind, tasks: [...match.tasks].sort((a, b) => a - b), verdict: goal.verdict };
    const preemptions = goal.preempted;
    return { find: { ...find, schedule: schedule.reverse() }, preemptions, complete, states: seen.size };
  };

  machine.reset();
  const atOnce = machine.finished();
  if (atOnce !== null) {
    const found = findOf(atOnce);
    const fits = found !== null && `${found.kind} ${found.tasks.join(' ')}` === wanted;
    const find = fits ? { ...found, verdict: atOnce, schedule: [] } : null;
    return { find, preemptions: 0, complete: true, states: 0 };
  }
  keyOf(machine, key);
  seen.add(key, 0);
  parent.push(-1);
  choiceTo.push(-1);
  preempted.push(0);
  layer = [0];
  layerStates = machine.stateWords.slice();
  const choices: number[] = [];
  while (layer.length > 0 && goal === null) {
    const nextLayer: number[] = [];
    let nextStates = new Int32Array(Math.max(width * 16, layerStates.length));
    const firstOfNext = seen.size;
    for (const [place, node] of layer.entries()) {
      machine.load(layerStates, place * width);
      const last = machine.last;
      const mask = machine.actMask();
      choices.length = 0;
      pushChoices(machine, machine.actMask(), choices);
      for (const choice of choices) {
        machine.load(layerStates, place * width);
        machine.act(choice);
        const switched = last >= 0 && taskOf(choice) !== last && (mask & (1 << last)) !== 0;
        const cost = preempted[node]! + (switched ? 1 : 0);
        if (machine.actMask() === 0) {
          const verdict = machine.finished();
          const found = verdict === null ? null : findOf(verdict);
          if (verdict === null || found === null || `${found.kind} ${found.tasks.join(' ')}` !== wanted)
            continue;
          if (goal === null || cost < goal.preempted)
            goal = { parent: node, choice, preempted: cost, verdict };
          continue;
        }
        keyOf(machine, key);
        const index = seen.add(key, 0);
        if (index >= 0) {
          if (index >= firstOfNext && cost < preempted[index]!) {
            preempted[index] = cost;
            parent[index] = node;
            choiceTo[index] = choice;
          }
          continue;
        }
        if (seen.size > limits.states) return result(false);
        if ((nextLayer.length + 1) * width > nextStates.length) {
          const wider = new Int32Array(nextStates.length * 2);
          wider.set(nextStates);
          nextStates = wider;
        }
        machine.save(nextStates, nextLayer.length * width);
        nextLayer.push(~index);
        parent.push(node);
        choiceTo.push(choice);
        preempted.push(cost);
      }
    }
    layer = nextLayer;
    layerStates = nextStates;
  }
  return result(true);
}

/** The state's key with the task that acted last, on which preemptions depend. */
function keyOf(machine: Machine, key: Int32Array): void {
  machine.writeKey(key, 0);
  key[key.length - 1] = machine.last;
}
