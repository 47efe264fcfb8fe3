// RFF: schedules that are asked for by who takes a lock after whom, learning from run to run which askings show new ones.
import { taskOf } from '../model/choice.js';
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import { OP_DOWN, OP_LOCK, OP_UNLOCK, OP_UP, OP_WW_LOCK } from '../model/op-codes.js';
import type { Rng } from '../rng.js';
import { posScheduler } from './pos.js';
import { lowest, type Scheduler } from './scheduler.js';

/** That the acquire `to` follows the release `from` of the same lock, or does not. Ops are counted over all tasks. */
interface HandOff {
  readonly from: number;
  readonly to: number;
  readonly wanted: boolean;
}

const takes = (code: number): boolean => code === OP_LOCK || code === OP_DOWN || code === OP_WW_LOCK;

/** Hand-offs that are asked for at once, at most. */
const MOST_ASKED = 4;
/** Askings that are kept, at most. */
const KEPT = 256;
/** Of so many runs one asks for what was never asked before. */
const AFRESH = 4;

/**
 * A reads-from fuzzer, carried over to locks (D. Wolff, S. Zheng, G. J. Duck, U. Mathur, A. Roychoudhury, "Greybox Fuzzing for
 * Concurrency Testing", ASPLOS 2024). There an abstract schedule is a set of pairs "this read sees (or does not see) that
 * write"; here a pair is "this acquire follows (or does not follow) that release". As there, the run goes by POS and is
 * held back where it would miss a pair that it still can meet, and a set that showed a new pair is changed again. Differences: what
 * cannot be met is let go at once, so that no run is given up, and all sets have the same energy.
 *
 * It learns: a new one for each series of runs. Runs of another program start anew.
 */
export function rffScheduler(): Scheduler {
  const pos = posScheduler();
  let of: Compiled | null = null;
  /** By lock, its ops that give and that take, if there are both. */
  let givers: number[][] = [];
  let takers: number[][] = [];
  let asked: HandOff[] = [];
  let kept: HandOff[][] = [];
  const seen = new Set<number>();
  /** By lock: the op that gave it last; -1: none yet. By taking op: the giving op before it, of this run. */
  let gaveLast = new Int32Array(0);
  let tookAfter = new Int32Array(0);

  const start = (compiled: Compiled): void => {
    const { locks, ops, opCode, opArg } = compiled;
    of = compiled;
    const give: number[][] = Array.from({ length: locks }, () => []);
    const take: number[][] = Array.from({ length: locks }, () => []);
    for (let g = 0; g < ops; g++) {
      if (takes(opCode[g]!)) take[opArg[g]!]!.push(g);
      else if (opCode[g] === OP_UNLOCK || opCode[g] === OP_UP) give[opArg[g]!]!.push(g);
    }
    const both = give.flatMap((list, l) => (list.length > 0 && take[l]!.length > 0 ? [l] : []));
    givers = both.map((l) => give[l]!);
    takers = both.map((l) => take[l]!);
    gaveLast = new Int32Array(locks);
    tookAfter = new Int32Array(ops).fill(-1);
    asked = [];
    kept = [];
    seen.clear();
  };
  /** Looks at the run before: keeps what was asked for if it showed a new pair. */
  const learn = (): void => {
    let fresh = false;
    for (let g = 0; g < tookAfter.length; g++) {
      if (tookAfter[g]! < 0) continue;
      const pair = tookAfter[g]! * tookAfter.length + g;
      if (seen.has(pair)) continue;
      seen.add(pair);
      fresh = true;
    }
    if (fresh && asked.length > 0 && kept.length < KEPT) kept.push(asked);
    tookAfter.fill(-1);
  };
  const drawn = (rng: Rng): HandOff => {
    const lock = rng.below(givers.length);
    const from = givers[lock]![rng.below(givers[lock]!.length)]!;
    const to = takers[lock]![rng.below(takers[lock]!.length)]!;
    return { from, to, wanted: rng.below(4) !== 0 };
  };
  const ask = (rng: Rng): HandOff[] => {
    if (givers.length === 0) return [];
    const base = kept.length === 0 || rng.below(AFRESH) === 0 ? [] : kept[rng.below(kept.length)]!;
    if (base.length === 0) return [drawn(rng)];
    const at = rng.below(base.length);
    switch (rng.below(base.length < MOST_ASKED ? 4 : 3)) {
      case 0:
        return base.toSpliced(at, 1);
      case 1:
        return base.with(at, drawn(rng));
      case 2:
        return base.with(at, { ...base[at]!, wanted: !base[at]!.wanted });
      default:
        return [...base, drawn(rng)];
    }
  };
  const isPast = (machine: Machine, g: number): boolean => {
    const { opBase } = machine.compiled;
    let task = 0;
    while (opBase[task + 1]! <= g) task++;
    return machine.pc(task) > g - opBase[task]! || machine.hasEnded(task);
  };
  /** True if doing `g` now would miss what is asked for. */
  const misses = (machine: Machine, g: number): boolean => {
    const { opArg } = machine.compiled;
    for (const { from, to, wanted } of asked) {
      if (!wanted) {
        if (g === to && gaveLast[opArg[to]!] === from) return true;
      } else if (g === to) {
        if (!isPast(machine, from)) return true;
      } else if (opArg[g] === opArg[to] && isPast(machine, from) && !isPast(machine, to)) return true;
    }
    return false;
  };
  return {
    name: 'rff',
    begin: (compiled, maxSteps, rng) => {
      if (of === compiled) learn();
      else start(compiled);
      asked = ask(rng);
      gaveLast.fill(-1);
      pos.begin(compiled, maxSteps, rng);
    },
    pick: (machine, mask, rng) => {
      const { opBase, opCode, opArg } = machine.compiled;
      let free = 0;
      for (let left = mask; left !== 0; left &= left - 1) {
        const t = lowest(left);
        const g = opBase[t]! + machine.pc(t);
        const asks = g < opBase[t + 1]! && takes(opCode[g]!);
        if (!asks || !misses(machine, g)) free |= 1 << t;
      }
      const choice = pos.pick(machine, free === 0 ? mask : free, rng);
      const task = taskOf(choice);
      const g = opBase[task]! + machine.pc(task);
      if (g < opBase[task + 1]!) {
        const code = opCode[g]!;
        if (code === OP_UNLOCK || code === OP_UP) gaveLast[opArg[g]!] = g;
        // Told again if the task becomes a waiter first: the last word counts.
        else if (takes(code)) tookAfter[g] = gaveLast[opArg[g]!]!;
      }
      return choice;
    },
  };
}
