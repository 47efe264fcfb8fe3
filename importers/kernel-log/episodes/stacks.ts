// Blocked stacks without lock lists as a situation: read from earlier lockdep reports, named owners, and known paths.
import type { BlockedTask, Report } from '../../../corpus/schema/report.js';
import { readPath } from './known-paths.js';
import { lockFacts } from './lock-facts.js';
import { outsidePrimitives, primitiveOf, siteFunction } from './primitives.js';
import type { Taking } from './scribe.js';
import { findCycle, type Situation, type StuckTask, waitsFor } from './situation.js';

/** One way to read a blocked stack. */
interface Reading {
  readonly holds: readonly {
    readonly lock: string;
    readonly site: string | null;
    readonly address: string | null;
  }[];
  readonly wants: { readonly lock: string; readonly site: string | null; readonly address: string | null };
  readonly assumes: readonly string[];
}

interface Blocked {
  readonly task: BlockedTask;
  readonly report: number;
  readonly line: number;
  readonly owner: number | null;
}

/** The last stack of each blocked task, in file order. */
function lastStacks(reports: readonly Report[]): Blocked[] {
  const last = new Map<string, Blocked>();
  reports.forEach((report, index) => {
    for (const task of report.blocked) {
      if (task.frames.length === 0) continue;
      const earlier = last.get(`${task.task}/${task.pid}`);
      last.set(`${task.task}/${task.pid}`, {
        task,
        report: index,
        line: task.line ?? report.line,
        owner: report.blockedOn?.pid ?? earlier?.owner ?? null,
      });
    }
  });
  return [...last.values()];
}

/** Readings that an earlier lockdep report of the same log gives: the same call chain took this lock holding that one. */
function readingsFromReports(blocked: BlockedTask, reports: readonly Report[]): Reading[] {
  const outside = outsidePrimitives(blocked.frames).join('\n');
  const readings: Reading[] = [];
  const address = (report: Report, lock: string): string | null =>
    [...report.holds, ...(report.wants === null ? [] : [report.wants])].find((ref) => ref.lock === lock)
      ?.address ?? null;
  for (const report of reports) {
    const read = (frames: readonly string[], held: string, wanted: string, heldSite: string | null): void => {
      if (outsidePrimitives(frames).join('\n') !== outside || outside === '') return;
      readings.push({
        holds: [{ lock: held, site: heldSite, address: address(report, held) }],
        wants: { lock: wanted, site: siteFunction(frames), address: address(report, wanted) },
        assumes: [
          `${blocked.task} holds \`${held}\` here, as the same call chain did in the lockdep report at line ${report.line}`,
        ],
      });
    };
    if (report.kind === 'circular') {
      const links = [...report.chain].sort((a, b) => a.index - b.index);
      links.forEach((link, k) => {
        const held = k === 0 ? links[links.length - 1] : links[k - 1];
        if (held !== undefined && links.length >= 2)
          read(link.frames, held.lock, link.lock, k === 0 ? (report.holds[0]?.site ?? null) : null);
      });
    }
    const holds = report.holds[0];
    if (
      report.kind === 'recursive' &&
      report.wants !== null &&
      holds !== undefined &&
      report.pid === blocked.pid &&
      report.wants.address === holds.address
    )
      read(blocked.frames, holds.lock, report.wants.lock, holds.site);
  }
  return readings;
}

/** Readings by the table of known paths. */
function readingsFromPaths(blocked: BlockedTask): Reading[] {
  const all = readPath(outsidePrimitives(blocked.frames));
  return all.map((path) => ({
    holds: path.holds.map(({ lock, site }) => ({ lock, site, address: null })),
    wants: { ...path.wants, address: null },
    assumes: [
      ...path.holds.map(
        ({ lock, site, source }) => `${blocked.task} holds \`${lock}\` in ${site}(): ${source}`,
      ),
      `${blocked.task} waits for \`${path.wants.lock}\` in ${path.wants.site}(): ${path.wants.source}`,
    ],
  }));
}

/** Every choice of one reading for each task, as long as there are few enough to try. */
function* choices(readings: readonly (readonly Reading[])[]): Generator<readonly Reading[]> {
  const total = readings.reduce((product, list) => product * list.length, 1);
  if (total > 4096) {
    yield readings.map((list) => list[0]!);
    return;
  }
  for (let n = 0; n < total; n++) {
    let rest = n;
    yield readings.map((list) => {
      const pick = list[rest % list.length]!;
      rest = Math.floor(rest / list.length);
      return pick;
    });
  }
}

