// Reduced search: every end of a program by way of the states in which nobody can move, in as few orders as will do.
import type { SearchFind, SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { Machine } from '../model/machine.js';
import { confirm, nameOf } from './confirm.js';
import { edgesAtEnd, smallestCycles } from './ends.js';
import { byTasks } from './find.js';
import { pushChoices, type SearchLimits, SLICE } from './full.js';
import { Reduction } from './reduction.js';
import { StateSet } from './state-set.js';
import { symmetricKeys } from './symmetric-keys.js';
import { withImages } from './symmetry.js';

/** How often an end that was seen is looked for on another path, before the full search has to settle it. */
const TRIES = 64;

/** A reduced search's result; `settled` false: an end was seen that could not be confirmed on any path. */
export interface ReducedResult extends SearchResult {
  readonly settled: boolean;
}

/**
 * Depth-first over a machine that goes on beyond bad ends (a cycle among its tasks stays; who broke a requirement stays
 * where it is), so that every end shows in a state in which nobody can move, and the reductions that keep those states keep
 * the finds. Each end seen so is confirmed on a machine that stops at it, or is none: docs/lock-model.md, "What a
 * search may leave out". `symmetric`: of states that differ only in which of several equal tasks is where, one is gone on from.
 */
export function* reducedSteps(
  machine: Machine,
  limits: SearchLimits,
  symmetric = false,
): Generator<number, ReducedResult> {
  const m = new Machine(machine.compiled, true);
  const reduction = new Reduction(m);
  const width = m.stateWords.length;
  const symmetry = symmetric ? symmetricKeys(m, true) : null;
  const keyWords = symmetry === null ? m.keyWords : symmetry.words;
  const seen = new StateSet(keyWords);
  const key = new Int32Array(keyWords);
  const finds = new Map<string, SearchFind>();
  const tries = new Map<string, number>();
  let settled = true;
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
  let fresh = false;

  const claim = (kind: SearchFind['kind'], tasks: readonly number[]): void => {
    const name = nameOf({ kind, tasks });
    if (finds.has(name)) return;
    const tried = tries.get(name) ?? 0;
    if (tried >= TRIES) return;
    tries.set(name, tried + 1);
    const find = confirm(machine, path, { kind, tasks });
    if (find !== null) finds.set(nameOf(find), find);
  };

  /** Nobody can move: those who stand before what they cannot have wait for it, and it is seen who waits for whom. */
  const judge = (): void => {
    for (let left = m.actMask(); left !== 0; left &= left - 1) m.act(31 - Math.clz32(left & -left));
    const cycles = smallestCycles(edgesAtEnd(m));
    if (cycles === null) settled = false;
    for (const cycle of cycles ?? []) {
      claim(
        'deadlock',
        cycle.sort((a, b) => a - b),
      );
    }
    if (cycles?.length === 0 && m.deadMask() === 0) {
      const verdict: Verdict | null = m.finished();
      if (verdict?.kind === 'stranded') claim('stranded', verdict.tasks);
    }
  };

  const act = (choice: number): void => {
    const dead = m.deadMask();
    m.act(choice);
    path.push(choice);
    steps++;
    const died = m.deadMask() & ~dead;
    if (died !== 0) claim('violated', [31 - Math.clz32(died)]);
  };

  const enter = (): void => {
    for (let t = reduction.single(m.last); t >= 0; t = reduction.single(m.last)) act(t);
    const movable = reduction.movable();
    if (movable === 0) {
      schedules++;
      judge();
      return;
    }
    if (symmetry === null) m.writeKey(key, 0);
    else symmetry.write(m, key);
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
    m.save(states, depth * width);
    firstChoice.push(choices.length);
    pathLength.push(path.length);
    pushChoices(m, reduction.persistent(movable), choices);
    fresh = true;
  };

  m.reset();
  for (let left = reduction.quiet; left !== 0; left &= left - 1) {
    const t = 31 - Math.clz32(left & -left);
    while (!m.hasEnded(t)) act(t);
  }
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
    if (!fresh) m.load(states, depth * width);
    fresh = false;
    act(choice);
    enter();
    if (steps >= pauseAt) {
      pauseAt = steps + SLICE;
      yield seen.size;
    }
  }
  for (const name of tries.keys()) if (!finds.has(name)) settled = false;
  if (symmetry !== null && !full && !withImages(machine, symmetry.groups, finds)) settled = false;
  const found = [...finds.values()].sort(byTasks);
  return { finds: found, complete: !full, states: seen.size, schedules, steps, settled };
}
