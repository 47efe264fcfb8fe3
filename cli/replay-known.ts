// Regression: known witnesses are replayed by the lock model of now, then looked for in captures they were not seen in.
import type { Signature } from '../corpus/schema/ids.js';
import type { Witness } from '../corpus/schema/witness.js';
import type { Store } from '../corpus/store/store.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import type { CampaignProgram } from '../engine/campaign/state.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import { classStem } from '../engine/predict/source.js';
import { count, shortId } from '../reports/text/layout.js';
import { keepWitnesses } from './keep-witnesses.js';
import { replayText } from './replaying.js';
import { Trouble } from './trouble.js';

export interface ReplayedKnown {
  /** Best witness of each signature that the database knew. */
  readonly known: number;
  /** Those that no longer end as their text says. */
  readonly changed: readonly Witness[];
  /** Those that programs of other captures showed just now, with their state of now. */
  readonly seen: readonly Witness[];
  /** False if it was stopped before it was through. */
  readonly complete: boolean;
}

/**
 * Replays the best witness of each signature, then searches those programs of captures without a sighting of it that
 * have all of its locks. What shows it there is stored as a sighting: one that was fixed has then regressed.
 */
export async function replayKnown(
  store: Store,
  programs: readonly CampaignProgram[],
  campaign: string,
  shouldStop: () => boolean,
): Promise<ReplayedKnown> {
  const best = bestOfEach(store);
  const changed = best.filter(({ litmus }) => {
    const done = replayText(litmus);
    return !done.ok || !done.value.agrees || !done.value.bad;
  });
  const wanted = new Map<CampaignProgram, Set<Signature>>();
  for (const witness of best) {
    const seenIn = capturesOf(store, witness.signature);
    const classes = classesOf(witness);
    for (const program of programs) {
      if (program.captures.every(({ id }) => seenIn.has(id)) || !hasAll(program, classes)) continue;
      wanted.set(program, (wanted.get(program) ?? new Set()).add(witness.signature));
    }
  }
  const seen = new Map<Signature, Witness>();
  for (const [program, signatures] of wanted) {
    if (shouldStop()) break;
    const { witnesses } = await runCampaign({
      programs: [program],
      budget: null,
      seed: 1,
      now: () => performance.now(),
      timestamp: () => new Date().toISOString(),
      phases: ['observed', 'search'],
      shouldStop,
    });
    const again = witnesses.filter(({ signature }) => signatures.has(signature));
    const kept = keepWitnesses(store, again, { campaign, at: new Date().toISOString() });
    for (const { witness } of kept.witnesses) seen.set(witness.signature, witness);
  }
  return { known: best.length, changed, seen: [...seen.values()], complete: !shouldStop() };
}

/** What came of it, in words. */
export function replayedLines({ known, changed, seen, complete }: ReplayedKnown): string[] {
  const regressed = seen.filter(({ state }) => state === 'regressed');
  const others = seen.length - regressed.length;
  return [
    `known: ${count(known, 'signature')}, ${known - changed.length} replay by ${MODEL_VERSION}; ` +
      `${regressed.length} regressed, ${others} of the others seen in captures that did not show them before` +
      (complete ? '' : ' (stopped before all were looked for)'),
    ...changed.map(
      ({ id, model }) => `${shortId(id)} of ${model} no longer ends as it says: relock replay ${shortId(id)}`,
    ),
    ...regressed.map(({ id, cycle }) => `REGRESSED ${shortId(id)}: ${cycle.join(' -> ')}`),
  ];
}

function bestOfEach(store: Store): Witness[] {
  const signatures = [...new Set(store.witnesses().map(({ signature }) => signature))];
  return signatures.flatMap((signature) => {
    const found = store.findWitness(signature);
    return found.found === 'one' ? [found.witness] : [];
  });
}

function capturesOf(store: Store, signature: Signature): ReadonlySet<string> {
  const sql = 'SELECT DISTINCT capture FROM sightings WHERE signature = :signature AND capture IS NOT NULL';
  const result = store.queryReadOnly(sql, { signature }, { maxRows: 1_000_000 });
  if (!result.ok) throw new Trouble(result.problem);
  return new Set(result.rows.map(([capture]) => String(capture)));
}

/** Classes of all locks that it tells of, as two boots would both call them. */
function classesOf({ cycle, tasks }: Witness): ReadonlySet<string> {
  const held = tasks.flatMap(({ holds, wants }) => [...holds, ...(wants === null ? [] : [wants])]);
  return new Set([...cycle, ...held.map((hold) => hold.class)].map(classStem));
}

function hasAll(program: CampaignProgram, classes: ReadonlySet<string>): boolean {
  const own = new Set(program.lowered.program.locks.map((lock) => classStem(lock.class)));
  return [...classes].every((one) => own.has(one));
}
