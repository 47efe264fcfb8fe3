// Reduced search: every end of a program by way of the states in which nobody can move, in as few orders as will do.
import type { SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { Machine } from '../model/machine.js';
import { type Claim, Claims } from './claims.js';
import { edgesAtEnd } from './ends.js';
import { byTasks } from './find.js';
import { Frames } from './frames.js';
import { pushChoices, type SearchLimits, SLICE } from './full.js';
import { Reduction } from './reduction.js';
import { StateSet } from './state-set.js';
import { symmetricKeys } from './symmetric-keys.js';
import { withImages } from './symmetry.js';

/** A reduced search's result. */
export interface ReducedResult extends SearchResult {
  /** Ends that were seen and could not be confirmed on any path; null: there are such that cannot be named. */
  readonly unsettled: readonly Claim[] | null;
}

/** True if every end that was seen is among the finds. */
export function isSettled({ unsettled }: ReducedResult): boolean {
  return unsettled !== null && unsettled.length === 0;
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
  const symmetry = symmetric ? symmetricKeys(m, true) : null;
  const keyWords = symmetry === null ? m.keyWords : symmetry.words;
  const seen = new StateSet(keyWords);
  const key = new Int32Array(keyWords);
  const claims = new Claims(machine);
  const frames = new Frames(m);
  const choices: number[] = [];
  let steps = 0;
  let schedules = 0;
  let pauseAt = SLICE;

  const path = (): readonly number[] => frames.pathSoFar();

  /** Nobody can move: those who stand before what they cannot have wait for it, and it is seen who waits for whom. */
  const judge = (): void => {
    for (let left = m.actMask(); left !== 0; left &= left - 1) m.act(31 - Math.clz32(left & -left));
    if (claims.cyclesAmong(edgesAtEnd(m), path) !== 0 || m.deadMask() !== 0) return;
    const verdict: Verdict | null = m.finished();
    if (verdict?.kind === 'stranded') claims.claim('stranded', verdict.tasks, path);
  };

  const act = (choice: number): void => {
    const dead = m.deadMask();
    m.act(choice);
    frames.pass(choice);
    steps++;
    const died = m.deadMask() & ~dead;
    if (died !== 0) claims.claim('violated', [31 - Math.clz32(died)], path);
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
    if (seen.size > limits.states) return;
    frames.open();
    choices.length = 0;
    pushChoices(m, reduction.persistent(movable), choices);
    for (const choice of choices) frames.offer(choice);
  };

  m.reset();
  for (let left = reduction.quiet; left !== 0; left &= left - 1) {
    const t = 31 - Math.clz32(left & -left);
    while (!m.hasEnded(t)) act(t);
  }
  enter();
  for (let choice = frames.next(); choice >= 0; choice = frames.next()) {
    act(choice);
    enter();
    if (seen.size > limits.states) break;
    if (steps >= pauseAt) {
      pauseAt = steps + SLICE;
      yield seen.size;
    }
  }
  if (symmetry !== null && !withImages(machine, symmetry.groups, claims.finds)) claims.cannotTell();
  const { finds, unsettled } = claims.told();
  return {
    finds: finds.sort(byTasks),
    complete: seen.size <= limits.states,
    states: seen.size,
    schedules,
    steps,
    unsettled,
  };
}
