// Fuzzer: coverage-guided search over the schedules of some programs, one exec at a time, resumable after each.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { type Rng, xorshift } from '../rng.js';
import { genomeScheduler } from '../schedulers/genome.js';
import { roughGenomeOfRun } from '../schedulers/genome-of.js';
import { pctScheduler } from '../schedulers/pct.js';
import { posScheduler } from '../schedulers/pos.js';
import { replaySchedule } from '../schedulers/replay.js';
import { type RunResult, run } from '../schedulers/run.js';
import type { Scheduler } from '../schedulers/scheduler.js';
import { surwScheduler } from '../schedulers/surw.js';
import { urwScheduler } from '../schedulers/urw.js';
import { standing } from '../shrink/outcome.js';
import { type Arm, type ArmRecord, noRecords, pickArm, recorded } from './arms.js';
import { aimAt, directionsOf, type Nearness, nearness } from './direction.js';
import { plainWalk } from './fast-walk.js';
import { FeatureCounts } from './feature-counts.js';
import { mix } from './feedback/feedback.js';
import { feedbacks } from './feedback/list.js';
import { MUTATORS } from './mutators/list.js';
import { MOST_PREEMPTIONS, type Mutator, normalGenome } from './mutators/mutator.js';
import { type Observer, observer } from './observed.js';
import { COMPLETED, type PlainWalk } from './plain-walk.js';
import { enqueue, FEATURES_KEPT, pickEntry, type QueueEntry } from './queue.js';
import { type ResidualRisk, residualRisk } from './residual-risk.js';
import { type RunPlaces, runPlaces } from './run-places.js';

export interface FuzzOptions {
  readonly seed: number;
  /** Most ops of one run. */
  readonly maxSteps: number;
  /** Genomes to begin with, by program: those that a prediction points to. */
  readonly seeds?: readonly (readonly Genome[])[];
}

/** A bad end, the first of its kind in this program. */
export interface FuzzFind {
  /** Index into the programs. */
  readonly program: number;
  readonly kind: 'deadlock' | 'stranded' | 'violated';
  /** Task indices: the cycle in waits-for order, or those that hang. */
  readonly tasks: readonly number[];
  readonly verdict: Verdict;
  readonly schedule: Schedule;
  /** What found it: `urw`, `pct`, `pos`, `surw`, `seed`, or the names of mutators. */
  readonly arm: string;
  /** Number of the exec, from 0. */
  readonly exec: number;
}

export interface FuzzProgress {
  /** All four in all, since the first round. */
  readonly execs: number;
  readonly steps: number;
  readonly features: number;
  /** Entries in the queues. */
  readonly seeds: number;
  /** Found in this round. */
  readonly finds: readonly FuzzFind[];
  readonly risk: ResidualRisk;
}

/** What each arm brought. */
export interface ArmYield {
  execs: number;
  features: number;
}

/** Everything that a fuzzer needs to go on exactly where it was: plain data. */
export interface FuzzState {
  readonly execs: number;
  readonly steps: number;
  readonly programs: readonly {
    readonly queue: readonly QueueEntry[];
    readonly counts: readonly (readonly [number, number])[];
    readonly untried: readonly Genome[];
    readonly species: readonly (readonly [string, number])[];
    readonly randomRuns: number;
    readonly found: readonly string[];
    /** By direction: see `Power.nearest`. */
    readonly nearest: readonly number[];
    /** By arm. */
    readonly records: readonly ArmRecord[];
  }[];
  readonly yields: readonly (readonly [string, ArmYield])[];
}

export interface Fuzzer {
  /** Runs that many more execs. */
  round(execs: number): FuzzProgress;
  /** A copy of the state. */
  state(): FuzzState;
  readonly yields: ReadonlyMap<string, ArmYield>;
}

interface Lane {
  readonly program: Program;
  machine: Machine | null;
  /** For walks that nobody watches; null: the program is not of that kind, or has not been looked at. */
  fast: PlainWalk | null;
  readonly observer: Observer;
  /** Those that can do anything in this program. */
  mutators: readonly Mutator[];
  queue: QueueEntry[];
  readonly counts: FeatureCounts;
  untried: Genome[];
  species: Map<string, number>;
  randomRuns: number;
  found: Set<string>;
  readonly near: Nearness;
  nearest: number[];
  records: readonly ArmRecord[];
}

