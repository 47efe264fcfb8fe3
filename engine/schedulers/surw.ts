// SURW: interleaves the ops on a few chosen locks evenly, and lets all others happen as they come.
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import type { Rng } from '../rng.js';
import { hitting } from './random.js';
import { countOf, lowest, nth, type Scheduler } from './scheduler.js';

/** Locks that count in one run: an inversion has two. */
const CHOSEN = 2;

/**
 * Selectively uniform random walk (H. Zhao et al., "Selectively Uniform Concurrency Testing", ASPLOS 2025): of the tasks
 * one is meant to do the next chosen op, drawn by the chosen ops that each has left; others go on only up to their next
 * chosen op. Chosen are the ops on two locks, drawn anew for each run. Differences: the ops left are those of the
 * straight-line body, and if all who can act stand before chosen ops and the one that is meant cannot, another is drawn.
 */
export function surwScheduler(): Scheduler {
  let chosen = new Uint8Array(0);
  /** By op over all tasks: chosen ops of the task from there on. */
  let leftAt = new Int32Array(0);
  let meant = -1;
  const choose = (compiled: Compiled, rng: Rng): void => {
    const { ops, tasks, opBase, opPair, opArg, locks } = compiled;
    if (chosen.length !== ops + 1) {
      chosen = new Uint8Array(ops + 1);
      leftAt = new Int32Array(ops + 1);
    }
    const wanted = new Set<number>();
    for (let i = 0; i < CHOSEN && locks > 0; i++) wanted.add(rng.below(locks));
    for (let t = 0; t < tasks; t++) {
      let left = 0;
      for (let g = opBase[t + 1]! - 1; g >= opBase[t]!; g--) {
        chosen[g] = opPair[g]! >= 0 && wanted.has(opArg[g]!) ? 1 : 0;
        left += chosen[g]!;
        leftAt[g] = left;
      }
    }
  };
  const opOf = (machine: Machine, t: number): number => machine.compiled.opBase[t]! + machine.pc(t);
  const isLeft = (machine: Machine, t: number): boolean =>
    !machine.hasEnded(t) && opOf(machine, t) < machine.compiled.opBase[t + 1]!;
  /** Draws who does the next chosen op, of the tasks in `among`; -1 if none has any left. */
  const drawMeant = (machine: Machine, among: number, rng: Rng): number => {
    let total = 0;
    for (let left = among; left !== 0; left &= left - 1) {
      const t = lowest(left);
      if (isLeft(machine, t)) total += leftAt[opOf(machine, t)]!;
    }
    if (total === 0) return -1;
    let ticket = rng.below(total);
    for (let left = among; left !== 0; left &= left - 1) {
      const t = lowest(left);
      if (isLeft(machine, t)) ticket -= leftAt[opOf(machine, t)]!;
      if (ticket < 0) return t;
    }
    return -1;
  };
  return {
    name: 'surw',
    begin: (compiled, _maxSteps, rng) => {
      choose(compiled, rng);
      meant = -1;
    },
    pick: (machine, mask, rng) => {
      if (meant < 0 || !isLeft(machine, meant)) meant = drawMeant(machine, machine.allTasks, rng);
      let free = 0;
      for (let left = mask; left !== 0; left &= left - 1) {
        const t = lowest(left);
        if (t === meant || chosen[opOf(machine, t)] === 0) free |= 1 << t;
      }
      if (free === 0) {
        meant = drawMeant(machine, mask, rng);
        free = meant < 0 ? mask : 1 << meant;
      }
      const task = nth(free, rng.below(countOf(free)));
      if (task === meant && chosen[opOf(machine, task)] === 1) meant = -1;
      return hitting(machine, task, rng);
    },
  };
}
