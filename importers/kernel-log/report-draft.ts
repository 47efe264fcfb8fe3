// An empty report, to be filled in by the parsers.
import type { Report, ReportKind } from '../../corpus/schema/report.js';
import type { HeldList } from './lockdep/held-list.js';

/** Makes a report of what is known; everything else is null or empty. */
export function reportOf(
  known: { readonly kind: ReportKind; readonly line: number; readonly title: string } & Partial<Report>,
): Report {
  return {
    task: null,
    pid: null,
    wants: null,
    holds: [],
    chain: [],
    scenario: [],
    held: [],
    blocked: [],
    ...known,
  };
}

/** The lists of held locks in the form of a report, each with the count that its headline announced. */
export function heldOf(lists: readonly HeldList[]): Report['held'] {
  return lists.map(({ task, pid, count, locks }) => ({ task, pid, count, locks }));
}
