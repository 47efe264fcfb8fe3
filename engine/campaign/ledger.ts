// Ledger: what is done and what is to do of a campaign; deals out jobs, and applies results in one fixed order.
import { BASES } from '../../corpus/schema/capture.js';
import type { Signature } from '../../corpus/schema/ids.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import { residualRisk } from '../fuzz/residual-risk.js';
import { MAX_TASKS } from '../model/choice.js';
import { Claims } from './claims.js';
import { FuzzPlan } from './fuzz-plan.js';
import type { Job, JobResult, SliceFind } from './job.js';
import { randomRuns, yieldsOf } from './lanes.js';
import { madeTargets } from './made-targets.js';
import {
  CAMPAIGN_PHASES,
  CAMPAIGN_STATE_VERSION,
  type CampaignEnd,
  type CampaignLimits,
  type CampaignPhase,
  type CampaignProgram,
  type CampaignProgress,
  type CampaignState,
  type ProgramOutcome,
  type SettledCycle,
} from './state.js';
import { cycleTarget, openTargets, programKeys, programTarget, type Target } from './targets.js';

export interface LedgerOptions {
  readonly programs: readonly CampaignProgram[];
  readonly seed: number;
  readonly shards: number;
  readonly limits: CampaignLimits;
  readonly phases: readonly CampaignPhase[];
  /** Schedules run one by one, in all; null: no bound. */
  readonly execs: number | null;
  /** Jobs that may be out, and results that may wait for one before them, in all; asked anew for each job. */
  readonly window: () => number;
  readonly timestamp: () => string | null;
}

/** A unit of the phases before fuzzing: the index of a program, or 0 for the prediction. */
interface Unit {
  readonly index: number;
  readonly job: Job;
}

/**
 * The state of a campaign between its jobs. Jobs may be done anywhere and end in any order; what they found is applied
 * in the order in which they stand, so that the state depends on the programs, the seed and the number of shards only,
 * and a checkpoint is always one that an undisturbed run passes through. Throws for a state of other programs or of
 * another seed.
 */
export class Ledger {
  readonly options: LedgerOptions;
  phase: CampaignPhase | 'done';
  programs: ProgramOutcome[];
  cycles: SettledCycle[];
  cyclesComplete: boolean;
  readonly claims: Claims;
  #predicted: boolean;
  #replays: number;
  #searchSteps: number;
  /** Units of the phase at hand, the ones not applied yet. */
  #units: Unit[] | null = null;
  readonly #out = new Set<string>();
  /** Jobs that were given back: others may wait for them, so they go first. */
  readonly #again: Job[] = [];
  readonly #results = new Map<string, JobResult>();
  #fuzz: FuzzPlan | null = null;
  readonly #lanesBefore: CampaignState['lanes'];
  readonly #featuresBefore: number;

  constructor(options: LedgerOptions, from?: CampaignState) {
    this.options = options;
    const keys = programKeys(options.programs);
    if (from !== undefined) fits(from, options, keys);
    this.phase = from?.phase ?? 'observed';
    this.programs = [
      ...(from?.programs ??
        keys.map((key) => ({
          key,
          observed: false,
          complete: false,
          states: 0,
          schedules: 0,
          illFormed: null,
        }))),
    ];
    this.cycles = [...(from?.cycles ?? [])];
    this.cyclesComplete = from?.cyclesComplete ?? false;
    this.#predicted = from?.predicted ?? false;
    this.#lanesBefore = from?.lanes ?? [];
    this.#featuresBefore = from?.features ?? 0;
    const fuzzed = { execs: 0, steps: 0 };
    for (const lane of this.#lanesBefore) {
      fuzzed.execs += lane.execs;
      fuzzed.steps += lane.steps;
    }
    this.#replays = (from?.execs ?? 0) - fuzzed.execs;
    this.#searchSteps = (from?.steps ?? 0) - fuzzed.steps;
    this.claims = new Claims(options.limits.shrink, options.timestamp, from);
  }

