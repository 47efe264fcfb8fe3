// Job: one unit of a campaign's work as data, self-contained, so that any thread or host can do it.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import { exploreSteps } from '../explore/exhaustive.js';
import { type ArmYield, createFuzzer, type FuzzState } from '../fuzz/fuzzer.js';
import type { RandomRuns } from '../fuzz/residual-risk.js';
import { compile } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { type Prediction, type PredictLimits, predictSteps } from '../predict/predict.js';
import type { PredictSource } from '../predict/source.js';
import { replaySchedule } from '../schedulers/replay.js';
import type { ShrinkLimits } from '../shrink/shrink.js';
import { slipsOf } from '../shrink/slips.js';
import { type Established, type EstablishInput, establishSteps } from './establish.js';
import { packLane, unpackLane } from './lane-pack.js';

/** What a lane is asked to do next. */
export interface SliceOrder {
  readonly program: Program;
  readonly seed: number;
  /** Genomes to begin with, for a lane that has not begun. */
  readonly seeds: readonly Genome[];
  /** Genomes that the siblings found. */
  readonly gifts: readonly Genome[];
  /** The slice ends after so much work (transitions and execs), or after so many execs if that is sooner; null: no bound. */
  readonly work: number;
  readonly execs: number | null;
  readonly maxSteps: number;
  /** The lane's packed FuzzState, or null. */
  readonly fuzz: Uint8Array | null;
}

export type Job = { readonly id: string } & (
  | { readonly kind: 'observe'; readonly program: Program; readonly schedule: Schedule }
  | { readonly kind: 'search'; readonly program: Program; readonly states: number }
  | { readonly kind: 'predict'; readonly sources: readonly PredictSource[]; readonly limits: PredictLimits }
  | { readonly kind: 'fuzz'; readonly slice: SliceOrder }
  | { readonly kind: 'establish'; readonly input: EstablishInput; readonly limits: ShrinkLimits }
);

/** What a lane did in one slice. Figures are in all since its first exec. */
export interface SliceResult {
  readonly execs: number;
  readonly steps: number;
  readonly seeds: number;
  /** Features that the lane had not met before. */
  readonly fresh: readonly number[];
  readonly random: RandomRuns;
  readonly species: readonly (readonly [string, number])[];
  readonly yields: readonly (readonly [string, ArmYield])[];
  /** Schedules of bad ends that the lane had not met before, each followed by those that its shrinking slips into. */
  readonly finds: readonly Schedule[];
  /** Genomes for the siblings. */
  readonly giving: readonly Genome[];
  readonly fuzz: Uint8Array;
}

export type JobResult =
  | { readonly kind: 'observe'; readonly bad: boolean; readonly steps: number }
  | {
      readonly kind: 'search';
      readonly complete: boolean;
      readonly states: number;
      readonly schedules: number;
      readonly steps: number;
      readonly finds: readonly Schedule[];
      /** Why the program cannot be run, or null. */
      readonly illFormed: string | null;
    }
  | { readonly kind: 'predict'; readonly prediction: Prediction }
  | { readonly kind: 'fuzz'; readonly slice: SliceResult }
  | { readonly kind: 'establish'; readonly established: Established };

/** Execs between two pauses: a few milliseconds on programs of usual size. */
const ROUND = 32;
/** Of so many bad ends of a program it is seen what shrinking them slips into. */
const SLIPS_OF = 16;
/** Genomes that a lane tells its siblings after an epoch. */
export const GIFTS = 8;

/**
 * Does a job; pauses every few milliseconds. The same job gives the same result wherever it is done. A slice of
 * fuzzing that is resumed with `true` ends there: slices may be cut anywhere.
 */
export function* runJob(job: Job): Generator<number, JobResult, boolean | undefined> {
  switch (job.kind) {
    case 'observe':
      return observe(job.program, job.schedule);
    case 'search':
      return yield* search(job.program, job.states);
    case 'predict':
      return { kind: 'predict', prediction: yield* predictRunnable(job.sources, job.limits) };
    case 'fuzz':
      return { kind: 'fuzz', slice: yield* slice(job.slice) };
    case 'establish':
      return {
        kind: 'establish',
        established: yield* establishSteps({ ...job.input, limits: job.limits }),
      };
    default: {
      const never: never = job;
      return never;
    }
  }
}

