// Job: one unit of a campaign's work as data, self-contained, so that any thread or host can do it.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { SearchResult, Verdict } from '../../corpus/schema/verdict.js';
import { exploreSteps } from '../explore/exhaustive.js';
import { partsSteps } from '../explore/parts.js';
import { type ArmYield, createFuzzer, type FuzzState } from '../fuzz/fuzzer.js';
import type { RandomRuns } from '../fuzz/residual-risk.js';
import { asWritten } from '../lower/as-written.js';
import { narrowed } from '../lower/restricted.js';
import { MAX_TASKS } from '../model/choice.js';
import { compileOrThrow, whyIllFormed } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { type Prediction, type PredictLimits, predictSteps } from '../predict/predict.js';
import type { PredictSource } from '../predict/source.js';
import { replaySchedule } from '../schedulers/replay.js';
import type { ShrinkLimits } from '../shrink/shrink.js';
import { neededTasks } from '../shrink/slice.js';
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

/** A bad end of some tasks of a program, by their names; the schedule is over these alone. */
export interface SliceFind {
  readonly tasks: readonly string[];
  readonly schedule: Schedule;
}

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
  | {
      readonly kind: 'observe';
      readonly bad: boolean;
      readonly steps: number;
      /** As of a search. */
      readonly slices: readonly SliceFind[];
    }
  | {
      readonly kind: 'search';
      readonly complete: boolean;
      readonly states: number;
      readonly schedules: number;
      readonly steps: number;
      readonly finds: readonly Schedule[];
      /** Ends of a program of more tasks than can be run at once: each in some of its tasks. */
      readonly slices: readonly SliceFind[];
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
  if (whyIllFormed(program) !== null) return { kind: 'observe', bad: false, steps: 0, slices: [] };
  const isLarge = program.tasks.length > MAX_TASKS;
  const { verdict, steps } = isLarge
    ? replay(program, schedule)
    : replaySchedule(new Machine(compileOrThrow(program)), schedule);
  const bad = verdict.kind === 'deadlock' || verdict.kind === 'stranded' || verdict.kind === 'violated';
  const slices = isLarge && bad ? [sliceAround(program, schedule, verdict)] : [];
  return { kind: 'observe', bad, steps, slices };
}

/** Who brought a run to its end, with all whom they need, or alone if these are too many. */
function sliceAround(program: Program, schedule: Schedule, verdict: Verdict): SliceFind {
  const ends = expectationOf(program, verdict)?.tasks ?? [];
  const members = ends.map((name) => program.tasks.findIndex((task) => task.name === name));
  const needed = neededTasks(program, members);
  const kept = needed.length > MAX_TASKS ? members : needed;
  const tasks = new Set(kept.map((t) => program.tasks[t]!.name));
  return { tasks: [...tasks], schedule: narrowed(asWritten(program), tasks, schedule) };
}

function* search(program: Program, states: number): Generator<number, JobResult> {
  const illFormed = whyIllFormed(program);
  if (illFormed !== null)
    return {
      kind: 'search',
      complete: false,
      states: 0,
      schedules: 0,
      steps: 0,
      finds: [],
      slices: [],
      illFormed,
    };
  const figures = ({ complete, states: seen, schedules, steps }: Omit<SearchResult, 'finds'>) => ({
    kind: 'search' as const,
    complete,
    states: seen,
    schedules,
    steps,
    illFormed: null,
  });
  if (program.tasks.length > MAX_TASKS) {
    const found = yield* partsSteps(program, { states });
    const slices = found.finds.map(({ program: part, schedule }) => ({
      tasks: part.tasks.map(({ name }) => name),
      schedule,
    }));
    return { ...figures(found), finds: [], slices };
  }
  const found = yield* exploreSteps(new Machine(compileOrThrow(program)), { states });
  return { ...figures(found), finds: found.finds.map(({ schedule }) => schedule), slices: [] };
}

/** Predicts over the sources that can be run, in terms of all of them. */
function* predictRunnable(
  sources: readonly PredictSource[],
  limits: PredictLimits,
): Generator<number, Prediction> {
  const runnable = sources.flatMap((source, index) =>
    whyIllFormed(source.lowered.program) === null ? [{ source, index }] : [],
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
