// Searches by a campaign: which programs, which witnesses came of it, and what is stored of them.
import type { Capture } from '../corpus/schema/capture.js';
import type { CycleForm } from '../corpus/schema/forms.js';
import type { LoweredProgram } from '../corpus/schema/program.js';
import type { Store } from '../corpus/store/store.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import type { CampaignPhase, CampaignProgram, CampaignResult } from '../engine/campaign/state.js';

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

/**
 * All programs of a database: first those that assume least, so that of several sightings of one bug the best founded
 * becomes its witness; among equals in order of storing.
 */
export function programsIn(store: Store): CampaignProgram[] {
  const singles = new Map<string, ReadonlySet<string>>();
  const files = new Map(store.captures().map((capture) => [capture.id as string, capture.file]));
  const singleOf = (id: Capture['id']): ReadonlySet<string> => {
    const known = singles.get(id);
    if (known !== undefined) return known;
    const capture = store.capture(id);
    const made = capture === null ? new Set<string>() : singlesOf(capture);
    singles.set(id, made);
    return made;
  };
  return store
    .programs()
    .map(({ capture, lowered }) => ({
      lowered,
      single: singleOf(capture),
      captures: [{ id: capture, file: files.get(capture) ?? capture }],
    }))
    .sort((a, b) => a.lowered.assumes.length - b.lowered.assumes.length);
}

function singlesOf(capture: Capture): Set<string> {
  return new Set(capture.classes.filter((lockClass) => lockClass.single).map(({ name }) => name));
}

/** One search of bounded length over some programs. */
export function searchOnce(
  programs: readonly CampaignProgram[],
  phases?: readonly CampaignPhase[],
): Promise<CampaignResult> {
  return runCampaign({
    programs,
    budget: { execs: CHECK_EXECS, ms: CHECK_MS },
    seed: 1,
    now: () => performance.now(),
    timestamp: () => new Date().toISOString(),
    ...(phases === undefined ? {} : { phases }),
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
