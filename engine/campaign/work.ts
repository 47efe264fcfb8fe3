// Campaign work: what a campaign does, phase by phase, as a generator over its own state.
import { BASES } from '../../corpus/schema/capture.js';
import type { Signature, WitnessId } from '../../corpus/schema/ids.js';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { exploreSteps } from '../explore/exhaustive.js';
import { createFuzzer, type Fuzzer, type FuzzProgress } from '../fuzz/fuzzer.js';
import { compile } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { predictSteps } from '../predict/predict.js';
import type { PredictSource } from '../predict/source.js';
import { replaySchedule } from '../schedulers/replay.js';
import { follow } from '../shrink/outcome.js';
import type { CampaignOptions } from './campaign.js';
import { type CaptureRef, establishSteps } from './establish.js';
import { signatureOf } from './signature.js';
import {
  CAMPAIGN_PHASES,
  CAMPAIGN_STATE_VERSION,
  type CampaignEnd,
  type CampaignLimits,
  type CampaignPhase,
  type CampaignProgram,
  type CampaignState,
  type ProgramOutcome,
  type SettledCycle,
  type Sighting,
  type Unestablished,
} from './state.js';

/** Execs of one round of the fuzzer: a few milliseconds on programs of usual size. */
const ROUND = 32;

interface FuzzTarget {
  readonly lowered: LoweredProgram;
  readonly captures: readonly CaptureRef[];
  readonly files: readonly (string | null)[];
  /** Programs of the campaign that it is made of. */
  readonly sources: readonly number[];
  readonly seeds: readonly Genome[];
}

function fileOf(program: CampaignProgram): string | null {
  return program.captures.length === 1 ? (program.captures[0]?.file ?? null) : null;
}

function capturesOf(programs: readonly CampaignProgram[], sources: readonly number[]): CaptureRef[] {
  const all = new Map<string, CaptureRef>();
  for (const s of sources) for (const c of programs[s]?.captures ?? []) all.set(c.id, c);
  return [...all.values()];
}

/** The work of a campaign as a generator over its own state; the driver below deals with time. */
export class Campaign {
  readonly options: CampaignOptions;
  readonly limits: CampaignLimits;
  phase: CampaignPhase | 'done';
  done: number;
  execs: number;
  steps: number;
  programs: ProgramOutcome[];
  witnesses: Witness[];
  bySignature = new Map<Signature, WitnessId | null>();
  sightings: Sighting[];
  unestablished: Unestablished[];
  cycles: SettledCycle[];
  cyclesComplete: boolean;
  fuzzer: Fuzzer | null = null;
  fuzzProgress: FuzzProgress | null = null;
  private readonly fuzzFrom: CampaignState['fuzz'];
  /** Execs that are not the fuzzer's. */
  private replays: number;
  /** Programs in the order of their basis: of two that show one bug, the one nearer to the log makes the witness. */
  private readonly nearestFirst: readonly number[];
  /** The fuzzer tells a find once: what it told and is not dealt with yet. */
  private readonly pending: { readonly target: number; readonly schedule: Schedule }[];
  private readonly sighted = new Set<string>();
  private fuzzTargets: readonly FuzzTarget[] = [];

  constructor(options: CampaignOptions, limits: CampaignLimits) {
    this.options = options;
    this.limits = limits;
    const from = options.resume;
    if (from !== undefined && from.version !== CAMPAIGN_STATE_VERSION) {
      throw new Error(`campaign state of version ${from.version}, not ${CAMPAIGN_STATE_VERSION}`);
    }
    if (
      from !== undefined &&
      (from.seed !== options.seed || from.programs.length !== options.programs.length)
    ) {
      throw new Error('the campaign state is of other programs or of another seed');
    }
    this.nearestFirst = options.programs
      .map((p, index) => ({ index, distance: BASES.indexOf(p.lowered.basis) }))
      .sort((a, b) => a.distance - b.distance || a.index - b.index)
      .map(({ index }) => index);
    this.phase = from?.phase ?? 'observed';
    this.done = from?.done ?? 0;
    this.execs = from?.execs ?? 0;
    this.steps = from?.steps ?? 0;
    this.programs = [
      ...(from?.programs ?? options.programs.map(() => ({ complete: false, states: 0, illFormed: null }))),
    ];
    this.witnesses = [...(from?.witnesses ?? [])];
    for (const w of this.witnesses) this.bySignature.set(w.signature, w.id);
    this.sightings = [...(from?.sightings ?? [])];
    this.unestablished = [...(from?.unestablished ?? [])];
    this.cycles = [...(from?.cycles ?? [])];
    this.cyclesComplete = from?.cyclesComplete ?? false;
    this.fuzzFrom = from?.fuzz ?? null;
    this.replays = this.execs - (this.fuzzFrom?.execs ?? 0);
    this.pending = [...(from?.pending ?? [])];
    for (const { signature, program } of this.sightings) this.sighted.add(`${signature} ${program}`);
    for (const { signature } of this.sightings) {
      if (!this.bySignature.has(signature)) this.bySignature.set(signature, null);
    }
  }