/** Of ten execs one is an independent random walk, one is PCT, POS or SURW, eight go to whichever arm brings most. */
const TURNS = 10;
/** The turn of the independent walk, the last one: what a prediction points to is tried first. */
const INDEPENDENT = TURNS - 1;
/** In the first execs of a program every other one is a random walk: there is little yet that could be changed. */
const WARM_UP = 60;
/** The turn of the other schedulers, whatever they brought. */
const GUEST = 1;
const GUESTS = ['pct', 'pos', 'surw'] as const;
/** Walks ahead of an observed random walk: many while none has ended badly, for each that does has to be replayed. */
const WALKS_BEFORE_A_FIND = 64;
const WALKS_AFTER = 4;
/** Farther away than any run. */
const FAR = 0x3fffffff;
/** Different bad ends of one program that are told apart; of more, no new ones are told. */
const ENDS_LIMIT = 4096;

/** Name of a bad end within its program: kind, tasks, and in a cycle the lock that each wants. Null for a good end. */
export function endKey(machine: Machine, verdict: Verdict): string | null {
  switch (verdict.kind) {
    case 'deadlock': {
      const at = standing(machine, machine.compiled.tasks, verdict);
      return `deadlock ${verdict.cycle.map((t) => `${t}:${at[t] === null ? '-' : machine.wants(t)}`).join(' ')}`;
    }
    case 'stranded':
      return `stranded ${verdict.tasks.map((t) => `${t}:${machine.wants(t)}`).join(' ')}`;
    case 'violated':
      return `violated ${verdict.task}:${verdict.op}`;
    case 'completed':
    case 'ill-formed':
    case 'out-of-steps':
      return null;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

function tasksOf(verdict: Verdict): readonly number[] {
  if (verdict.kind === 'deadlock') return verdict.cycle;
  if (verdict.kind === 'stranded') return verdict.tasks;
  return verdict.kind === 'violated' ? [verdict.task] : [];
}

/**
 * A fuzzer over well-formed programs (throws otherwise). All chance comes from the seed and the number of the exec,
 * so that rounds may be cut anywhere and a resumed run equals one that was never stopped.
 */
export function createFuzzer(programs: readonly Program[], options: FuzzOptions, from?: FuzzState): Fuzzer {
  let execs = from?.execs ?? 0;
  let steps = from?.steps ?? 0;
  const yields = new Map<string, ArmYield>((from?.yields ?? []).map(([name, y]) => [name, { ...y }]));
  const lanes: Lane[] = programs.map((program, i) => {
    const kept = from?.programs[i];
    const directions = directionsOf(program);
    const near = nearness(program, directions);
    const watching = [...feedbacks(), near.feedback];
    const alone: Genome = { order: program.tasks.map((_, t) => t), preempts: [] };
    return {
      program,
      machine: null,
      fast: null,
      observer: observer(watching),
      mutators: [],
      queue: (kept?.queue ?? []).map((e) => ({ ...e })),
      counts: new FeatureCounts(watching, kept?.counts),
      untried: [...(kept?.untried ?? [...(options.seeds?.[i] ?? []), ...directions.map(aimAt), alone])],
      species: new Map(kept?.species ?? []),
      randomRuns: kept?.randomRuns ?? 0,
      found: new Set(kept?.found ?? []),
      near,
      nearest: directions.map((_, d) => kept?.nearest[d] ?? FAR),
      records: kept?.records ?? noRecords(),
    };
  });

  const bred = (lane: Lane, machine: Machine, rng: Rng): { genome: Genome; arm: string } => {
    const parent = pickEntry(lane.queue, lane, rng);
    parent.children++;
    let places: RunPlaces | null = null;
    const context = {
      tasks: lane.program.tasks.length,
      steps: parent.steps,
      others: Array.from(
        { length: 2 },
        () => lane.queue[rng.below(lane.queue.length)]?.genome ?? parent.genome,
      ),
      places: () => {
        places ??= runPlaces(machine, parent.genome, options.maxSteps);
        return places;
      },
    };
    let genome = parent.genome;
    const names: string[] = [];
    for (let more = true; more && names.length < 6; more = rng.below(2) === 0) {
      const mutator = lane.mutators[rng.below(lane.mutators.length)];
      if (mutator === undefined) break;
      genome = mutator.mutate(genome, context, rng);
      names.push(mutator.name);
    }
    return { genome, arm: names.length === 1 ? (names[0] ?? 'stack') : 'stack' };
  };

  const exec = (finds: FuzzFind[]): void => {
    const number = execs++;
    const lane = lanes[number % lanes.length];
    if (lane === undefined) return;
    const turn = Math.floor(number / lanes.length) % TURNS;
    const rng = xorshift(mix(options.seed, number));
    let machine = lane.machine;
    if (machine === null) {
      machine = new Machine(compileOrThrow(lane.program));
      lane.machine = machine;
      const { compiled } = machine;
      lane.mutators = MUTATORS.filter((mutator) => mutator.fits?.(compiled) ?? true);
      lane.fast = machine.compiled.ops <= options.maxSteps ? plainWalk(machine.compiled) : null;
    }
    if (turn === INDEPENDENT) walkAhead(lane, machine, number, rng, finds);
    let scheduler: Scheduler;
    let genome: Genome | null = null;
    let arm: string;
    /** Who gets the credit, if it is one of those that compete for the execs. */
    let credit: Arm | null = null;
    const isWarmUp = turn % 2 === 1 && number < WARM_UP * lanes.length;
    const untried = turn === INDEPENDENT || isWarmUp ? undefined : lane.untried.shift();
    if (untried !== undefined) {
      genome = normalGenome(untried, lane.program.tasks.length);
      scheduler = genomeScheduler(genome);
      arm = 'seed';
    } else if (turn === INDEPENDENT || (turn !== GUEST && (lane.queue.length === 0 || isWarmUp))) {
      scheduler = urwScheduler();
      arm = 'urw';
    } else {
      credit = turn === GUEST ? GUESTS[rng.below(GUESTS.length)]! : pickArm(lane.records, rng);
      if (credit === 'change' && lane.queue.length > 0) {
        const child = bred(lane, machine, rng);
        genome = child.genome;
        scheduler = genomeScheduler(genome);
        arm = child.arm;
      } else {
        scheduler = guestOf(credit, rng);
        arm = scheduler.name.replace(/-\d+$/, '');
      }
    }
    const result = run(machine, lane.observer.wrap(scheduler), rng, options.maxSteps);
    steps += result.steps;
    const fresh: number[] = [];
    for (const f of lane.observer.features(machine)) {
      if (lane.counts.add(f)) fresh.push(f);
    }
    const away = lane.near.away();
    for (let d = 0; d < away.length; d++) lane.nearest[d] = Math.min(lane.nearest[d]!, away[d]!);
    const gain = yields.get(arm) ?? { execs: 0, features: 0 };
    gain.execs++;
    gain.features += fresh.length;
    yields.set(arm, gain);
    if (credit !== null)
      lane.records = recorded(lane.records, credit, { steps: result.steps, features: fresh.length });
    const key = result.verdict.kind === 'out-of-steps' ? null : endKey(machine, result.verdict);
    if (turn === INDEPENDENT) {
      lane.randomRuns++;
      if (key !== null) met(lane, key);
    }
    if (key !== null && isNew(lane, key)) finds.push(findOf(number % lanes.length, result, arm, number));
    if (fresh.length > 0) keep(lane, machine, genome, fresh, result);
  };

  /** Independent random walks by masks, as `urw` would go; those that end badly are done again on the machine. */
  const walkAhead = (lane: Lane, machine: Machine, number: number, rng: Rng, finds: FuzzFind[]): void => {
    if (lane.fast === null) return;
    // Few at first, by the number of the exec alone: what was found must not decide how many are counted.
    const first = WALKS_AFTER << Math.min(8, Math.floor(number / (lanes.length * TURNS)));
    const walks = Math.min(first, lane.species.size === 0 ? WALKS_BEFORE_A_FIND : WALKS_AFTER);
    for (let i = 0; i < walks; i++) {
      const end = lane.fast.run(rng.next() || 1, true);
      steps += lane.fast.steps;
      lane.randomRuns++;
      if (end === COMPLETED) continue;
      const result = replaySchedule(machine, [...lane.fast.schedule.subarray(0, lane.fast.length)]);
      const key = endKey(machine, result.verdict);
      if (key === null)
        throw new Error(`a walk of ${lane.program.name} ended badly, and its replay does not`);
      met(lane, key);
      if (isNew(lane, key)) finds.push(findOf(number % lanes.length, result, 'urw', number));
    }
  };

  const keep = (
    lane: Lane,
    machine: Machine,
    genome: Genome | null,
    features: number[],
    result: RunResult,
  ): void => {
    const made = genome ?? roughGenomeOfRun(machine, result.schedule);
    // Cut short, it would be the genome of another run.
    if (made.preempts.length > MOST_PREEMPTIONS) return;
    const kept = normalGenome(made, lane.program.tasks.length);
    const { steps: length } = result;
    enqueue(lane.queue, {
      genome: kept,
      features: features.slice(0, FEATURES_KEPT),
      steps: length,
      away: lane.near.away(),
      children: 0,
    });
  };

  const progress = (finds: readonly FuzzFind[]): FuzzProgress => {
    let runs = 0;
    let once = 0;
    let species = 0;
    for (const lane of lanes) {
      runs += lane.randomRuns;
      species += lane.species.size;
      for (const n of lane.species.values()) if (n === 1) once++;
    }
    return {
      execs,
      steps,
      features: lanes.reduce((n, l) => n + l.counts.size, 0),
      seeds: lanes.reduce((n, l) => n + l.queue.length, 0),
      finds,
      risk: residualRisk({ runs, once, species }),
    };
  };

  return {
    yields,
    round: (budget) => {
      const finds: FuzzFind[] = [];
      if (lanes.length > 0) for (let i = 0; i < budget; i++) exec(finds);
      return progress(finds);
    },
    state: () => ({
      execs,
      steps,
      programs: lanes.map((lane) => ({
        queue: lane.queue.map((e) => ({ ...e })),
        counts: lane.counts.entries(),
        untried: [...lane.untried],
        species: [...lane.species],
        randomRuns: lane.randomRuns,
        found: [...lane.found],
        nearest: [...lane.nearest],
        records: lane.records,
      })),
      yields: [...yields].map(([name, y]) => [name, { ...y }] as const),
    }),
  };
}

/** The schedulers among the arms. */
function guestOf(arm: Arm, rng: Rng): Scheduler {
  switch (arm) {
    case 'pct':
      return pctScheduler(2 + rng.below(4));
    case 'surw':
      return surwScheduler();
    case 'pos':
    case 'change':
      return posScheduler();
    default: {
      const never: never = arm;
      return never;
    }
  }
}

/** Counts an end of an independent run. */
function met(lane: Lane, key: string): void {
  const count = lane.species.get(key) ?? 0;
  if (count > 0 || lane.species.size < ENDS_LIMIT) lane.species.set(key, count + 1);
}

/** True for an end that was not told yet, and is now. */
function isNew(lane: Lane, key: string): boolean {
  if (lane.found.has(key) || lane.found.size >= ENDS_LIMIT) return false;
  lane.found.add(key);
  return true;
}

function findOf(program: number, result: RunResult, arm: string, exec: number): FuzzFind {
  const { verdict, schedule } = result;
  if (verdict.kind !== 'deadlock' && verdict.kind !== 'stranded' && verdict.kind !== 'violated') {
    throw new Error(`${verdict.kind} is no find`);
  }
  return { program, kind: verdict.kind, tasks: tasksOf(verdict), verdict, schedule, arm, exec };
}
