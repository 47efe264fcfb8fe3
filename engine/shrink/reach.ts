// Reach: breadth-first search for the fewest steps that lead to a wanted end, in slices, with nothing reduced away.
import type { Schedule } from '../../corpus/schema/schedule.js';
import { choiceOf } from '../model/choice.js';
import { LEVEL_TASK } from '../model/compile.js';
import type { Machine } from '../model/machine.js';

export interface Reached {
  /** With the fewest ops done, and among those found first; null if no state matched. */
  readonly schedule: Schedule | null;
  /** True if the schedule is a shortest one, or, without one, if no schedule exists. */
  readonly complete: boolean;
  /** Distinct states met. */
  readonly states: number;
}

export interface ReachGoal {
  /** Asked for each state in which the run is over. */
  readonly matches: (machine: Machine) => boolean;
  /** Asked for each other state: true if no state after it can match. */
  readonly hopeless?: (machine: Machine) => boolean;
}

/** States between two pauses of the stepwise form: a few milliseconds. */
const SLICE = 2048;

/** Set of fixed-length int keys with open addressing. */
class KeySet {
  private slots = new Int32Array(1024).fill(-1);
  private keys: Int32Array;
  private readonly words: number;
  size = 0;

  constructor(words: number) {
    this.words = Math.max(1, words);
    this.keys = new Int32Array(this.words * 512);
  }

  /** False if it was there already. */
  add(machine: Machine): boolean {
    if ((this.size + 1) * 2 > this.slots.length) this.grow();
    if ((this.size + 1) * this.words > this.keys.length) {
      const larger = new Int32Array(this.keys.length * 2);
      larger.set(this.keys);
      this.keys = larger;
    }
    const at = this.size * this.words;
    machine.writeKey(this.keys, at);
    const slot = this.slotOf(at);
    if (this.slots[slot] !== -1) return false;
    this.slots[slot] = this.size++;
    return true;
  }

  private slotOf(at: number): number {
    const { keys, words } = this;
    const mask = this.slots.length - 1;
    let hash = 0x811c9dc5;
    for (let i = 0; i < words; i++) {
      hash = Math.imul(hash ^ keys[at + i]!, 0x01000193);
      hash ^= hash >>> 15;
    }
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = this.slots[slot]!;
      if (known === -1) return slot;
      let same = true;
      for (let i = 0; i < words && same; i++) same = keys[known * words + i] === keys[at + i];
      if (same) return slot;
    }
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let n = 0; n < this.size; n++) this.slots[this.slotOf(n * this.words)] = n;
  }
}

interface Node {
  readonly state: Int32Array;
  readonly parent: Trail | null;
}

interface Trail {
  readonly choice: number;
  readonly before: Trail | null;
}

/** All choices of a task: one for each CPU that an interrupt without a CPU could hit. */
function choicesOf(machine: Machine, task: number): number[] {
  const c = machine.compiled;
  if (c.taskLevel[task] === LEVEL_TASK || c.taskCpu[task]! >= 0 || machine.hasBegun(task)) return [task];
  return c.cpus
    .map((_, cpu) => cpu)
    .filter((cpu) => machine.canHit(task, cpu))
    .map((cpu) => choiceOf(task, cpu));
}

function scheduleOf(trail: Trail | null): number[] {
  const schedule: number[] = [];
  for (let at = trail; at !== null; at = at.before) schedule.push(at.choice);
  return schedule.reverse();
}

/** As `reach`, pausing after every slice so that the caller can stop or let others run. */
export function* reachSteps(
  machine: Machine,
  goal: ReachGoal,
  maxStates: number,
): Generator<number, Reached> {
  const seen = new KeySet(machine.keyWords);
  machine.reset();
  const words = machine.stateWords.length;
  const saved = (): Int32Array => {
    const state = new Int32Array(words);
    machine.save(state, 0);
    return state;
  };
  seen.add(machine);
  // Becoming a waiter is no step: such states belong to the level they come from.
  let level: Node[] = [{ state: saved(), parent: null }];
  let next: Node[] = [];
  let sinceBreak = 0;
  while (level.length > 0) {
    // First in, first out: of equally short schedules the one in which earlier tasks go first.
    for (let i = 0; i < level.length; i++) {
      const node = level[i]!;
      machine.load(node.state, 0);
      const mask = machine.actMask();
      if (mask === 0) {
        if (goal.matches(machine)) {
          return { schedule: scheduleOf(node.parent), complete: true, states: seen.size };
        }
        continue;
      }
      if (goal.hopeless?.(machine) === true) continue;
      const steps = machine.steps;
      for (let left = mask; left !== 0; left &= left - 1) {
        const task = 31 - Math.clz32(left & -left);
        machine.load(node.state, 0);
        for (const choice of choicesOf(machine, task)) {
          machine.load(node.state, 0);
          machine.act(choice);
          // A broken requirement leaves the counters as they were: an end must not be looked up by its key.
          if (machine.over ? !goal.matches(machine) : !seen.add(machine)) continue;
          const into = machine.steps === steps ? level : next;
          into.push({ state: saved(), parent: { choice, before: node.parent } });
        }
      }
      if (seen.size > maxStates) return { schedule: null, complete: false, states: seen.size };
      if (++sinceBreak >= SLICE) {
        sinceBreak = 0;
        yield seen.size;
      }
    }
    level = next;
    next = [];
  }
  return { schedule: null, complete: true, states: seen.size };
}

/** Runs a generator to its end. */
export function drain<T, R>(steps: Generator<T, R>): R {
  for (;;) {
    const { value, done } = steps.next();
    if (done === true) return value;
  }
}

/** Searches all schedules of the machine's program for an end that matches, fewest steps first. */
export function reach(machine: Machine, goal: ReachGoal, maxStates: number): Reached {
  return drain(reachSteps(machine, goal, maxStates));
}
