// What relock check says when it is interrupted: what was checked, and the command that goes on with the rest.
import { count } from '../reports/text/layout.js';

/** How far a check has come. */
export interface CheckedSoFar {
  /** Files, or programs where one file holds several, that have a verdict. */
  readonly checked: number;
  /** Of these, the ones that fail the run. */
  readonly found: number;
  /** Files that could not be read. */
  readonly unread: number;
  /** True if what was listed is in a database. */
  readonly stored: boolean;
  /** Arguments that are not done with: files and folders as they were given. */
  readonly rest: readonly string[];
  /** Options of the command line, to be given again. */
  readonly options: readonly string[];
}

/** Lines for stderr; the last is the next command. */
export function interruptedLines(so: CheckedSoFar): string[] {
  const unread = so.unread > 0 ? `, ${so.unread} not readable` : '';
  const kept = so.stored ? 'what was listed is stored' : 'nothing is kept without --db';
  return [
    `Interrupted: ${count(so.checked, 'file')} checked, ${so.found} failed${unread}; ${kept}.`,
    `Next: relock check ${[...so.options, ...so.rest].map(quoted).join(' ')}`,
  ];
}

/** As a shell would need it. */
function quoted(word: string): string {
  return /^[\w.,:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
