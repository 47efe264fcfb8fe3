// Lists of held locks in a dump as situations: which of the listed locks are held, and which one is being waited for.
import type { LockMode } from '../../../corpus/schema/lock.js';
import type { BlockedTask, HeldLocks, LockRef, Report } from '../../../corpus/schema/report.js';
import { lockFacts } from './lock-facts.js';
import { outsidePrimitives, primitiveOf } from './primitives.js';
import type { Taking } from './scribe.js';
import type { Situation, StuckTask } from './situation.js';

/** A stack of a blocked task, and the 1-based line that it was printed on. */
export interface PrintedStack {
  readonly line: number;
  readonly task: BlockedTask;
}

/** Stacks of blocked tasks by `name/pid`, each list in the order of its lines. */
export type Stacks = ReadonlyMap<string, readonly PrintedStack[]>;

/** All stacks of blocked tasks in a log's reports. */
export function stacksOf(reports: readonly Report[]): Stacks {
  const stacks = new Map<string, PrintedStack[]>();
  for (const report of reports)
    for (const task of report.blocked) {
      if (task.frames.length === 0) continue;
      const key = `${task.task}/${task.pid}`;
      const list = stacks.get(key);
      const entry = { line: task.line ?? report.line, task };
      if (list === undefined) stacks.set(key, [entry]);
      else list.push(entry);
    }
  for (const list of stacks.values()) list.sort((a, b) => a.line - b.line);
  return stacks;
}

/** The stack of a task printed nearest to a line, or null. */
export function nearestStack(stacks: Stacks, held: HeldLocks, line: number): readonly string[] | null {
  const list = stacks.get(`${held.task}/${held.pid}`);
  if (list === undefined) return null;
  // Binary search: a log of weeks repeats one hung task ten thousand times.
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.line < line) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [list[low - 1], list[low]];
  const nearest =
    before === undefined || (after !== undefined && after.line - line < line - before.line) ? after : before;
  return nearest?.task.frames ?? null;
}

/** What names a lock object: its address, or for a lock with static storage its name. */
function instanceOf(ref: LockRef): string | null {
  if (ref.address !== null) return ref.address;
  return lockFacts(ref.lock, []).single ? ref.lock : null;
}

interface Candidate {
  readonly held: HeldLocks;
  readonly frames: readonly string[] | null;
  /** Whether the last lock of the list is waited for: known from the stack, or undecided. */
  lastIs: 'held' | 'wanted' | 'undecided';
}

/** The kernel lists the lock being waited for as the last one held (lock_acquire() comes before the wait). */
function lastRole(held: HeldLocks, frames: readonly string[] | null): 'held' | 'wanted' | 'undecided' {
  const last = held.locks[held.locks.length - 1];
  if (frames === null || last === undefined) return last === undefined ? 'held' : 'undecided';
  const primitive = primitiveOf(frames);
  if (primitive === null || primitive.kind === 'completion') {
    // A pseudo-lock is waited for in code of its own: draining a sysfs file, flushing a work item.
    const waits = frames.some((frame) =>
      /^(kernfs_drain|__kernfs_remove|__flush_work|flush_work|__flush_workqueue|flush_workqueue|__cancel_work\w*|start_flush_work)$/.test(
        frame,
      ),
    );
    return waits && lockFacts(last.lock, []).marker !== null ? 'wanted' : 'held';
  }
  return last.site !== null && outsidePrimitives(frames).slice(0, 3).includes(last.site) ? 'wanted' : 'held';
}

/** Makes a situation of one set of lists. */
export function snapshotSituation(
  lists: readonly HeldLocks[],
  stacks: Stacks,
  about: {
    readonly report: number;
    readonly alsoReports: readonly number[];
    readonly line: number;
    readonly origin: string;
  },
): Situation {
  const candidates = lists
    .filter((held) => held.locks.length > 0)
    .map((held): Candidate => {
      const frames = nearestStack(stacks, held, about.line);
      return { held, frames, lastIs: lastRole(held, frames) };
    });
  // Who surely holds each object: everything that is not last in its list, and last ones known to be held.
  const sure = new Map<string, number>();
  for (const { held, lastIs } of candidates)
    held.locks.forEach((ref, i) => {
      const instance = instanceOf(ref);
      if (instance === null || (i === held.locks.length - 1 && lastIs !== 'held')) return;
      sure.set(instance, (sure.get(instance) ?? 0) + 1);
    });
  for (const candidate of candidates) {
    const last = candidate.held.locks[candidate.held.locks.length - 1]!;
    const instance = instanceOf(last);
    if (candidate.lastIs !== 'undecided') continue;
    // Without a stack: somebody else surely holds this very object, and it is not one that many may share.
    const shares = lockFacts(last.lock, []);
    const sharable =
      shares.kind === 'rcu' || shares.kind === 'srcu' || (shares.kind === 'rwsem' && shares.marker === null);
    candidate.lastIs = instance !== null && !sharable && (sure.get(instance) ?? 0) > 0 ? 'wanted' : 'held';
  }
  const line = (held: HeldLocks, ref: LockRef): number => ref.line ?? held.locks[0]?.line ?? about.line;
  const tasks = candidates.map(({ held, frames, lastIs }): StuckTask => {
    const taking = (ref: LockRef, mode: LockMode, chain: readonly string[]): Taking => ({
      lock: ref.lock,
      instance: instanceOf(ref) ?? `${held.task}/${held.pid} ${ref.lock}`,
      address: ref.address,
      mode,
      frames: chain,
      site: ref.site,
      line: line(held, ref),
    });
    const holds = (lastIs === 'wanted' ? held.locks.slice(0, -1) : held.locks).map((ref) => {
      const facts = lockFacts(ref.lock, []);
      const instance = instanceOf(ref);
      const many = instance !== null && (sure.get(instance) ?? 0) > 1;
      const shared =
        facts.kind === 'rcu' ||
        facts.kind === 'srcu' ||
        (facts.kind === 'rwsem' && (facts.marker !== null || many || /^sb_/.test(ref.lock)));
      return taking(ref, shared ? 'read' : 'exclusive', []);
    });
    const last = held.locks[held.locks.length - 1]!;
    const primitive = frames === null ? null : primitiveOf(frames);
    const wantedMode =
      primitive?.mode ??
      lockFacts(last.lock, frames ?? (last.site === null ? [] : [last.site])).mode ??
      'exclusive';
    return {
      name: held.task,
      pid: held.pid,
      frames: frames ?? [],
      holds,
      wants: lastIs === 'wanted' ? taking(last, wantedMode, frames ?? []) : null,
    };
  });
  return {
    origin: about.origin,
    report: about.report,
    alsoReports: about.alsoReports,
    tasks,
    assumes: [],
    ruledOut: [],
    byAddress: true,
    apart: '',
  };
}
