// Replays a litmus text with the independent interpreter and compares the end with what the text expects.
import type { Expectation } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import { type LitmusFile, parseLitmus } from '../corpus/text/litmus.js';
import { expectationOf } from '../engine/model/expectation.js';
import { replayGenome } from '../engine/model/interpreter.js';
import { indexGenome } from '../engine/schedulers/genome-names.js';
import { movesOf } from '../reports/moves.js';
import { type Scene, sceneOf } from '../reports/scene.js';

/** A run longer than this is taken for one that never ends. */
const MAX_STEPS = 1_000_000;

export interface Replayed {
  readonly file: LitmusFile;
  readonly verdict: Verdict;
  readonly steps: number;
  readonly schedule: readonly number[];
  /** `deadlock remover setter`, `completed`. */
  readonly ended: string;
  /** True if it ended badly. */
  readonly bad: boolean;
  /** True if it ended as an `expect` line says, or the text has none. */
  readonly agrees: boolean;
}

export type ReplayText =
  | { readonly ok: true; readonly value: Replayed }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Runs the schedule of a litmus text; a text without one runs its tasks in their order. */
export function replayText(text: string): ReplayText {
  const parsed = parseLitmus(text);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map((p) => `line ${p.line}: ${p.message}`) };
  const file = parsed.value;
  const genome = file.genome ?? { order: [], preempts: [] };
  const { verdict, steps, schedule } = replayGenome(
    file.program,
    indexGenome(file.program, genome),
    MAX_STEPS,
  );
  const end = expectationOf(file.program, verdict);
  return {
    ok: true,
    value: {
      file,
      verdict,
      steps,
      schedule,
      ended: end === null ? verdict.kind : expectationText(end),
      bad: end !== null,
      agrees: file.expect === null || agrees(file.expect, end, verdict),
    },
  };
}

function agrees(expect: readonly Expectation[], end: Expectation | null, verdict: Verdict): boolean {
  if (end === null) return expect.length === 0 && verdict.kind === 'completed';
  return expect.some((one) => expectationText(one) === expectationText(end));
}

/** `deadlock remover setter`. */
export function expectationText({ kind, tasks }: Expectation): string {
  return [kind, ...[...tasks].sort()].join(' ');
}

/** The run in words. */
export function sceneOfReplay({ file, schedule }: Replayed): Scene {
  const { moves, verdict } = movesOf(file.program, schedule);
  return sceneOf(file.program, moves, verdict);
}