  state(ms: number): CampaignState {
    return {
      version: CAMPAIGN_STATE_VERSION,
      seed: this.options.seed,
      phase: this.phase,
      done: this.done,
      execs: this.execs,
      steps: this.steps,
      ms,
      programs: [...this.programs],
      witnesses: [...this.witnesses],
      sightings: [...this.sightings],
      unestablished: [...this.unestablished],
      cycles: [...this.cycles],
      cyclesComplete: this.cyclesComplete,
      fuzz: this.fuzzer === null ? this.fuzzFrom : this.fuzzer.state(),
      pending: [...this.pending],
    };
  }

  get exhausted(): boolean {
    return (
      this.programs.every((p) => p.complete && p.illFormed === null) &&
      this.cyclesComplete &&
      this.cycles.every((c) => c.status !== 'open')
    );
  }

  /** Units of the current phase. */
  get units(): number | null {
    if (this.phase === 'fuzz') return null;
    return this.phase === 'predict' || this.phase === 'done' ? 1 : this.options.programs.length;
  }

  /** Does everything; pauses every few milliseconds. Returns why it ended. */
  *work(): Generator<number, CampaignEnd> {
    const phases = this.options.phases ?? CAMPAIGN_PHASES;
    while (this.phase !== 'done') {
      const { phase } = this;
      if (phases.includes(phase)) {
        const end = yield* this.workOn(phase);
        if (end !== null) return end;
      }
      this.phase = CAMPAIGN_PHASES[CAMPAIGN_PHASES.indexOf(phase) + 1] ?? 'done';
      this.done = 0;
    }
    return this.exhausted ? 'exhausted' : 'phases-done';
  }

  private *workOn(phase: CampaignPhase): Generator<number, CampaignEnd | null> {
    switch (phase) {
      case 'observed':
        yield* this.eachProgram((k) => this.observe(this.nearestFirst[k] ?? k));
        return null;
      case 'search':
        yield* this.eachProgram((i) => this.search(i, this.limits.searchStates));
        return null;
      case 'deep-search':
        yield* this.eachProgram((i) => this.search(i, this.limits.deepStates));
        return null;
      case 'predict':
        yield* this.predict();
        return null;
      case 'fuzz':
        return yield* this.fuzz();
      default: {
        const never: never = phase;
        return never;
      }
    }
  }

  private *eachProgram(unit: (index: number) => Generator<number, void>): Generator<number, void> {
    for (; this.done < this.options.programs.length; this.done++) {
      yield* unit(this.done);
      yield this.done;
    }
  }

  private machineOf(index: number): Machine | null {
    const program = this.options.programs[index]?.lowered.program;
    if (program === undefined) return null;
    const compiled = compile(program);
    if (compiled.ok) return new Machine(compiled.compiled);
    const before = this.programs[index];
    if (before?.illFormed === null) this.programs[index] = { ...before, illFormed: compiled.reason };
    return null;
  }

  private *observe(index: number): Generator<number, void> {
    const program = this.options.programs[index];
    const schedule = program?.lowered.observedSchedule;
    if (program === undefined || schedule === null || schedule === undefined) return;
    const machine = this.machineOf(index);
    if (machine === null) return;
    const { verdict, steps } = replaySchedule(machine, schedule);
    const bad = verdict.kind === 'deadlock' || verdict.kind === 'stranded' || verdict.kind === 'violated';
    if (bad) yield* this.found(this.targetOf(index), schedule);
    this.execs++;
    this.replays++;
    this.steps += steps;
  }

  private *search(index: number, states: number): Generator<number, void> {
    const before = this.programs[index];
    if (before === undefined || before.complete || before.illFormed !== null || before.states >= states)
      return;
    const machine = this.machineOf(index);
    if (machine === null) return;
    const result = yield* exploreSteps(machine, { states });
    for (const find of result.finds) yield* this.found(this.targetOf(index), find.schedule);
    this.programs[index] = { complete: result.complete, states: result.states, illFormed: null };
    this.steps += result.steps;
  }

