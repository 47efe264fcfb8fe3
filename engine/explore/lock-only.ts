// Lock only: of tasks that do nothing but take and give back locks, those that a cycle can pass through, equal ones but a few times.
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Op, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import { requestBits, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';
import { slice } from '../shrink/slice.js';

/** Kinds whose waits are for certain tasks, each of which must go on. */
const KINDS: ReadonlySet<LockKind> = new Set([
  'mutex',
  'rtmutex',
  'spinlock',
  'ww_mutex',
  'rwlock',
  'rwsem',
  'rcu',
  'srcu',
]);

/**
 * True if every end of the program is a cycle of tasks that no other task has a part in (docs/lock-model.md, "What a search may
 * leave out"): plain kinds, no attempts, guards, flags, interrupts or order between tasks, and each body gives back
 * exactly what it takes.
 */
export function isLockOnly({ locks, tasks }: Program): boolean {
  if (!locks.every((lock) => KINDS.has(lock.kind))) return false;
  return tasks.every((task) => {
    if (task.irq !== null || task.after !== null) return false;
    const depth = new Map<string, number>();
    for (const op of task.body) {
      if (op.guard !== null) return false;
      if (op.do === 'lock') {
        if (op.attempt) return false;
        depth.set(op.lock, (depth.get(op.lock) ?? 0) + 1);
      } else if (op.do === 'unlock') {
        const held = depth.get(op.lock) ?? 0;
        if (held === 0) return false;
        depth.set(op.lock, held - 1);
      } else if (op.do !== 'sync' && op.do !== 'irqs' && op.do !== 'bh') return false;
    }
    return [...depth.values()].every((held) => held === 0);
  });
}

/** What stands in the way at an op: the task holds, or keeps off by waiting, one lock and wants another. */
interface Edge {
  readonly op: number;
  readonly from: string;
  readonly to: string;
}

function edgesOf(
  task: ProgramTask,
  locks: ReadonlyMap<string, ProgramLock>,
  queued: ReadonlySet<string>,
): Edge[] {
  const held = new Map<string, number>();
  const edges: Edge[] = [];
  task.body.forEach((op, i) => {
    if (op.do === 'unlock') held.set(op.lock, (held.get(op.lock) ?? 0) - 1);
    else if (op.do === 'lock' || op.do === 'sync') {
      const section = ['rcu', 'srcu'].includes(locks.get(op.lock)?.kind ?? '');
      if (op.do === 'sync' || !section) {
        for (const [from, depth] of held) if (depth > 0) edges.push({ op: i, from, to: op.lock });
        // A writer that waits keeps readers off the very lock that it waits for.
        if (op.do === 'lock' && op.mode === 'exclusive' && queued.has(op.lock))
          edges.push({ op: i, from: op.lock, to: op.lock });
      }
      if (op.do === 'lock') held.set(op.lock, (held.get(op.lock) ?? 0) + 1);
    }
  });
  return edges;
}

/** Locks that somebody asks for behind waiting writers. */
function queuedLocks({ tasks }: Program, locks: ReadonlyMap<string, ProgramLock>): Set<string> {
  const queued = new Set<string>();
  for (const { body } of tasks)
    for (const op of body) {
      if (op.do !== 'lock') continue;
      const lock = locks.get(op.lock);
      const bits = lock === undefined ? null : requestBits(lock.kind, op.mode, lock.rules, false);
      if (bits !== null && bits & WAITS_FOR_WAITING_WRITER) queued.add(op.lock);
    }
  return queued;
}

/** Everything that can be reached from each lock, along one edge or more. */
function reachable(edges: readonly Edge[]): Map<string, Set<string>> {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const all = new Map<string, Set<string>>();
  for (const start of next.keys()) {
    const seen = new Set<string>();
    const open = [...(next.get(start) ?? [])];
    for (let lock = open.pop(); lock !== undefined; lock = open.pop()) {
      if (seen.has(lock)) continue;
      seen.add(lock);
      open.push(...(next.get(lock) ?? []));
    }
    all.set(start, seen);
  }
  return all;
}

export interface Reduced {
  readonly program: Program;
  /** For each task of `program` that stands for others too: all tasks equal to it, in the order of the text. */
  readonly copies: ReadonlyMap<string, readonly string[]>;
}

/**
 * The tasks of a lock-only program that may be members of a cycle, equal ones only as often as they can be in one: two that
 * stand before one and the same op wait for the same tasks, so that no smallest cycle holds both (unless the op is a `sync`,
 * which waits for those it met). Null: no cycle is possible.
 */
export function reduceLockOnly(program: Program): Reduced | null {
  const locks = new Map(program.locks.map((lock) => [lock.id, lock]));
  let kept = program;
  const positions = new Map<string, Set<number>>();
  for (;;) {
    const queued = queuedLocks(kept, locks);
    const edges = kept.tasks.map((task) => edgesOf(task, locks, queued));
    const reach = reachable(edges.flat());
    positions.clear();
    const tasks = kept.tasks.filter((task, t) => {
      const live = (edges[t] ?? []).filter(
        ({ from, to }) => reach.get(to)?.has(from) === true || from === to,
      );
      positions.set(task.name, new Set(live.map(({ op }) => op)));
      return live.length > 0;
    });
    if (tasks.length === 0) return null;
    if (tasks.length === kept.tasks.length) break;
    kept = slice(program, tasks);
  }
  const equal = new Map<string, ProgramTask[]>();
  for (const task of kept.tasks) {
    const key = JSON.stringify(task.body.map(bare));
    equal.set(key, [...(equal.get(key) ?? []), task]);
  }
  const copies = new Map<string, readonly string[]>();
  const dropped = new Set<ProgramTask>();
  for (const alike of equal.values()) {
    const [first] = alike;
    if (first === undefined || first.body.some((op) => op.do === 'sync')) continue;
    const most = positions.get(first.name)?.size ?? 1;
    if (alike.length <= most) continue;
    const names = alike.map((task) => task.name);
    for (const task of alike.slice(0, most)) copies.set(task.name, names);
    for (const task of alike.slice(most)) dropped.add(task);
  }
  return {
    program: slice(
      program,
      kept.tasks.filter((task) => !dropped.has(task)),
    ),
    copies,
  };
}

function bare({ site: _site, frames: _frames, line: _line, ...op }: Op): object {
  return op;
}
