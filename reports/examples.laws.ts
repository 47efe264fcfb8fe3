// The witnesses that every form is tested on: the seed's, a ring of three, and one of each other kind, made by the engine.
import { readFileSync } from 'node:fs';
import type { CaptureId } from '../corpus/schema/ids.js';
import { parseLitmus } from '../corpus/text/litmus.js';
import { establish } from '../engine/campaign/establish.js';
import { explore } from '../engine/explore/exhaustive.js';
import { asWritten } from '../engine/lower/as-written.js';
import { compileOrThrow } from '../engine/model/compile.js';
import { Machine } from '../engine/model/machine.js';
import { runGenome } from '../engine/schedulers/genome.js';
import { indexGenome } from '../engine/schedulers/genome-names.js';
import { type ExplainInput, type Explanation, explain } from './explain.js';
import { movesOf } from './moves.js';
import { searchAll } from './samples.laws.js';

/** What it is, and the litmus program of corpus/scenarios/classics that it comes from. */
export const EXAMPLES = {
  seed: 'remove-vs-numvfs',
  ring: 'three-cycle',
  'irq-inversion': 'irq-inversion-hard',
  'self-deadlock': 'mutex-self',
  stranded: 'completion-stranded',
  violated: 'require-violated',
} as const;
export type ExampleName = keyof typeof EXAMPLES;
export const EXAMPLE_NAMES = Object.keys(EXAMPLES) as ExampleName[];

/** The litmus text of a classic, with its whole names replaced where `rename` says so. */
export function classic(name: string): string {
  return readFileSync(new URL(`../corpus/scenarios/classics/${name}.litmus`, import.meta.url), 'utf8');
}

/** Finds, establishes and explains the first bad end of a litmus text. */
export function explainInput(litmus: string): ExplainInput {
  const parsed = parseLitmus(litmus);
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => `${p.line}: ${p.message}`).join('\n'));
  const { program } = parsed.value;
  const [find] = explore(program, { states: 100_000 }).finds;
  if (find === undefined) throw new Error(`${program.name} has no bad end`);
  const made = establish({
    lowered: asWritten(program),
    run: { schedule: find.schedule },
    // Fixed, so that the golden files do not change with the version of the lock model.
    model: 'kernel/0',
    captures: [{ id: 'c'.repeat(64) as CaptureId, file: `${program.name}.litmus` }],
  });
  if (!made.ok) throw new Error(made.reason);
  const text = parseLitmus(made.witness.litmus);
  if (!text.ok || text.value.genome === null) throw new Error('the witness does not read back');
  const machine = new Machine(compileOrThrow(text.value.program));
  const { schedule } = runGenome(machine, indexGenome(text.value.program, text.value.genome), 10_000);
  const { moves, verdict } = movesOf(text.value.program, schedule);
  return {
    witness: made.witness,
    program: text.value.program,
    moves,
    verdict,
    search: searchAll,
    tool: '0.1.0',
    sources: [{ file: `${program.name}.litmus`, arch: 'x86_64', kernel: '6.12.0' }],
  };
}

export function example(name: ExampleName): Explanation {
  return explain(explainInput(classic(EXAMPLES[name])));
}
