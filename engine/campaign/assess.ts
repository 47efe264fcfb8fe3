// Assess: every deadlock of some programs, told apart by who runs into it, each with a witness that was replayed.
import { BASES } from '../../corpus/schema/capture.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import type { Witness } from '../../corpus/schema/witness.js';
import { exploreSteps } from '../explore/exhaustive.js';
import { partsSteps } from '../explore/parts.js';
import { restricted } from '../lower/restricted.js';
import { MAX_TASKS } from '../model/choice.js';
import { compileOrThrow, whyIllFormed } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PREDICT_LIMITS, type PredictLimits, predictSteps } from '../predict/predict.js';
import type { PredictSource } from '../predict/source.js';
import { replaySchedule } from '../schedulers/replay.js';
import { cycleIdentity, identityOf } from '../whatif/identity.js';
import { type EstablishInput, establishSteps } from './establish.js';
import type { CampaignProgram } from './state.js';

/** One deadlock or violation. */
export interface Assessed {
  /** What it has in common with itself in another version of the code. */
  readonly identity: string;
  readonly witness: Witness;
  /** Indices of the programs whose tasks it needs. */
  readonly sources: readonly number[];
}

/** A cycle that could be neither confirmed nor refuted. */
export interface Undecided {
  /** The identity that it would have if it were confirmed. */
  readonly identity: string;
  /** Number of captures whose tasks it needs. */
  readonly captures: number;
  readonly classes: readonly string[];
  readonly tasks: readonly string[];
  readonly why: string;
}

export interface Assessment {
  readonly found: readonly Assessed[];
  readonly undecided: readonly Undecided[];
  /** True if no limit was met: every schedule of every program that was searched, and every cycle looked at. */
  readonly covered: boolean;
  /** True if besides nothing is undecided. */
  readonly complete: boolean;
}

export interface AssessLimits {
  /** States of the search of one program. */
  readonly states: number;
  readonly predict: PredictLimits;
  /** False: only cycles across the programs are looked for, none is searched by itself. */
  readonly search: boolean;
}

export const ASSESS_LIMITS: AssessLimits = {
  states: 50_000,
  predict: PREDICT_LIMITS,
  search: true,
};

/** Looks at each program by itself, then at the cycles across all. Pauses every few milliseconds. */
export function* assessSteps(
  programs: readonly CampaignProgram[],
  foundAt: string,
  limits: AssessLimits = ASSESS_LIMITS,
): Generator<number, Assessment> {
  const found = new Map<string, Assessed>();
  let searched = true;

  function* establish(
    input: Omit<EstablishInput, 'foundAt'>,
    sources: readonly number[],
  ): Generator<number, void> {
    const done = yield* establishSteps({ ...input, foundAt });
    if (!done.ok) {
      searched = false;
      return;
    }
    const identity = identityOf(done.witness, input.lowered.program);
    const known = found.get(identity);
    const nearer = (a: Witness, b: Witness): boolean => BASES.indexOf(a.basis) < BASES.indexOf(b.basis);
    if (known === undefined || nearer(done.witness, known.witness))
      found.set(identity, { identity, witness: done.witness, sources });
  }

  /** Programs of which every schedule was covered. */
  const covered = new Set<CampaignProgram>();
  for (const [index, one] of limits.search ? programs.entries() : []) {
    const { lowered, captures } = one;
    if (whyIllFormed(lowered.program) !== null) {
      searched = false;
      continue;
    }
    if (lowered.program.tasks.length > MAX_TASKS) {
      const { complete, finds } = yield* partsSteps(lowered.program, { states: limits.states });
      if (complete) covered.add(one);
      else searched = false;
      for (const { program, schedule } of finds) {
        const names = new Set(program.tasks.map(({ name }) => name));
        yield* establish({ lowered: restricted(lowered, names), run: { schedule }, captures }, [index]);
      }
      continue;
    }
    const machine = new Machine(compileOrThrow(lowered.program));
    if (lowered.observedSchedule !== null) {
      const { verdict } = replaySchedule(machine, lowered.observedSchedule);
      if (verdict.kind === 'deadlock' || verdict.kind === 'stranded' || verdict.kind === 'violated')
        yield* establish({ lowered, run: { schedule: lowered.observedSchedule }, captures }, [index]);
    }
    const result = yield* exploreSteps(machine, { states: limits.states });
    // What is left open here is what prediction decides: deadlocks. Nobody looks for other ends of such a program.
    if (result.complete) covered.add(one);
    else searched = false;
    const runs: readonly Schedule[] = result.finds.map(({ schedule }) => schedule);
    for (const schedule of runs) yield* establish({ lowered, run: { schedule }, captures }, [index]);
  }

  const runnable = programs.filter(({ lowered }) => whyIllFormed(lowered.program) === null);
  const sources = runnable.map(
    ({ lowered, captures, single }): PredictSource => ({
      lowered,
      captures: captures.map(({ id }) => id),
      ...(single === undefined ? {} : { single }),
    }),
  );
  const prediction = yield* predictSteps(sources, limits.predict);
  for (const { candidate, find, sources: from, taskSources } of prediction.cycles) {
    if (candidate === null || find === null) continue;
    const captures = new Map(from.flatMap((s) => (runnable[s]?.captures ?? []).map((c) => [c.id, c])));
    const fileOf = (s: number) => {
      const own = runnable[s]?.captures ?? [];
      return own.length === 1 ? (own[0]?.file ?? null) : null;
    };
    yield* establish(
      {
        lowered: candidate,
        run: { schedule: find.schedule },
        captures: [...captures.values()],
        files: taskSources.map(fileOf),
      },
      from.flatMap((s) => (runnable[s] === undefined ? [] : [programs.indexOf(runnable[s])])),
    );
  }
  const known = new Set([...found.values()].map(({ identity }) => identity));
  const undecided = prediction.cycles.flatMap((cycle): Undecided[] => {
    const { status, candidate, sources: from, tasks, classes, why } = cycle;
    if (status !== 'open') return [];
    // All schedules of its program were covered: what of it can happen has been found.
    const [only] = from.map((s) => runnable[s]);
    if (
      from.length === 1 &&
      only !== undefined &&
      covered.has(only) &&
      candidate?.basis === only.lowered.basis
    )
      return [];
    // The same tasks over the same classes at another place: one more place of what is known.
    const identity = cycleIdentity(
      tasks,
      classes,
      from.flatMap((s) => runnable[s]?.lowered.program.tasks ?? []),
    );
    const captures = new Set(from.flatMap((s) => (runnable[s]?.captures ?? []).map(({ id }) => id))).size;
    return known.has(identity) ? [] : [{ identity, captures, classes, tasks, why }];
  });
  const all = searched && prediction.complete;
  return { found: [...found.values()], undecided, covered: all, complete: all && undecided.length === 0 };
}
