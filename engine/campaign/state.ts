// Campaign state: what a campaign knows at any moment, as plain data that a checkpoint can hold.
import type { Signature, WitnessId } from '../../corpus/schema/ids.js';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Witness } from '../../corpus/schema/witness.js';
import type { FuzzState } from '../fuzz/fuzzer.js';
import type { ResidualRisk } from '../fuzz/residual-risk.js';
import type { PredictedCycle, PredictLimits } from '../predict/predict.js';
import type { ShrinkLimits } from '../shrink/shrink.js';
import type { CaptureRef } from './establish.js';

/** Goes up when an older build could not go on from the state. */
export const CAMPAIGN_STATE_VERSION = 1;

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
}

/** What became of one program. */
export interface ProgramOutcome {
  /** True if every schedule of it was covered. */
  readonly complete: boolean;
  /** Distinct states of the largest search. */
  readonly states: number;
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

export interface CampaignState {
  readonly version: number;
  readonly seed: number;
  /** The phase to go on with, and how many of its units are done. */
  readonly phase: CampaignPhase | 'done';
  readonly done: number;
  /** Schedules run one by one. */
  readonly execs: number;
  /** Transitions in all, those of searches included. */
  readonly steps: number;
  /** Working time in all, in milliseconds. */
  readonly ms: number;
  readonly programs: readonly ProgramOutcome[];
  readonly witnesses: readonly Witness[];
  readonly sightings: readonly Sighting[];
  readonly unestablished: readonly Unestablished[];
  readonly cycles: readonly SettledCycle[];
  /** True if the list of cycles was not cut short. */
  readonly cyclesComplete: boolean;
  readonly fuzz: FuzzState | null;
  /** Finds of the fuzzer that no witness was made of yet: target of the fuzzer, and the schedule. */
  readonly pending: readonly { readonly target: number; readonly schedule: readonly number[] }[];
}

export interface CampaignLimits {
  /** States of the first search of a program, and of the long one. */
  readonly searchStates: number;
  readonly deepStates: number;
  /** Most ops of one fuzzed run. */
  readonly maxSteps: number;
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
  readonly risk: ResidualRisk | null;
  /** To go on from: see `CampaignOptions.resume`. */
  readonly state: CampaignState;
}