  get execs(): number {
    return this.#replays + this.#lanes.reduce((sum, lane) => sum + lane.execs, 0);
  }
  get steps(): number {
    return this.#searchSteps + this.#lanes.reduce((sum, lane) => sum + lane.steps, 0);
  }
  get #lanes(): CampaignState['lanes'] {
    return this.#fuzz?.lanes ?? this.#lanesBefore;
  }

  get exhausted(): boolean {
    return (
      this.programs.every((p) => p.complete && p.illFormed === null) &&
      this.#predicted &&
      this.cyclesComplete &&
      this.cycles.every((c) => c.status !== 'open')
    );
  }

  state(ms: number): CampaignState {
    return {
      version: CAMPAIGN_STATE_VERSION,
      seed: this.options.seed,
      shards: this.options.shards,
      phase: this.phase,
      predicted: this.#predicted,
      execs: this.execs,
      steps: this.steps,
      ms,
      features: this.features,
      programs: [...this.programs],
      ...this.claims.state(),
      cycles: this.cycles.map((c) => ({ ...c, witness: c.witness ?? this.claims.witnessOf(c.signature) })),
      cyclesComplete: this.cyclesComplete,
      lanes: [...this.#lanes],
    };
  }

  progress(ms: number): CampaignProgress {
    const of = this.#unitsInAll();
    const lanes = this.#lanes;
    const cycles = { confirmed: 0, refuted: 0, open: 0 };
    for (const { status } of this.cycles) cycles[status]++;
    return {
      phase: this.phase,
      done: of === null ? 0 : of - (this.#units?.length ?? 0),
      of,
      execs: this.execs,
      steps: this.steps,
      ms,
      features: this.features,
      seeds: lanes.reduce((sum, lane) => sum + lane.seeds, 0),
      witnesses: this.claims.established,
      shrinking: this.claims.waiting,
      unestablished: this.claims.failed,
      programs: {
        all: this.programs.length,
        proved: this.programs.filter(({ complete }) => complete).length,
        illFormed: this.programs.filter(({ illFormed }) => illFormed !== null).length,
      },
      states: this.programs.reduce((sum, { states }) => sum + states, 0),
      cycles,
      lanes: lanes.length,
      yields: yieldsOf(lanes),
      risk: lanes.length === 0 ? null : residualRisk(randomRuns(lanes)),
    };
  }

  /** Features of all targets, each counted once for its target. */
  get features(): number {
    return this.#fuzz?.features ?? this.#featuresBefore;
  }

  #unitsInAll(): number | null {
    if (this.phase === 'fuzz') return null;
    return this.phase === 'predict' || this.phase === 'done' ? 1 : this.options.programs.length;
  }

  /** Why there is nothing more to do; null while there is. Only after `next` gave null with no job out. */
  get ended(): CampaignEnd {
    if (this.phase === 'done') return this.exhausted ? 'exhausted' : 'phases-done';
    if (this.#fuzz?.lanes.length === 0) return this.exhausted ? 'exhausted' : 'nothing-left';
    return 'budget';
  }

  /** The next job that can be begun; null if all depends on jobs that are out, or nothing is left. */
  next(): Job | null {
    const claim = this.claims.next();
    if (claim !== null) return claim;
    const again = this.#again.shift();
    if (again !== undefined) {
      this.#out.add(again.id);
      return again;
    }
    if (this.#out.size + this.#results.size >= this.options.window()) return null;
    while (this.phase !== 'done') {
      const job = this.#nextOfPhase(this.phase);
      if (job === 'wait' || job === 'end') return null;
      if (job !== 'done') {
        this.#out.add(job.id);
        return job;
      }
      this.phase = CAMPAIGN_PHASES[CAMPAIGN_PHASES.indexOf(this.phase) + 1] ?? 'done';
      this.#units = null;
    }
    return null;
  }

  /** Takes a claim's job even when the budget is used up; null if there is none. */
  nextClaim(): Job | null {
    return this.claims.next();
  }

  /** Gives a job back that nobody did. */
  drop(job: Job): void {
    if (job.kind === 'establish') this.claims.drop(job.id);
    else if (this.#out.delete(job.id)) this.#again.push(job);
  }

  /** Takes a result, which may wait until those before it are there. The same result twice does nothing. */
  settle(id: string, result: JobResult): void {
    if (result.kind === 'establish') {
      this.claims.settle(id, result.established);
      return;
    }
    if (!this.#out.delete(id)) return;
    this.#results.set(id, result);
    if (this.phase === 'fuzz') this.#applySlices();
    else this.#applyUnits();
  }

  #nextOfPhase(phase: CampaignPhase): Job | 'wait' | 'end' | 'done' {
    if (!this.options.phases.includes(phase)) return 'done';
    if (phase === 'fuzz') {
      this.#fuzz ??= this.#planFuzzing();
      return this.#fuzz.next((id) => this.#taken(id));
    }
    this.#units ??= this.#unitsOf(phase);
    if (this.#units.length === 0) return 'done';
    const unit = this.#units.find(({ job }) => !this.#taken(job.id));
    return unit?.job ?? 'wait';
  }

  #taken(id: string): boolean {
    return this.#out.has(id) || this.#results.has(id) || this.#again.some((job) => job.id === id);
  }

  #planFuzzing(): FuzzPlan {
    const { programs, seed, shards, limits, execs } = this.options;
    const undecided = openTargets(programs, this.programs, this.cycles);
    const targets = [...undecided, ...madeTargets(programs, this.programs, seed)];
    const open = new Set(targets.map(({ key }) => key));
    // Lanes of targets that were settled since: what they did counts, but they do not go on.
    for (const lane of this.#lanesBefore) {
      if (open.has(lane.target)) continue;
      this.#replays += lane.execs;
      this.#searchSteps += lane.steps;
    }
    const most = execs === null ? null : Math.max(0, execs - this.#replays);
    return new FuzzPlan(targets, this.#lanesBefore, {
      seed,
      shards,
      limits,
      execs: most,
      made: targets.length - undecided.length,
    });
  }

  #unitsOf(phase: Exclude<CampaignPhase, 'fuzz'>): Unit[] {
    const { programs, limits } = this.options;
    const all = programs.map((p, index) => ({ index, lowered: p.lowered }));
    switch (phase) {
      case 'observed':
        // Of two programs that show one bug, the one nearer to the log makes the witness.
        return all
          .sort(
            (a, b) => BASES.indexOf(a.lowered.basis) - BASES.indexOf(b.lowered.basis) || a.index - b.index,
          )
          .flatMap(({ index, lowered: { program, observedSchedule: schedule } }) =>
            schedule === null || this.programs[index]?.observed === true
              ? []
              : [{ index, job: { id: `observe ${index}`, kind: 'observe', program, schedule } }],
          );
      case 'search':
        return this.#searches(limits.searchStates);
      case 'deep-search':
        return this.#searches(limits.deepStates);
      case 'predict': {
        if (this.#predicted) return [];
        const sources = programs.map((p) => ({
          lowered: p.lowered,
          captures: p.captures.map((c) => c.id),
          ...(p.single === undefined ? {} : { single: p.single }),
        }));
        return [{ index: 0, job: { id: 'predict', kind: 'predict', sources, limits: limits.predict } }];
      }
      default: {
        const never: never = phase;
        return never;
      }
    }
  }

  #searches(states: number): Unit[] {
    return this.options.programs.flatMap(({ lowered }, index) => {
      const before = this.programs[index];
      if (before === undefined || before.complete || before.illFormed !== null || before.states >= states)
        return [];
      // What a part of too many tasks leaves open no more states settle.
      if (before.schedules > 0 && lowered.program.tasks.length > MAX_TASKS) return [];
      return [
        { index, job: { id: `search ${index} ${states}`, kind: 'search', program: lowered.program, states } },
      ];
    });
  }

  #applyUnits(): void {
    for (let unit = this.#units?.[0]; unit !== undefined; unit = this.#units?.[0]) {
      const result = this.#results.get(unit.job.id);
      if (result === undefined) return;
      this.#results.delete(unit.job.id);
      this.#apply(unit, result);
      this.#units?.shift();
    }
  }

  #apply({ index, job }: Unit, result: JobResult): void {
    const before = this.programs[index];
    if (result.kind === 'predict') this.#applyPrediction(result.prediction);
    if (before === undefined) return;
    if (result.kind === 'observe') {
      this.programs[index] = { ...before, observed: true };
      this.#replays++;
      this.#searchSteps += result.steps;
      if (result.bad && job.kind === 'observe' && result.slices.length === 0)
        this.#found(this.#target(index), job.schedule);
      this.#foundIn(index, result.slices);
    }
    if (result.kind === 'search') {
      const { complete, states, schedules, illFormed } = result;
      for (const schedule of result.finds) this.#found(this.#target(index), schedule);
      this.#foundIn(index, result.slices);
      this.programs[index] = { ...before, complete, states, schedules, illFormed };
      this.#searchSteps += result.steps;
    }
  }

  #foundIn(index: number, slices: readonly SliceFind[]): void {
    for (const { tasks, schedule } of slices) {
      const key = this.programs[index]?.key ?? '';
      this.#found(programTarget(this.options.programs, index, key, new Set(tasks)), schedule);
    }
  }

  #target(index: number): Target {
    return programTarget(this.options.programs, index, this.programs[index]?.key ?? '');
  }

  #applyPrediction(prediction: Extract<JobResult, { kind: 'predict' }>['prediction']): void {
    this.cycles = prediction.cycles.map((cycle) => {
      const { candidate, find } = cycle;
      const signature =
        cycle.status === 'confirmed' && candidate !== null && find !== null
          ? this.#found(cycleTarget(this.options.programs, cycle, candidate, ''), find.schedule)
          : null;
      return { ...cycle, signature, witness: this.claims.witnessOf(signature) };
    });
    this.cyclesComplete = prediction.complete;
    this.#predicted = true;
  }

  #applySlices(): void {
    const plan = this.#fuzz;
    if (plan === null) return;
    for (let at = plan.first(); at !== null; at = plan.first()) {
      const result = this.#results.get(at.id);
      if (result?.kind !== 'fuzz') return;
      this.#results.delete(at.id);
      plan.apply(at.lane, result.slice);
      for (const schedule of result.slice.finds) this.#found(at.target, schedule);
    }
  }

  #found(target: Target, schedule: Schedule): Signature | null {
    return this.claims.found(target, schedule);
  }
}

function fits(from: CampaignState, options: LedgerOptions, keys: readonly string[]): void {
  if (from.version !== CAMPAIGN_STATE_VERSION)
    throw new Error(`campaign state of version ${from.version}, not ${CAMPAIGN_STATE_VERSION}`);
  const same =
    from.seed === options.seed &&
    from.shards === options.shards &&
    from.programs.length === keys.length &&
    from.programs.every(({ key }, i) => key === keys[i]);
  if (!same) throw new Error('the campaign state is of other programs, another seed or other shards');
}
