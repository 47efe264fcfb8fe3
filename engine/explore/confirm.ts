// Confirm: makes of a path that goes on beyond its end the schedule of a run that ends as claimed.
import type { SearchFind } from '../../corpus/schema/verdict.js';
import { taskOf } from '../model/choice.js';
import type { Machine } from '../model/machine.js';
import { findOf } from './find.js';

/**
 * Runs the path on a machine that ends with the first bad end. What would end it otherwise is left out: the task that did
 * it moves no more. Then the tasks of the claim wait for what they stand before, then the others.
 * Null: this path does not lead to that end; another may.
 */
export function confirm(
  machine: Machine,
  path: readonly number[],
  claim: Pick<SearchFind, 'kind' | 'tasks'>,
): SearchFind | null {
  const wanted = nameOf(claim);
  const saved = new Int32Array(machine.stateWords.length);
  const schedule: number[] = [];
  let stopped = 0;
  let find: SearchFind | null = null;
  /** True if the run is over: as claimed, if `find` is set. */
  const tryToAct = (choice: number): boolean => {
    const t = taskOf(choice);
    if (stopped & (1 << t) || !machine.canTake(choice)) return false;
    machine.save(saved, 0);
    machine.act(choice);
    schedule.push(choice);
    if (machine.actMask() !== 0) return false;
    const verdict = machine.finished();
    const found = verdict === null ? null : findOf(verdict);
    if (verdict !== null && found !== null && nameOf(found) === wanted) {
      find = { ...found, verdict, schedule: [...schedule] };
      return true;
    }
    if (!machine.over) return true;
    machine.load(saved, 0);
    schedule.pop();
    stopped |= 1 << t;
    return false;
  };
  machine.reset();
  for (const choice of path) if (tryToAct(choice)) return find;
  const rest = Array.from({ length: machine.compiled.tasks }, (_, t) => t);
  const order = [...claim.tasks, ...rest.filter((t) => !claim.tasks.includes(t))];
  for (const t of order) {
    if (machine.canAct(t) && !machine.canStep(t) && tryToAct(t)) return find;
  }
  return find;
}

/** Kind and tasks as one word, for maps. */
export function nameOf(find: Pick<SearchFind, 'kind' | 'tasks'>): string {
  return `${find.kind} ${find.tasks.join(' ')}`;
}