function observe(program: Program, schedule: Schedule): JobResult {
  const compiled = compile(program);
  if (!compiled.ok) return { kind: 'observe', bad: false, steps: 0 };
  const { verdict, steps } = replaySchedule(new Machine(compiled.compiled), schedule);
  const bad = verdict.kind === 'deadlock' || verdict.kind === 'stranded' || verdict.kind === 'violated';
  return { kind: 'observe', bad, steps };
}

function* search(program: Program, states: number): Generator<number, JobResult> {
  const compiled = compile(program);
  if (!compiled.ok)
    return {
      kind: 'search',
      complete: false,
      states: 0,
      schedules: 0,
      steps: 0,
      finds: [],
      illFormed: compiled.reason,
    };
  const found = yield* exploreSteps(new Machine(compiled.compiled), { states });
  return {
    kind: 'search',
    complete: found.complete,
    states: found.states,
    schedules: found.schedules,
    steps: found.steps,
    finds: found.finds.map(({ schedule }) => schedule),
    illFormed: null,
  };
}

/** Predicts over the sources that can be run, in terms of all of them. */
function* predictRunnable(
  sources: readonly PredictSource[],
  limits: PredictLimits,
): Generator<number, Prediction> {
  const runnable = sources.flatMap((source, index) =>
    compile(source.lowered.program).ok ? [{ source, index }] : [],
  );
  const prediction = yield* predictSteps(
    runnable.map(({ source }) => source),
    limits,
  );
  const all = (index: number): number => runnable[index]?.index ?? -1;
  return {
    ...prediction,
    cycles: prediction.cycles.map((cycle) => ({
      ...cycle,
      sources: cycle.sources.map(all),
      taskSources: cycle.taskSources.map(all),
    })),
  };
}

function* slice(order: SliceOrder): Generator<number, SliceResult, boolean | undefined> {
  const before = order.fuzz === null ? null : unpacked(order.fuzz);
  const fuzzer = createFuzzer(
    [order.program],
    { seed: order.seed, maxSteps: order.maxSteps, seeds: [order.seeds] },
    before === null ? undefined : withGifts(before, order.gifts),
  );
  let progress = fuzzer.round(0);
  const from = { execs: progress.execs, steps: progress.steps };
  const finds: Schedule[] = [];
  let ends = before?.programs[0]?.found.length ?? 0;
  const most = order.execs ?? Number.POSITIVE_INFINITY;
  while (progress.steps - from.steps + progress.execs - from.execs < order.work) {
    const left = most - (progress.execs - from.execs);
    if (left <= 0) break;
    progress = fuzzer.round(Math.min(ROUND, left));
    for (const { schedule } of progress.finds) {
      finds.push(schedule);
      // By how many ends the lane knows: the same ones wherever slices are cut.
      if (ends++ < SLIPS_OF) finds.push(...slipsOf(order.program, schedule));
    }
    if ((yield progress.execs) === true) break;
  }
  const after = fuzzer.state();
  const [lane] = after.programs;
  // Counts stand in the order in which features were met.
  const fresh = (lane?.counts ?? [])
    .slice(before?.programs[0]?.counts.length ?? 0)
    .map(([feature]) => feature);
  return {
    execs: after.execs,
    steps: after.steps,
    seeds: lane?.queue.length ?? 0,
    fresh,
    random: { runs: progress.risk.runs, once: progress.risk.once, species: progress.risk.species },
    species: lane?.species ?? [],
    yields: after.yields,
    finds,
    giving: givingOf(after, new Set(fresh)),
    fuzz: packLane(after),
  };
}

function unpacked(bytes: Uint8Array): FuzzState {
  const state = unpackLane(bytes);
  if (state === null) throw new Error("a lane's state is not that of a fuzzer");
  return state;
}

function withGifts(state: FuzzState, gifts: readonly Genome[]): FuzzState {
  if (gifts.length === 0) return state;
  return {
    ...state,
    programs: state.programs.map((lane) => ({ ...lane, untried: [...lane.untried, ...gifts] })),
  };
}

/** The last genomes that came into the queue with features that are new: wherever a slice is cut, the same ones. */
function givingOf(state: FuzzState, fresh: ReadonlySet<number>): Genome[] {
  const queue = state.programs[0]?.queue ?? [];
  return queue
    .filter(({ features }) => features.some((feature) => fresh.has(feature)))
    .slice(-GIFTS)
    .map(({ genome }) => genome);
}