function stuck(blocked: readonly Blocked[], chosen: readonly Reading[]): StuckTask[] {
  // One object for each holder of a class that has many; a waiter means the object of the holder it may wait for.
  const holders = new Map<string, number[]>();
  chosen.forEach((reading, i) => {
    for (const hold of reading.holds) holders.set(hold.lock, [...(holders.get(hold.lock) ?? []), i]);
  });
  const instance = (lock: string, holder: number | undefined): string =>
    lockFacts(lock, []).single || holder === undefined ? lock : `${lock} of task ${holder}`;
  const build = (aim: readonly (number | undefined)[]): StuckTask[] =>
    blocked.map(({ task, line }, i) => {
      const reading = chosen[i]!;
      const taking = (
        part: Reading['wants'],
        holder: number | undefined,
        frames: readonly string[],
      ): Taking => ({
        lock: part.lock,
        instance: instance(part.lock, holder),
        address: part.address,
        mode: frames.length > 0 ? (primitiveOf(frames)?.mode ?? 'exclusive') : 'exclusive',
        frames,
        site: part.site,
        line,
      });
      return {
        name: task.task,
        pid: task.pid,
        frames: task.frames,
        holds: reading.holds.map((hold) => taking(hold, i, [])),
        wants: taking(reading.wants, aim[i], task.frames),
      };
    });
  // First aim at another task's object (a device that somebody else holds); at one's own only if nobody else has one.
  const aim = chosen.map((reading, i) => {
    const named = holders.get(reading.wants.lock) ?? [];
    const owner = blocked[i]!.owner;
    const byOwner = named.find((j) => blocked[j]!.task.pid === owner);
    return byOwner ?? named.find((j) => j !== i) ?? named[0];
  });
  return build(aim);
}

/** Makes a situation of the blocked stacks in a log, or null if no reading explains a wait. `unexplained` counts the rest. */
export function stackSituation(
  reports: readonly Report[],
  without: ReadonlySet<string>,
): { readonly situation: Situation | null; readonly unexplained: readonly number[] } {
  const blocked = lastStacks(reports).filter(({ task }) => {
    const primitive = primitiveOf(task.frames);
    return primitive !== null && primitive.kind !== 'completion' && !without.has(`${task.task}/${task.pid}`);
  });
  const readings = blocked.map(({ task }) => {
    const told = readingsFromReports(task, reports);
    return told.length > 0 ? told : readingsFromPaths(task);
  });
  const owned = ownerReadings(blocked, readings);
  const known = blocked
    .map((entry, i) => ({ entry, readings: owned[i]! }))
    .filter((pair) => pair.readings.length > 0);
  const unexplained = blocked.filter((_, i) => owned[i]!.length === 0).map(({ line }) => line);
  if (known.length === 0) return { situation: null, unexplained };
  const entries = known.map((pair) => pair.entry);
  let best: { tasks: StuckTask[]; chosen: readonly Reading[]; score: number } | null = null;
  for (const chosen of choices(known.map((pair) => pair.readings))) {
    const tasks = stuck(entries, chosen);
    const edges = waitsFor(tasks);
    const score =
      edges.filter((targets) => targets.length > 0).length * 2 + (findCycle(edges) === null ? 0 : 1);
    if (best === null || score > best.score) best = { tasks, chosen, score };
  }
  if (best === null || best.score === 0)
    return { situation: null, unexplained: entries.map(({ line }) => line).concat(unexplained) };
  const edges = waitsFor(best.tasks);
  const cycle = findCycle(edges) ?? [];
  const used = cycle.length > 0 ? cycle : best.tasks.map((_, i) => i);
  const assumes = [...new Set(used.flatMap((i) => best.chosen[i]!.assumes))];
  const reportsUsed = [...new Set(entries.map((entry) => entry.report))];
  return {
    situation: {
      origin: 'blocked stacks',
      report: reportsUsed[0]!,
      alsoReports: reportsUsed.slice(1),
      tasks: best.tasks,
      assumes,
      ruledOut: [],
      byAddress: false,
      apart: 'the stacks do not tell one object from another',
    },
    unexplained: unexplained.concat(
      edges.flatMap((targets, i) =>
        targets.length === 0 && best.tasks[i]!.wants !== null ? [entries[i]!.line] : [],
      ),
    ),
  };
}

/**
 * Adds what the kernel itself says of owners (6.16 and later: "is blocked on a mutex likely owned by task Y"): the
 * waiter's lock is held by Y. The lock has no name there; known paths name it, else the place where it is waited for.
 */
function ownerReadings(
  blocked: readonly Blocked[],
  readings: readonly (readonly Reading[])[],
): readonly (readonly Reading[])[] {
  if (blocked.every(({ owner }) => owner === null)) return readings;
  const nameOf = (i: number): string => {
    const known = readings[i]![0]?.wants.lock;
    if (known !== undefined) return known;
    const { task } = blocked[i]!;
    return `${primitiveOf(task.frames)?.kind ?? 'lock'} wanted in ${siteFunction(task.frames) ?? task.task}`;
  };
  return blocked.map(({ task, owner }, i) => {
    const heldForOthers = blocked.flatMap((other, j) =>
      other.owner === task.pid && j !== i ? [{ lock: nameOf(j), site: null, address: null }] : [],
    );
    const base = readings[i]!;
    if (owner === null && heldForOthers.length === 0) return base;
    const unique = [...new Map(heldForOthers.map((hold) => [hold.lock, hold])).values()];
    const told = unique.map(
      (hold) => `${task.task} owns \`${hold.lock}\`: the kernel names it as the likely owner`,
    );
    if (base.length === 0)
      return [
        {
          holds: unique,
          wants: { lock: nameOf(i), site: siteFunction(task.frames), address: null },
          assumes: told,
        },
      ];
    return base.map((reading) => ({
      holds: [
        ...reading.holds,
        ...unique.filter((hold) => !reading.holds.some((own) => own.lock === hold.lock)),
      ],
      wants: reading.wants,
      assumes: [...reading.assumes, ...told],
    }));
  });
}
