// One thorough search of some programs: the state that was seen, predicted cycles, then every schedule.

import type { Basis, Capture } from '../corpus/schema/capture.js';
import { BASES } from '../corpus/schema/capture.js';
import type { CycleForm } from '../corpus/schema/forms.js';
import type { LoweredProgram } from '../corpus/schema/program.js';
import { GRADES, type Witness } from '../corpus/schema/witness.js';
import type { Store } from '../corpus/store/store.js';
import { type CaptureRef, type EstablishInput, establish } from '../engine/campaign/establish.js';
import { explore } from '../engine/explore/exhaustive.js';
import { compile } from '../engine/model/compile.js';
import { type PredictedCycle, predict } from '../engine/predict/predict.js';
import type { PredictSource } from '../engine/predict/source.js';

/** States of the exhaustive search of one program. */
export const SEARCH_STATES = 300_000;

/** A program to be searched, with the capture it came from. */
export interface Searchable extends PredictSource {
  readonly refs: readonly CaptureRef[];
}

/** What a search came to. */
export interface Searched {
  /** The best witness of each signature. */
  readonly witnesses: readonly Witness[];
  readonly cycles: readonly CycleForm[];
  /** True if every schedule of every program was covered. */
  readonly complete: boolean;
  readonly states: number;
  /** Schedules that were run one by one. */
  readonly schedules: number;
}

/** The programs of one capture that has just been read. */
export function searchablesOf(capture: Capture, programs: readonly LoweredProgram[]): Searchable[] {
  const single = new Set(capture.classes.filter((lockClass) => lockClass.single).map(({ name }) => name));
  const refs = [{ id: capture.id, file: capture.file }];
  return programs.map((lowered) => ({ lowered, captures: [capture.id], single, refs }));
}

/** All programs of a database. */
export function searchablesIn(store: Store): Searchable[] {
  const singles = new Map<string, ReadonlySet<string>>();
  const files = new Map(store.captures().map((capture) => [capture.id as string, capture.file]));
  const singleOf = (id: Capture['id']): ReadonlySet<string> => {
    const known = singles.get(id);
    if (known !== undefined) return known;
    const classes = store.capture(id)?.classes ?? [];
    const made = new Set(classes.filter((lockClass) => lockClass.single).map(({ name }) => name));
    singles.set(id, made);
    return made;
  };
  return store.programs().map(({ capture, lowered }) => ({
    lowered,
    captures: [capture],
    single: singleOf(capture),
    refs: [{ id: capture, file: files.get(capture) ?? capture }],
  }));
}

/** Keeps the best witness of each signature. */
class Finds {
  readonly #best = new Map<string, Witness>();
  schedules = 0;

  /** Replays and keeps; returns the witness, or null if it could not be established. */
  take(input: EstablishInput): Witness | null {
    this.schedules++;
    const done = establish(input);
    if (!done.ok) return null;
    const { witness } = done;
    const known = this.#best.get(witness.signature);
    if (known === undefined || rank(witness) < rank(known)) this.#best.set(witness.signature, witness);
    return witness;
  }
  list(): Witness[] {
    return [...this.#best.values()];
  }
  best(witness: Witness): Witness {
    return this.#best.get(witness.signature) ?? witness;
  }
}

/** Closer to the log, then smaller: what a reader believes first. */
function rank(witness: Witness): number {
  return (
    BASES.indexOf(witness.basis satisfies Basis) * 1e6 + GRADES.indexOf(witness.grade) * 1e5 + witness.steps
  );
}

/** Searches everything that can be searched in bounded time. `foundAt`: ISO 8601 time for the witnesses. */
export function search(programs: readonly Searchable[], foundAt: string): Searched {
  const finds = new Finds();
  takeObserved(programs, foundAt, finds);
  let complete = true;
  let states = 0;
  for (const { lowered, refs } of programs) {
    const given = { lowered, captures: refs, foundAt };
    if (lowered.observedSchedule !== null)
      finds.take({ ...given, run: { schedule: lowered.observedSchedule } });
    if (!compile(lowered.program).ok) {
      complete = false;
      continue;
    }
    const result = explore(lowered.program, { states: SEARCH_STATES });
    states += result.states;
    complete &&= result.complete;
    for (const { schedule } of result.finds) finds.take({ ...given, run: { schedule } });
  }
  const predicted = predictAll(programs, foundAt, finds);
  complete &&= predicted.complete;
  return { witnesses: finds.list(), cycles: predicted.cycles, complete, states, schedules: finds.schedules };
}

/** What the logs show to have happened. */
function takeObserved(programs: readonly Searchable[], foundAt: string, finds: Finds): void {
  for (const { lowered, refs } of programs)
    if (lowered.observedSchedule !== null && compile(lowered.program).ok)
      finds.take({ lowered, captures: refs, foundAt, run: { schedule: lowered.observedSchedule } });
}

/** Only the lock-order cycles: what `relock predict` tells. */
export function predictOnly(programs: readonly Searchable[], foundAt: string): Searched {
  const finds = new Finds();
  takeObserved(programs, foundAt, finds);
  const { cycles, complete } = predictAll(programs, foundAt, finds);
  return { witnesses: finds.list(), cycles, complete, states: 0, schedules: finds.schedules };
}

function predictAll(
  programs: readonly Searchable[],
  foundAt: string,
  finds: Finds,
): { cycles: CycleForm[]; complete: boolean } {
  const prediction = predict(programs);
  const confirmed = prediction.cycles.map((cycle) => confirm(programs, cycle, foundAt, finds));
  const cycles = prediction.cycles.map((cycle, i): CycleForm => {
    const own = confirmed[i] ?? null;
    const witness = own === null ? null : finds.best(own);
    // A confirmation that the independent interpreter does not repeat is none.
    const status = cycle.status === 'confirmed' && witness === null ? 'open' : cycle.status;
    const why = status === cycle.status ? cycle.why : 'a schedule was found, but its replay does not agree';
    const { classes, tasks, complete } = cycle;
    return {
      classes,
      tasks,
      status,
      why,
      witness: witness?.id ?? null,
      complete: complete && status === cycle.status,
    };
  });
  return { cycles, complete: prediction.complete && cycles.every((cycle) => cycle.complete) };
}

function confirm(
  programs: readonly Searchable[],
  cycle: PredictedCycle,
  foundAt: string,
  finds: Finds,
): Witness | null {
  if (cycle.candidate === null || cycle.find === null) return null;
  const refs = new Map<string, CaptureRef>();
  for (const index of cycle.sources) for (const ref of programs[index]?.refs ?? []) refs.set(ref.id, ref);
  return finds.take({
    lowered: cycle.candidate,
    run: { schedule: cycle.find.schedule },
    captures: [...refs.values()],
    foundAt,
  });
}
