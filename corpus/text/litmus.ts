// Litmus: the text form of one program with its schedule and what is expected of it (docs/litmus.md).
import type { Expectation, Program } from '../schema/program.js';
import type { NamedGenome } from '../schema/schedule.js';
import { parseTexts } from './litmus-parse.js';
import { litmusText } from './litmus-print.js';

/** All that one litmus text says. */
export interface LitmusFile {
  readonly program: Program;
  /** Null: the text has neither `order` nor `preempt`. */
  readonly genome: NamedGenome | null;
  /** Null: the text has no `expect`; `expect none` is the empty list. */
  readonly expect: readonly Expectation[] | null;
}

export interface LitmusProblem {
  /** 1-based line of the text that was handed in. */
  readonly line: number;
  readonly message: string;
}

export type LitmusResult =
  | { readonly ok: true; readonly value: LitmusFile }
  | { readonly ok: false; readonly problems: readonly LitmusProblem[] };

/** One of several texts of a file. `line` is that of its `litmus` line. */
export type LitmusTextResult = LitmusResult & { readonly line: number };

/** Reads the first litmus text of a file or mail. Quoting, CRLF, scissors, signatures and prose around it are left out. */
export function parseLitmus(text: string): LitmusResult {
  const first = parseTexts(text)[0];
  if (first !== undefined) return first;
  return { ok: false, problems: [{ line: 1, message: 'no litmus text: no line reads "litmus 1 NAME"' }] };
}

/** Reads all litmus texts of a file or mail, in order; none is the empty list. */
export function parseLitmusFiles(text: string): LitmusTextResult[] {
  return parseTexts(text);
}

/**
 * The canonical text, with a newline at its end. Parsing it gives the same file back, except for `frames` and `line`
 * of ops, which the text does not hold. Lines have at most 75 columns where the names allow it.
 */
export function printLitmus(file: LitmusFile): string {
  return litmusText(file);
}
