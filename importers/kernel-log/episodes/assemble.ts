// From reports to episodes: every report that says who holds and who wants becomes tasks that can run.
import type { Report } from '../../../corpus/schema/report.js';
import type { CaptureBuilder } from '../../builder.js';
import { circularEpisodes } from './circular.js';
import { drawnEpisodes } from './drawn.js';
import { interruptEpisodes } from './interrupt.js';
import { recursiveEpisodes } from './recursive.js';
import { findCycle, type Situation, situationKey, waitsFor, writeSituation } from './situation.js';
import { snapshotSituation, stacksOf } from './snapshot.js';
import { stackSituation } from './stacks.js';

/** Makes the episodes of all reports in the builder, in file order; dumps of a hang come first, since they happened. */
export function assembleEpisodes(builder: CaptureBuilder): void {
  const reports = builder.reports;
  dumpEpisodes(builder, reports);
  reports.forEach((report, index) => {
    reportEpisodes(builder, report, index);
  });
}

function reportEpisodes(builder: CaptureBuilder, report: Report, index: number): number {
  switch (report.kind) {
    case 'circular':
      return circularEpisodes(builder, report, index);
    case 'recursive':
      return recursiveEpisodes(builder, report, index);
    case 'irq-inversion':
    case 'irq-order':
    case 'inconsistent-state':
      return interruptEpisodes(builder, report, index);
    case 'scenario':
      return drawnEpisodes(builder, report, index);
    case 'hung-task':
    case 'locks-held':
    case 'bad-unlock-balance':
    case 'held-lock-freed':
    case 'lock-held-at-exit':
    case 'nested-lock-not-taken':
    case 'invalid-wait-context':
    case 'suspicious-rcu':
    case 'sleeping-in-atomic':
    case 'rcu-stall':
    case 'soft-lockup':
    case 'workqueue-stall':
    case 'other-lock':
      // Dumps are read together (dumpEpisodes); the others tell of a breach of rules, not of who waits for whom.
      return 0;
    default: {
      const never: never = report.kind;
      return never;
    }
  }
}

/** Situations of the lists of held locks, each distinct one once. */
function listedSituations(reports: readonly Report[]): Situation[] {
  const stacks = stacksOf(reports);
  const found = new Map<string, Situation>();
  const keep = (situation: Situation): void => {
    if (waitsFor(situation.tasks).every((targets) => targets.length === 0)) return;
    const key = situationKey(situation);
    const earlier = found.get(key);
    found.set(
      key,
      earlier === undefined
        ? situation
        : { ...earlier, alsoReports: [...earlier.alsoReports, situation.report] },
    );
  };
  reports.forEach((report, index) => {
    if (report.kind === 'locks-held')
      keep(
        snapshotSituation(report.held, stacks, {
          report: index,
          alsoReports: [],
          line: report.line,
          origin: 'locks held',
        }),
      );
  });
  // Some kernels print the held locks behind each hung task instead of, or besides, one list of all.
  const lists = reports.flatMap((report, index) =>
    report.kind === 'hung-task' || report.kind === 'other-lock'
      ? report.held.map((held) => ({ held, index, line: report.line }))
      : [],
  );
  const last = new Map(lists.map((entry) => [`${entry.held.task}/${entry.held.pid}`, entry]));
  const first = [...last.values()][0];
  if (last.size > 1 && first !== undefined)
    keep(
      snapshotSituation(
        [...last.values()].map((entry) => entry.held),
        stacks,
        {
          report: first.index,
          alsoReports: [...last.values()].slice(1).map((entry) => entry.index),
          line: first.line,
          origin: 'hung tasks',
        },
      ),
    );
  return [...found.values()];
}

function dumpEpisodes(builder: CaptureBuilder, reports: readonly Report[]): void {
  const listed = listedSituations(reports);
  // A dump that shows the cycle tells all; those without one are kept only where no dump of the log shows it.
  const withCycle = listed.filter((situation) => findCycle(waitsFor(situation.tasks)) !== null);
  for (const situation of withCycle.length > 0 ? withCycle : listed) writeSituation(builder, situation);
  if (withCycle.length > 0) return;
  const { situation, unexplained } = stackSituation(reports, new Set());
  if (situation !== null) writeSituation(builder, situation);
  for (const line of unexplained) builder.skips.count('wait_not_explained', line);
}
