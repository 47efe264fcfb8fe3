// Campaign state: what a campaign knows at any moment, as plain data that a checkpoint can hold.
import type { CycleStatus } from '../../corpus/schema/forms.js';
import type { Signature, WitnessId } from '../../corpus/schema/ids.js';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Witness } from '../../corpus/schema/witness.js';
import type { ArmYield } from '../fuzz/fuzzer.js';
import type { RandomRuns, ResidualRisk } from '../fuzz/residual-risk.js';
import type { PredictedCycle, PredictLimits } from '../predict/predict.js';
import type { ShrinkLimits } from '../shrink/shrink.js';
import type { CaptureRef } from './establish.js';

/** Goes up when an older build could not go on from the state. */
export const CAMPAIGN_STATE_VERSION = 5;

/**
 * In this order: replay what the logs show, search each program a little, predict across programs, search those that
 * were not finished for longer, fuzz what is still open.
 */
export const CAMPAIGN_PHASES = ['observed', 'search', 'predict', 'deep-search', 'fuzz'] as const;
export type CampaignPhase = (typeof CAMPAIGN_PHASES)[number];

/** One program of a campaign, with what it was read from. */
export interface CampaignProgram {
  readonly lowered: LoweredProgram;
  readonly captures: readonly CaptureRef[];
  /** Classes with exactly one instance, by name (`CaptureClass.single`). */
  readonly single?: ReadonlySet<string>;
  /** For each task the file that it was read from; by default that of the only capture. */
  readonly files?: readonly (string | null)[];
}

/** What became of one program. */
export interface ProgramOutcome {
  /** Names the program across captures that come and go: see `programKey`. */
  readonly key: string;
  /** True once what the log shows of it was replayed. */
  readonly observed: boolean;
  /** True if every schedule of it was covered. */
  readonly complete: boolean;
  /** Distinct states of the largest search. */
  readonly states: number;
  /** Schedules that this search covered: gone to an end, or to where another had been before. */
  readonly schedules: number;
  /** Why it cannot be run, or null. */
  readonly illFormed: string | null;
}

/** A find that could not be made a witness: our own bug, or something that the text form cannot say. */
export interface Unestablished {
  readonly program: string;
  readonly reason: string;
}

export interface Sighting {
  readonly signature: Signature;
  /** Index of the program that shows it. */
  readonly program: number;
}

/** A predicted cycle with the witness that confirms it. */
export interface SettledCycle extends PredictedCycle {
  readonly signature: Signature | null;
  readonly witness: WitnessId | null;
}

/** A signature that was found, in the order of the finds, and what became of it. */
export interface Claim {
  readonly signature: Signature;
  /** ISO 8601 time of the find, or null. */
  readonly foundAt: string | null;
  readonly outcome: 'waiting' | 'established' | 'failed';
  /** What a witness is to be made of; null once it was. */
  readonly from: ClaimSource | null;
}

/** A find with all that is needed to make a witness of it. */
export interface ClaimSource {
  readonly lowered: LoweredProgram;
  readonly captures: readonly CaptureRef[];
  /** For each task the file that it was read from. */
  readonly files: readonly (string | null)[];
  readonly schedule: Schedule;
}

/** Genomes that one lane found worth telling its siblings at the end of an epoch. */
export interface Gift {
  readonly epoch: number;
  readonly genomes: readonly Genome[];
}

/** One stream of fuzzing of one target: the unit that is dealt out to workers, an epoch at a time. */
export interface Lane {
  readonly target: string;
  /** Streams of one target differ in their seeds. */
  readonly stream: number;
  /** Epochs that were finished, and the work (transitions and execs) done of the one that was not. */
  readonly epoch: number;
  readonly epochWork: number;
  readonly execs: number;
  readonly steps: number;
  /** Features that this lane has met itself. */
  readonly features: number;
  readonly seeds: number;
  readonly random: RandomRuns;
  /** How often each bad end was met by its independent runs. */
  readonly species: readonly (readonly [string, number])[];
  readonly yields: readonly (readonly [string, ArmYield])[];
  /** Gifts of its last two epochs, and what the epoch at hand has found so far. */
  readonly gifts: readonly Gift[];
  readonly giving: readonly Genome[];
  /** The packed FuzzState (lane-pack.ts), or null before the first exec. */
  readonly fuzz: Uint8Array | null;
}

