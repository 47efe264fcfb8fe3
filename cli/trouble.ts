// Trouble: what ends a command early, with its exit code and the words for the user.
import type { Problem } from '../corpus/schema/forms.js';

/** Exit codes of contract.md section 1. */
export const EXIT = { fine: 0, found: 1, trouble: 2, nothing: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown by commands; caught once, in command.ts, and told as title, facts and next command. */
export class Trouble extends Error {
  readonly problem: Problem;
  readonly code: ExitCode;
  /** What it is about (a file, an id): stands at the right of the title. */
  readonly about: string;
  constructor(problem: Problem, about = '', code: ExitCode = EXIT.trouble) {
    super(problem.title);
    this.name = 'Trouble';
    this.problem = problem;
    this.about = about;
    this.code = code;
  }
}

/** A wrong command line. */
export function usage(fact: string, next: string): Trouble {
  return new Trouble({ title: 'I DO NOT UNDERSTAND THIS COMMAND LINE', facts: [fact], next });
}

/** The first of `known` that is at most two edits away from `word`, or null. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = 3;
  for (const candidate of known) {
    const distance = edits(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, substitute));
    }
    row = next;
  }
  return row[b.length] as number;
}
