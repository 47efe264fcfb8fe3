// Plain reduced search: the reduced search of a plain program, on places instead of whole states.
import type { Machine } from '../model/machine.js';
import { Claims } from './claims.js';
import { byTasks } from './find.js';
import { type SearchLimits, SLICE } from './full.js';
import { KeyTable } from './key-table.js';
import { plainKeys } from './plain-keys.js';
import type { PlainProgram } from './plain-program.js';
import { PlainReduction } from './plain-reduction.js';
import { PlainRun } from './plain-run.js';
import type { ReducedResult } from './reduced.js';

/** As `reducedSteps`, state for state. */
export function* plainReducedSteps(
  machine: Machine,
  program: PlainProgram,
  limits: SearchLimits,
): Generator<number, ReducedResult> {
  const search = new PlainReduced(machine, program, limits);
  while (search.advance(SLICE)) yield search.seen.size;
  const { finds, unsettled } = search.claims.told();
  return {
    finds: [...finds].sort(byTasks),
    complete: !search.full,
    states: search.seen.size,
    schedules: search.schedules,
    steps: search.steps,
    unsettled,
  };
}

class PlainReduced {
  readonly seen: KeyTable;
  readonly claims: Claims;
  steps = 0;
  /** Ways that ended, or came to where another was. */
  schedules = 0;
  full = false;
  private readonly run: PlainRun;
  private readonly reduction: PlainReduction;
  private readonly wordOf: Uint8Array;
  private readonly unit: Int32Array;
  /** The tasks that stepped. */
  private readonly path: Int32Array;
  private length = 0;
  /** By frame: how long the path to it is, and the tasks yet to be tried there. */
  private readonly began: Int32Array;
  private readonly untried: Int32Array;
  private frames = 0;

  constructor(
    machine: Machine,
    private readonly program: PlainProgram,
    private readonly limits: SearchLimits,
  ) {
    const keys = plainKeys(program);
    const { compiled } = machine;
    this.run = new PlainRun(program);
    this.reduction = new PlainReduction(compiled, program, this.run);
    this.seen = new KeyTable(keys.words);
    this.wordOf = keys.wordOf;
    this.unit = Int32Array.from(keys.shift, (shift) => 1 << shift);
    this.path = new Int32Array(compiled.ops);
    this.began = new Int32Array(compiled.ops + 1);
    this.untried = new Int32Array(compiled.ops + 1);
    this.claims = new Claims(machine);
    this.seen.key[0] = 1;
    this.enter();
  }

  /** Goes on for some `steps` and what follows them at once; false: the search is over. */
  advance(steps: number): boolean {
    const until = this.steps + steps;
    while (this.frames > 0 && !this.full) {
      const frame = this.frames - 1;
      while (this.length > this.began[frame]!) this.back();
      const tasks = this.untried[frame]!;
      if (tasks === 0) {
        this.frames--;
        continue;
      }
      if (this.steps >= until) return true;
      const t = 31 - Math.clz32(tasks);
      this.untried[frame] = tasks & ~(1 << t);
      this.step(t);
      this.enter();
    }
    return false;
  }

  /** Goes on as far as there is nothing to choose; an end, seen before, or a new frame. */
  private enter(): void {
    const { run, reduction } = this;
    for (;;) {
      const t = reduction.single(this.length === 0 ? -1 : this.path[this.length - 1]!);
      if (t < 0) break;
      this.step(t);
    }
    if (run.able === 0) {
      this.schedules++;
      this.claims.judge(this.program, run.at, () => [...this.path.subarray(0, this.length)]);
      return;
    }
    if (!this.seen.add()) {
      this.schedules++;
      return;
    }
    if (this.seen.size > this.limits.states) {
      this.full = true;
      return;
    }
    this.began[this.frames] = this.length;
    this.untried[this.frames++] = reduction.persistent();
  }

  private step(t: number): void {
    const place = this.run.at[t]!;
    this.run.step(t);
    this.reduction.passed(t, place);
    this.seen.key[this.wordOf[t]!]! += this.unit[t]!;
    this.path[this.length++] = t;
    this.steps++;
  }

  private back(): void {
    const t = this.path[--this.length]!;
    this.run.back(t);
    this.reduction.backAt(t, this.run.at[t]!);
    this.seen.key[this.wordOf[t]!]! -= this.unit[t]!;
  }
}
