// Searches by a campaign: which programs, which witnesses came of it, and what is stored of them.
import type { Capture } from '../corpus/schema/capture.js';
import type { CycleForm } from '../corpus/schema/forms.js';
import type { LoweredProgram } from '../corpus/schema/program.js';
import type { Store } from '../corpus/store/store.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import type { CampaignPhase, CampaignProgram, CampaignResult } from '../engine/campaign/state.js';
import { type CaptureWithPrograms, composedPrograms, isTrace } from './across.js';

/** Runs one by one at most so many schedules per check: what exhaustive search leaves open is not fuzzed for long. */
const CHECK_EXECS = 20_000;
/** Milliseconds after which a check tells what it has. */
const CHECK_MS = 60_000;

/** The programs of one capture that has just been read. */
export function programsOf(capture: Capture, lowered: readonly LoweredProgram[]): CampaignProgram[] {
  const single = singlesOf(capture);
  const captures = [{ id: capture.id, file: capture.file }];
  return lowered.map((program) => ({ lowered: program, captures, single }));
}

/** The captures of a database, each with its programs. */
export function capturesIn(store: Store): CaptureWithPrograms[] {
  const stored = store.programs();
  return store.captures().flatMap(({ id }) => {
    const capture = store.capture(id);
    if (capture === null) return [];
    const programs = stored.filter((one) => one.capture === id).map(({ lowered }) => lowered);
    return [{ capture, programs }];
  });
}

/**
 * All programs of a database: first those that assume least, so that of several sightings of one bug the best founded
 * becomes its witness; among equals in order of storing. Where tracers' recordings meet others, programs of tasks of both
 * follow; `across`: only such programs, of recordings of any kind, and of a tracer's recording that runs twice at once.
 */
export function programsIn(store: Store, across = false): CampaignProgram[] {
  const captures = capturesIn(store);
  const byId = new Map(captures.map(({ capture }) => [capture.id as string, capture]));
  const own = store
    .programs()
    .flatMap(({ capture, lowered }) => {
      const from = byId.get(capture);
      return from === undefined ? [] : programsOf(from, [lowered]);
    })
    .sort((a, b) => a.lowered.assumes.length - b.lowered.assumes.length);
  // What kernel logs show is put side by side by the prediction of any campaign.
  const composed =
    across || captures.some(({ capture }) => isTrace(capture)) ? composedPrograms(captures, across) : [];
  return across ? composed : [...own, ...composed];
}

function singlesOf(capture: Capture): Set<string> {
  return new Set(capture.classes.filter((lockClass) => lockClass.single).map(({ name }) => name));
}

/** One search of bounded length over some programs. */
export function searchOnce(
  programs: readonly CampaignProgram[],
  phases?: readonly CampaignPhase[],
  onProgress?: () => void,
): Promise<CampaignResult> {
  return runCampaign({
    programs,
    budget: { execs: CHECK_EXECS, ms: CHECK_MS },
    seed: 1,
    now: () => performance.now(),
    timestamp: () => new Date().toISOString(),
    ...(phases === undefined ? {} : { phases }),
    ...(onProgress === undefined ? {} : { onProgress: () => onProgress() }),
  });
}

/** The cycles as `predict` tells them; `shown` gives the id to show for a witness's id. */
export function cycleForms(result: CampaignResult, shown: ReadonlyMap<string, string>): CycleForm[] {
  return result.cycles.map(({ classes, tasks, status, why, complete, witness }) => {
    // A confirmation that the independent interpreter does not repeat is none.
    const unproved = status === 'confirmed' && witness === null;
    return {
      classes,
      tasks,
      status: unproved ? 'open' : status,
      why: unproved ? 'a schedule was found, but its replay does not agree' : why,
      witness: witness === null ? null : (shown.get(witness) ?? witness),
      complete: complete && !unproved,
    };
  });
}
