// Run places: where in a run a lock changes hands or an interrupt could come - choices that blind switches seldom hit.
import type { Genome } from '../../corpus/schema/schedule.js';
import type { Machine } from '../model/machine.js';
import { type Rng, xorshift } from '../rng.js';
import { genomeScheduler } from '../schedulers/genome.js';
import { run } from '../schedulers/run.js';
import { lowest } from '../schedulers/scheduler.js';

/** After `step` steps in all, any one of `tasks` can have what some of them waited for. */
export interface HandOffPlace {
  readonly step: number;
  readonly tasks: readonly number[];
}

/** After `step` steps in all, the interrupt `task` can hit the CPU of `over`. */
export interface InterruptPlace {
  readonly step: number;
  readonly task: number;
  readonly over: number;
  /** True if a task on that CPU holds a lock there. */
  readonly holds: boolean;
}

export interface RunPlaces {
  readonly handOffs: readonly HandOffPlace[];
  readonly interrupts: readonly InterruptPlace[];
}

/** Places of each kind that are kept of one run, drawn evenly. */
const KEPT = 48;

/** Keeps a fair sample of what it is told (J. Vitter, "Random Sampling with a Reservoir", TOMS 1985, algorithm R). */
class Reservoir<T> {
  readonly kept: T[] = [];
  readonly #rng: Rng;
  #seen = 0;

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  add(one: T): void {
    this.#seen++;
    if (this.kept.length < KEPT) this.kept.push(one);
    else {
      const at = this.#rng.below(this.#seen);
      if (at < KEPT) this.kept[at] = one;
    }
  }
}

/** Runs the genome (the machine is reset) and tells its places; the same genome always has the same. */
export function runPlaces(machine: Machine, genome: Genome, maxSteps: number): RunPlaces {
  const rng = xorshift(1);
  const handOffs = new Reservoir<HandOffPlace>(rng);
  const interrupts = new Reservoir<InterruptPlace>(rng);
  const inner = genomeScheduler(genome);
  let woken = 0;
  const look = (mask: number): void => {
    const able = machine.stepMask() & machine.stateWords[machine.layout.waiting]!;
    const fresh = able & ~woken;
    woken = able;
    if (fresh !== 0) {
      const tasks = contenders(machine, mask, lowest(fresh));
      if (tasks.length > 1 || tasks[0] !== machine.last) handOffs.add({ step: machine.steps, tasks });
    }
    if (machine.compiled.irqTasks !== 0) addInterrupts(machine, mask, interrupts);
  };
  run(
    machine,
    {
      name: 'places',
      begin: inner.begin,
      pick: (m, mask, dice) => {
        look(mask);
        return inner.pick(m, mask, dice);
      },
    },
    rng,
    maxSteps,
  );
  return { handOffs: handOffs.kept, interrupts: interrupts.kept };
}

/** Who can act and asks for the same lock as `waiter`, which waited. */
function contenders(machine: Machine, mask: number, waiter: number): number[] {
  const lock = machine.wants(waiter);
  const tasks: number[] = [];
  for (let left = mask; left !== 0; left &= left - 1) {
    const t = lowest(left);
    if (t === waiter || (lock >= 0 && machine.wants(t) === lock)) tasks.push(t);
  }
  return tasks;
}

function addInterrupts(machine: Machine, mask: number, into: Reservoir<InterruptPlace>): void {
  const c = machine.compiled;
  const alive = (t: number): boolean => machine.hasBegun(t) && !machine.hasEnded(t);
  for (let left = mask & c.irqTasks; left !== 0; left &= left - 1) {
    const task = lowest(left);
    if (machine.hasBegun(task)) continue;
    const own = c.taskCpu[task]!;
    for (let cpu = 0; cpu < c.cpus.length; cpu++) {
      if (own >= 0 ? own !== cpu : !machine.canHit(task, cpu)) continue;
      const hit = c.cpus[cpu]!.tasks.filter((t) => t !== task && alive(t));
      const over = hit.at(-1);
      if (over === undefined) continue;
      into.add({ step: machine.steps, task, over, holds: hit.some((t) => machine.held(t).length > 0) });
    }
  }
}
