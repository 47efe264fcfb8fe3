// Campaign: runs predictor, searches and fuzzer over programs within a budget, stoppable and resumable at any moment.
import { setImmediate } from 'node:timers/promises';
import type { Witness } from '../../corpus/schema/witness.js';
import { PREDICT_LIMITS } from '../predict/predict.js';
import { SHRINK_LIMITS } from '../shrink/shrink.js';
import type {
  CampaignEnd,
  CampaignLimits,
  CampaignPhase,
  CampaignProgram,
  CampaignProgress,
  CampaignResult,
  CampaignState,
} from './state.js';
import { Campaign } from './work.js';

export const CAMPAIGN_LIMITS: CampaignLimits = {
  searchStates: 20_000,
  deepStates: 1_000_000,
  maxSteps: 100_000,
  predict: PREDICT_LIMITS,
  shrink: SHRINK_LIMITS,
};

export interface CampaignOptions {
  readonly programs: readonly CampaignProgram[];
  /** In all, earlier runs of a resumed campaign included; null: no bound but `shouldStop` and having nothing left. */
  readonly budget: { readonly ms?: number | null; readonly execs?: number | null } | null;
  readonly seed: number;
  /** Milliseconds on any clock that does not go back. */
  readonly now: () => number;
  /** ISO 8601 time of the day, for `found_at`. */
  readonly timestamp?: () => string;
  /** Asked about every 20 ms; true ends the campaign with its state. */
  readonly shouldStop?: () => boolean;
  /** Called about every 20 ms. */
  readonly onProgress?: (progress: CampaignProgress) => void;
  /** Called once for each signature, when its witness stands. */
  readonly onWitness?: (witness: Witness) => void;
  /** Called with every pause; `state()` is dear, so ask for it as often as a checkpoint is wanted. */
  readonly onPause?: (state: () => CampaignState) => void;
  /** A state of the same programs (in the same order) and seed. */
  readonly resume?: CampaignState;
  /** By default all. */
  readonly phases?: readonly CampaignPhase[];
  readonly limits?: Partial<CampaignLimits>;
}

/** Milliseconds of work between two looks at the clock of the outside world. */
const PAUSE_MS = 20;

/**
 * Runs a campaign: what the logs show, then bounded searches and predictions, then the fuzzer on what is open. The
 * same programs, seed and number of execs give the same result, however often it is stopped and resumed in between.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const campaign = new Campaign(options, { ...CAMPAIGN_LIMITS, ...options.limits });
  const started = options.now();
  const earlier = options.resume?.ms ?? 0;
  const worked = (): number => earlier + (options.now() - started);
  const state = (): CampaignState => campaign.state(worked());
  const progress = (): CampaignProgress => ({
    phase: campaign.phase,
    done: campaign.done,
    of: campaign.units,
    execs: campaign.execs,
    steps: campaign.steps,
    ms: worked(),
    features: campaign.fuzzProgress?.features ?? 0,
    seeds: campaign.fuzzProgress?.seeds ?? 0,
    witnesses: campaign.witnesses.length,
    risk: campaign.fuzzProgress?.risk ?? null,
  });
  const most = options.budget?.ms ?? Number.POSITIVE_INFINITY;

  let end: CampaignEnd | null = null;
  const work = campaign.work();
  for (let paused = options.now(); end === null; ) {
    const { value, done } = work.next();
    if (done === true) {
      end = value;
      break;
    }
    if (options.now() - paused < PAUSE_MS) continue;
    options.onProgress?.(progress());
    options.onPause?.(state);
    await setImmediate();
    if (options.shouldStop?.() === true) end = 'stopped';
    else if (worked() >= most) end = 'budget';
    paused = options.now();
  }
  if (end === 'budget') {
    const rest = campaign.settlePending();
    while (rest.next().done !== true) await setImmediate();
  }
  options.onProgress?.(progress());
  return {
    end,
    exhausted: campaign.exhausted,
    execs: campaign.execs,
    steps: campaign.steps,
    ms: worked(),
    features: campaign.fuzzProgress?.features ?? 0,
    witnesses: campaign.witnesses,
    cycles: campaign.cycles,
    cyclesComplete: campaign.cyclesComplete,
    programs: campaign.programs,
    sightings: campaign.sightings,
    unestablished: campaign.unestablished,
    risk: campaign.fuzzProgress?.risk ?? null,
    state: state(),
  };
}