export interface CampaignState {
  readonly version: number;
  readonly seed: number;
  /** Streams of fuzzing at least: what is found depends on it, and not on the number of workers. */
  readonly shards: number;
  /** The phase to go on with; within it, what is done stands in `programs` and `lanes`. */
  readonly phase: CampaignPhase | 'done';
  /** True if `cycles` are those of these programs. */
  readonly predicted: boolean;
  /** Schedules run one by one. */
  readonly execs: number;
  /** Transitions in all, those of searches included. */
  readonly steps: number;
  /** Working time in all, in milliseconds. */
  readonly ms: number;
  /** Features of all targets, each counted once for its target. */
  readonly features: number;
  readonly programs: readonly ProgramOutcome[];
  readonly claims: readonly Claim[];
  /** Witnesses in the order of `claims`. */
  readonly witnesses: readonly Witness[];
  readonly sightings: readonly Sighting[];
  readonly unestablished: readonly Unestablished[];
  readonly cycles: readonly SettledCycle[];
  /** True if the list of cycles was not cut short. */
  readonly cyclesComplete: boolean;
  readonly lanes: readonly Lane[];
}

export interface CampaignLimits {
  /** States of the first search of a program, and of the long one. */
  readonly searchStates: number;
  readonly deepStates: number;
  /** Most ops of one fuzzed run. */
  readonly maxSteps: number;
  /** Transitions and execs of one epoch of a lane: about a second of work. */
  readonly epochWork: number;
  readonly predict: PredictLimits;
  readonly shrink: ShrinkLimits;
}

export interface CampaignProgress {
  readonly phase: CampaignPhase | 'done';
  readonly done: number;
  /** Units of this phase; null for fuzzing. */
  readonly of: number | null;
  readonly execs: number;
  readonly steps: number;
  readonly ms: number;
  readonly features: number;
  /** Entries in the fuzzer's queues. */
  readonly seeds: number;
  readonly witnesses: number;
  /** Finds of which witnesses are being made. */
  readonly shrinking: number;
  /** Finds that could not be made witnesses. */
  readonly unestablished: number;
  readonly programs: { readonly all: number; readonly proved: number; readonly illFormed: number };
  /** Distinct states of the largest search of each program. */
  readonly states: number;
  readonly cycles: Readonly<Record<CycleStatus, number>>;
  readonly lanes: number;
  readonly yields: readonly (readonly [string, ArmYield])[];
  /** Null before the fuzzer has run. */
  readonly risk: ResidualRisk | null;
}

/** Why a campaign ended. `exhausted`: every program and every cycle is proved; `nothing-left`: all that is open cannot be run. */
export type CampaignEnd = 'exhausted' | 'nothing-left' | 'budget' | 'stopped' | 'phases-done';

export interface CampaignResult {
  readonly end: CampaignEnd;
  /** True if every schedule of every program was covered and no cycle is open. */
  readonly exhausted: boolean;
  readonly execs: number;
  readonly steps: number;
  readonly ms: number;
  readonly features: number;
  readonly witnesses: readonly Witness[];
  readonly cycles: readonly SettledCycle[];
  readonly cyclesComplete: boolean;
  readonly programs: readonly ProgramOutcome[];
  readonly sightings: readonly Sighting[];
  readonly unestablished: readonly Unestablished[];
  /** As it ended. */
  readonly progress: CampaignProgress;
  /** To go on from: see `CampaignOptions.resume`. */
  readonly state: CampaignState;
}