  private *predict(): Generator<number, void> {
    const { programs } = this.options;
    const runnable = programs.map((p, i) => ({ p, i })).filter(({ i }) => this.machineOf(i) !== null);
    const sources = runnable.map(
      ({ p }): PredictSource => ({
        lowered: p.lowered,
        captures: p.captures.map((c) => c.id),
        ...(p.single === undefined ? {} : { single: p.single }),
      }),
    );
    const prediction = yield* predictSteps(sources, this.limits.predict);
    const cycles: SettledCycle[] = [];
    for (const raw of prediction.cycles) {
      const cycle = {
        ...raw,
        sources: raw.sources.map((s) => runnable[s]?.i ?? -1),
        taskSources: raw.taskSources.map((s) => runnable[s]?.i ?? -1),
      };
      let signature: Signature | null = null;
      if (cycle.status === 'confirmed' && cycle.candidate !== null && cycle.find !== null) {
        signature = yield* this.found(this.targetOfCycle(cycle.candidate, cycle, []), cycle.find.schedule);
      }
      cycles.push({
        ...cycle,
        signature,
        witness: signature === null ? null : (this.bySignature.get(signature) ?? null),
      });
      yield cycles.length;
    }
    this.cycles = cycles;
    this.cyclesComplete = prediction.complete;
  }

  private targetOf(index: number): FuzzTarget {
    const program = this.options.programs[index];
    if (program === undefined) throw new Error(`there is no program ${index}`);
    const file = fileOf(program);
    return {
      lowered: program.lowered,
      captures: program.captures,
      files: program.lowered.program.tasks.map(() => file),
      sources: [index],
      seeds: [],
    };
  }

  private targetOfCycle(
    lowered: LoweredProgram,
    cycle: Pick<SettledCycle, 'sources' | 'taskSources'>,
    seeds: readonly Genome[],
  ): FuzzTarget {
    const { programs } = this.options;
    return {
      lowered,
      captures: capturesOf(programs, cycle.sources),
      files: cycle.taskSources.map((s) => {
        const program = programs[s];
        return program === undefined ? null : fileOf(program);
      }),
      sources: cycle.sources,
      seeds,
    };
  }

  /** What is still open and can be run, in an order that only the state decides. */
  private targets(): FuzzTarget[] {
    const open = this.programs.flatMap((p, i) =>
      p.complete || p.illFormed !== null ? [] : [this.targetOf(i)],
    );
    const cycles = this.cycles.flatMap((c) =>
      c.status === 'open' && c.candidate !== null
        ? [this.targetOfCycle(c.candidate, c, c.aim === null ? [] : [c.aim])]
        : [],
    );
    return [...open, ...cycles];
  }

  private *fuzz(): Generator<number, CampaignEnd | null> {
    const targets = this.targets();
    this.fuzzTargets = targets;
    if (targets.length === 0) return this.exhausted ? 'exhausted' : 'nothing-left';
    const before = this.steps - (this.fuzzFrom?.steps ?? 0);
    const fuzzer = createFuzzer(
      targets.map((t) => t.lowered.program),
      { seed: this.options.seed, maxSteps: this.limits.maxSteps, seeds: targets.map((t) => t.seeds) },
      this.fuzzFrom ?? undefined,
    );
    this.fuzzer = fuzzer;
    this.fuzzProgress = fuzzer.round(0);
    const most = this.options.budget?.execs ?? Number.POSITIVE_INFINITY;
    yield* this.settlePending();
    while (this.execs < most) {
      const progress = fuzzer.round(Math.min(ROUND, most - this.execs));
      this.fuzzProgress = progress;
      for (const find of progress.finds) this.pending.push({ target: find.program, schedule: find.schedule });
      this.execs = this.replays + progress.execs;
      this.steps = before + progress.steps;
      yield* this.settlePending();
      yield this.execs;
    }
    return 'budget';
  }

  /** Establishes what the fuzzer found. */
  *settlePending(): Generator<number, void> {
    for (let next = this.pending[0]; next !== undefined; next = this.pending[0]) {
      const target = this.fuzzTargets[next.target];
      if (target !== undefined) yield* this.found(target, next.schedule);
      this.pending.shift();
    }
  }

  /** Makes a witness of a find unless its signature has one. Returns the signature. */
  private *found(target: FuzzTarget, schedule: Schedule): Generator<number, Signature | null> {
    const { program } = target.lowered;
    const compiled = compile(program);
    if (!compiled.ok) return null;
    const { shape } = follow(new Machine(compiled.compiled), schedule);
    if (shape === null) return null;
    const signature = signatureOf(shape);
    if (!this.bySignature.has(signature)) {
      const made = yield* establishSteps({
        lowered: target.lowered,
        run: { schedule },
        captures: target.captures,
        files: target.files,
        limits: this.limits.shrink,
        ...(this.options.timestamp === undefined ? {} : { foundAt: this.options.timestamp() }),
      });
      if (made.ok) {
        this.bySignature.set(signature, made.witness.id);
        this.witnesses.push(made.witness);
        this.options.onWitness?.(made.witness);
      } else {
        this.bySignature.set(signature, null);
        this.unestablished.push({ program: program.name, reason: made.reason });
      }
    }
    for (const source of target.sources) {
      if (this.sighted.has(`${signature} ${source}`)) continue;
      this.sighted.add(`${signature} ${source}`);
      this.sightings.push({ signature, program: source });
    }
    return signature;
  }
}
