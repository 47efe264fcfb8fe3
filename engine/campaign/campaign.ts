// Campaign: drives the jobs of a ledger through an executor within a budget, stoppable and resumable at any moment.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Witness } from '../../corpus/schema/witness.js';
import { PREDICT_LIMITS } from '../predict/predict.js';
import { SHRINK_LIMITS } from '../shrink/shrink.js';
import { type Job, type JobResult, runJob } from './job.js';
import { Ledger } from './ledger.js';
import {
  CAMPAIGN_PHASES,
  type CampaignEnd,
  type CampaignLimits,
  type CampaignPhase,
  type CampaignProgram,
  type CampaignProgress,
  type CampaignResult,
  type CampaignState,
} from './state.js';

export const CAMPAIGN_LIMITS: CampaignLimits = {
  searchStates: 20_000,
  deepStates: 1_000_000,
  maxSteps: 100_000,
  epochWork: 1_000_000,
  predict: PREDICT_LIMITS,
  shrink: SHRINK_LIMITS,
};

/** Does jobs somewhere else than in the driver's loop: on worker threads, on other hosts. */
export interface Executor {
  /** Jobs to be handed over at once; may change. */
  readonly width: number;
  /** Resolves with null if it was cancelled. Rejects only for bugs in relock. */
  run(job: Job): Promise<JobResult | null>;
  /** Gives up what is being done, and whatever it was done with. */
  close(): Promise<void>;
}

export interface CampaignOptions {
  readonly programs: readonly CampaignProgram[];
  /** In all, earlier runs of a resumed campaign included; null: no bound but `shouldStop` and having nothing left. */
  readonly budget: { readonly ms?: number | null; readonly execs?: number | null } | null;
  readonly seed: number;
  /** Streams of fuzzing at least; 1 if left out. The result depends on it, not on who does the work. */
  readonly shards?: number;
  /** Milliseconds on any clock that does not go back. */
  readonly now: () => number;
  /** ISO 8601 time of the day, for `found_at`. */
  readonly timestamp?: () => string;
  /** Asked with every pause; true ends the campaign with its state. */
  readonly shouldStop?: () => boolean;
  /** Called with every pause: about every 20 ms, or every 200 ms with an executor. */
  readonly onProgress?: (progress: () => CampaignProgress) => void;
  /** Called once for each signature, when its witness stands. */
  readonly onWitness?: (witness: Witness) => void;
  /** Called with every pause; `state()` is dear, so ask for it as often as a checkpoint is wanted. */
  readonly onPause?: (state: () => CampaignState) => void;
  /** A state of the same programs (in the same order), seed and shards. */
  readonly resume?: CampaignState;
  /** By default all. */
  readonly phases?: readonly CampaignPhase[];
  readonly limits?: Partial<CampaignLimits>;
  /** By default the work is done here, one job after the other. */
  readonly executor?: Executor;
}

/** Milliseconds of work between two looks at the outside world: here, and with an executor. */
const PAUSE_MS = 20;
const TICK_MS = 200;
/** Results that may wait for one before them, for each job that can be out: bounds what a kill loses. */
const WINDOW = 4;

