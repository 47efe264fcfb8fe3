// From reports to episodes: every report that says who holds and who wants becomes tasks that can run.
import type { LockKind } from '../../../corpus/schema/lock.js';
import type { Report } from '../../../corpus/schema/report.js';
import type { CaptureBuilder } from '../../builder.js';
import { circularEpisodes } from './circular.js';
import { drawnEpisodes } from './drawn.js';
import { interruptEpisodes } from './interrupt.js';
import { leakedEpisodes } from './leaked.js';
import { lockFacts } from './lock-facts.js';
import { outsidePrimitives, primitiveOf } from './primitives.js';
import { recursiveEpisodes } from './recursive.js';
import { Scribe } from './scribe.js';
import { findCycle, type Situation, situationKey, waitsFor, writeSituation } from './situation.js';
import { nearestStack, snapshotSituation, stacksOf } from './snapshot.js';
import { stackSituation } from './stacks.js';

/** Makes the episodes of all reports in the builder, in file order; dumps of a hang come first, since they happened. */
export function assembleEpisodes(builder: CaptureBuilder): void {
  const reports = builder.reports;
  const scribe = new Scribe(builder, kindsOf(reports));
  dumpEpisodes(scribe, reports);
  reports.forEach((report, index) => {
    reportEpisodes(scribe, report, index);
  });
}

function reportEpisodes(scribe: Scribe, report: Report, index: number): number {
  switch (report.kind) {
    case 'circular':
      return circularEpisodes(scribe, report, index);
    case 'recursive':
      return recursiveEpisodes(scribe, report, index);
    case 'irq-inversion':
    case 'irq-order':
    case 'inconsistent-state':
      return interruptEpisodes(scribe, report, index);
    case 'scenario':
      return drawnEpisodes(scribe, report, index);
    case 'lock-held-at-exit':
      return leakedEpisodes(scribe, report, index);
    case 'hung-task':
    case 'locks-held':
    case 'bad-unlock-balance':
    case 'held-lock-freed':
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

/** Kinds of locks by the primitives that call chains show; a marker of lockdep keeps the kind that it is modelled by. */
function kindsOf(reports: readonly Report[]): Map<string, LockKind> {
  const kinds = new Map<string, LockKind>();
  const learn = (lock: string, frames: readonly string[]): void => {
    if (kinds.has(lock) || lockFacts(lock, []).marker !== null) return;
    const primitive = primitiveOf(frames);
    if (primitive !== null && primitive.kind !== 'completion') kinds.set(lock, primitive.kind);
  };
  for (const report of reports) {
    for (const link of report.chain) learn(link.lock, link.frames);
    if (report.wants !== null) learn(report.wants.lock, report.backtrace ?? []);
  }
  for (const { frames, lock } of waitedFor(reports)) learn(lock, frames);
  return kinds;
}

/** Locks last in a list whose task is blocked where that list says it takes them. */
function waitedFor(
  reports: readonly Report[],
): { readonly frames: readonly string[]; readonly lock: string }[] {
  const stacks = stacksOf(reports);
  return reports.flatMap((report) =>
    report.held.flatMap((held) => {
      const last = held.locks[held.locks.length - 1];
      if (last === undefined || last.site === null) return [];
      const frames = nearestStack(stacks, held, report.line);
      return frames !== null && outsidePrimitives(frames).slice(0, 3).includes(last.site)
        ? [{ frames, lock: last.lock }]
        : [];
    }),
  );
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

function dumpEpisodes(scribe: Scribe, reports: readonly Report[]): void {
  const listed = listedSituations(reports);
  // A dump that shows the cycle tells all; those without one are kept only where no dump of the log shows it.
  const withCycle = listed.filter((situation) => findCycle(waitsFor(situation.tasks)) !== null);
  for (const situation of withCycle.length > 0 ? withCycle : listed) writeSituation(scribe, situation);
  if (withCycle.length > 0) return;
  const { situation, unexplained } = stackSituation(reports, new Set());
  if (situation !== null) writeSituation(scribe, situation);
  for (const line of unexplained) scribe.builder.skips.count('wait_not_explained', line);
}