/**
 * Runs a campaign: what the logs show, then bounded searches and predictions, then the fuzzer on what is open. The
 * same programs, seed, shards and number of execs give the same result, however often it is stopped and resumed in
 * between, and whoever does the work.
 */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const ledger = new Ledger(
    {
      programs: options.programs,
      seed: options.seed,
      shards: options.shards ?? 1,
      limits: { ...CAMPAIGN_LIMITS, ...options.limits },
      phases: options.phases ?? CAMPAIGN_PHASES,
      execs: options.budget?.execs ?? null,
      window: () => WINDOW * (options.executor?.width ?? 1),
      timestamp: options.timestamp ?? (() => null),
    },
    options.resume,
  );
  const started = options.now();
  const earlier = options.resume?.ms ?? 0;
  const worked = (): number => earlier + (options.now() - started);
  const most = options.budget?.ms ?? Number.POSITIVE_INFINITY;
  const tell = (): void => {
    for (const witness of ledger.claims.take()) options.onWitness?.(witness);
    options.onProgress?.(() => ledger.progress(worked()));
  };
  /** A look at the outside world; why it ends, or null. */
  const look = (): CampaignEnd | null => {
    tell();
    options.onPause?.(() => ledger.state(worked()));
    if (options.shouldStop?.() === true) return 'stopped';
    return worked() >= most ? 'budget' : null;
  };
  const end =
    options.executor === undefined
      ? await workHere(ledger, options.now, look)
      : await workThere(ledger, options.executor, look);
  tell();
  const state = ledger.state(worked());
  const progress = ledger.progress(worked());
  const { execs, steps, ms, features, witnesses, cycles, cyclesComplete, programs } = state;
  const { sightings, unestablished } = state;
  const figures = { execs, steps, ms, features, witnesses, cycles, cyclesComplete, programs };
  return { end, exhausted: ledger.exhausted, ...figures, sightings, unestablished, progress, state };
}

async function workHere(
  ledger: Ledger,
  now: () => number,
  look: () => CampaignEnd | null,
): Promise<CampaignEnd> {
  let paused = now();
  for (let job = ledger.next(); job !== null; job = ledger.next()) {
    const work = runJob(job);
    for (let done = false; !done; ) {
      const step = work.next();
      done = step.done === true;
      if (step.done === true) ledger.settle(job.id, step.value);
      if (now() - paused < PAUSE_MS) continue;
      const end = look();
      await setImmediate();
      paused = now();
      if (end === null) continue;
      if (!done) leave(ledger, job, work);
      if (end === 'budget') await settleClaims(ledger);
      return end;
    }
  }
  return ledger.ended;
}

/** A slice of fuzzing counts as far as it came; other jobs are done again. */
function leave(ledger: Ledger, job: Job, work: ReturnType<typeof runJob>): void {
  const last = job.kind === 'fuzz' ? work.next(true) : null;
  if (last?.done === true) ledger.settle(job.id, last.value);
  else ledger.drop(job);
}

/** When the time is up, what was found is still made witnesses of. */
async function settleClaims(ledger: Ledger): Promise<void> {
  for (let job = ledger.nextClaim(); job !== null; job = ledger.nextClaim()) {
    const work = runJob(job);
    let step = work.next();
    for (; step.done !== true; step = work.next()) await setImmediate();
    ledger.settle(job.id, step.value);
  }
}

async function workThere(
  ledger: Ledger,
  executor: Executor,
  look: () => CampaignEnd | null,
): Promise<CampaignEnd> {
  const out = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const hand = (job: Job): void => {
    const done = executor.run(job).then(
      (result) => {
        // Before it is given back: handed over again, it stands under the same id.
        out.delete(job.id);
        if (result === null) ledger.drop(job);
        else ledger.settle(job.id, result);
      },
      (error: unknown) => {
        out.delete(job.id);
        failures.push(error);
      },
    );
    out.set(job.id, done);
  };
  const fill = (next: () => Job | null): void => {
    while (out.size < executor.width) {
      const job = next();
      if (job === null) return;
      hand(job);
    }
  };
  // One timer at a time: a race leaves the loser pending.
  let tick = sleep(TICK_MS);
  try {
    for (let lookedAt = performance.now(); ; ) {
      fill(() => ledger.next());
      if (out.size === 0) return ledger.ended;
      await Promise.race([...out.values(), tick]);
      if (failures.length > 0) throw failures[0];
      if (performance.now() - lookedAt < TICK_MS) continue;
      lookedAt = performance.now();
      tick = sleep(TICK_MS);
      const end = look();
      if (end === null) continue;
      if (end === 'budget') {
        for (fill(() => ledger.nextClaim()); ledger.claims.waiting > 0 && out.size > 0; ) {
          await Promise.race(out.values());
          if (failures.length > 0) throw failures[0];
          fill(() => ledger.nextClaim());
        }
      }
      return end;
    }
  } finally {
    await executor.close();
    await Promise.allSettled(out.values());
  }
}
