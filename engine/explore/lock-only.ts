// Lock only: of tasks that do nothing but take and give back locks, those that a cycle can pass through, equal ones but a few times.
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
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
 * leave out"): as `takesAndGivesBack` says, and interrupts name their CPU, which they share with one task at most.
 */
export function isLockOnly(program: Program): boolean {
  const { tasks } = program;
  if (tasks.some((task) => task.irq !== null)) {
    const plain = tasks.filter((task) => task.irq === null && task.cpu !== null).map((task) => task.cpu);
    if (new Set(plain).size < plain.length) return false;
    if (!tasks.every((task) => task.irq === null || task.cpu !== null)) return false;
  }
  return takesAndGivesBack(program);
}

/**
 * True if the tasks only take and give back locks: plain kinds, no attempts, guards, flags or order between tasks, and each
 * body gives back exactly what it takes; with interrupts it switches on just what it switched off.
 */
export function takesAndGivesBack({ locks, tasks }: Program): boolean {
  if (!locks.every((lock) => KINDS.has(lock.kind))) return false;
  if (tasks.some((task) => task.irq !== null) && !tasks.every(restoresIrqs)) return false;
  return tasks.every((task) => {
    if (task.after !== null) return false;
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

/** True if each `irqs on` and `bh on` ends what an `off` of the same body began, and none is left off. */
function restoresIrqs({ body }: ProgramTask): boolean {
  let off = false;
  let bh = 0;
  for (const op of body) {
    if (op.do === 'irqs') {
      if (op.on !== off) return false;
      off = !op.on;
    } else if (op.do === 'bh') {
      bh += op.on ? -1 : 1;
      if (bh < 0) return false;
    }
  }
  return !off && bh === 0;
}

/**
 * What stands in the way at an op: the task holds, or keeps off by waiting, one lock and wants another. Between an interrupted task
 * and the handler over it stands their CPU: what the one holds leads to it, and it leads to what the other wants.
 */
interface Edge {
  /** Null: stands there interrupted. */
  readonly op: number | null;
  readonly from: string;
  readonly to: string;
}

/** Begins what stands for a CPU among the locks; no lock's name has a line end. */
const CPU = '\ncpu ';

function edgesOf(
  task: ProgramTask,
  locks: ReadonlyMap<string, ProgramLock>,
  queued: ReadonlySet<string>,
): Edge[] {
  const held = new Map<string, number>();
  const edges: Edge[] = [];
  const cpu = task.cpu === null ? null : `${CPU}${task.cpu}`;
  task.body.forEach((op, i) => {
    if (cpu !== null && task.irq !== 'hard') {
      for (const [from, depth] of held) if (depth > 0) edges.push({ op: null, from, to: cpu });
      if (op.do === 'lock' && op.mode === 'exclusive' && queued.has(op.lock))
        edges.push({ op: null, from: op.lock, to: cpu });
    }
    if (op.do === 'unlock') held.set(op.lock, (held.get(op.lock) ?? 0) - 1);
    else if (op.do === 'lock' || op.do === 'sync') {
      const section = ['rcu', 'srcu'].includes(locks.get(op.lock)?.kind ?? '');
      if (op.do === 'sync' || !section) {
        for (const [from, depth] of held) if (depth > 0) edges.push({ op: i, from, to: op.lock });
        if (cpu !== null && task.irq !== null) edges.push({ op: i, from: cpu, to: op.lock });
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
  for (const { body, irq } of tasks)
    for (const op of body) {
      if (op.do !== 'lock') continue;
      const lock = locks.get(op.lock);
      const bits = lock === undefined ? null : requestBits(lock.kind, op.mode, lock.rules, irq !== null);
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

/** Tasks that go together: those of one CPU where there are interrupts, else one task alone. Names, in one order for equal ones. */
type Unit = readonly string[];

/** A task that stands for others too: all units equal to its own, in the order of the text, and its place in them. */
export interface Copy {
  readonly units: readonly Unit[];
  readonly unit: number;
}

export interface Reduced {
  readonly program: Program;
  readonly copies: ReadonlyMap<string, Copy>;
}

/**
 * The tasks of a lock-only program that may be members of a cycle, equal ones only as often as they can be in one: two that
 * stand before one and the same op wait for the same tasks, so that no smallest cycle holds both (unless the op is a `sync`,
 * which waits for those it met). Null: no cycle is possible.
 */
export function reduceLockOnly(program: Program): Reduced | null {
  const locks = new Map(program.locks.map((lock) => [lock.id, lock]));
  let kept = program;
  /** By task: ops before which it can wait as a member of a cycle. */
  const positions = new Map<string, number>();
  for (;;) {
    const queued = queuedLocks(kept, locks);
    const edges = kept.tasks.map((task) => edgesOf(task, locks, queued));
    const reach = reachable(edges.flat());
    positions.clear();
    const tasks = kept.tasks.filter((task, t) => {
      const live = (edges[t] ?? []).filter(
        ({ from, to }) => reach.get(to)?.has(from) === true || from === to,
      );
      positions.set(task.name, new Set(live.map(({ op }) => op).filter((op) => op !== null)).size);
      return live.length > 0;
    });
    if (tasks.length === 0) return null;
    if (tasks.length === kept.tasks.length) break;
    kept = slice(program, tasks);
  }
  const copies = new Map<string, Copy>();
  const dropped = new Set<string>();
  for (const alike of equalUnits(kept)) {
    const [first = []] = alike;
    const most = first.reduce((sum, { name }) => sum + (positions.get(name) ?? 0), 0);
    if (alike.length <= most || first.some(({ body }) => body.some((op) => op.do === 'sync'))) continue;
    const units = alike.map((unit) => unit.map(({ name }) => name));
    units.slice(0, most).forEach((unit, u) => {
      for (const name of unit) copies.set(name, { units, unit: u });
    });
    for (const name of units.slice(most).flat()) dropped.add(name);
  }
  const tasks = kept.tasks.filter((task) => !dropped.has(task.name));
  return { program: slice(program, tasks), copies };
}

/** The units of a program, equal ones together. */
function equalUnits({ tasks }: Program): ProgramTask[][][] {
  const interrupted = tasks.some((task) => task.irq !== null);
  const units = new Map<string, ProgramTask[]>();
  for (const task of tasks) {
    const key = interrupted && task.cpu !== null ? `cpu ${task.cpu}` : `task ${task.name}`;
    units.set(key, [...(units.get(key) ?? []), task]);
  }
  const equal = new Map<string, ProgramTask[][]>();
  for (const unit of units.values()) {
    const roles = unit
      .map((task) => [roleOf(task), task] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const key = roles.map(([role]) => role).join('\n');
    equal.set(key, [...(equal.get(key) ?? []), roles.map(([, task]) => task)]);
  }
  return [...equal.values()];
}

/** What a task does, without its name and its places in the source. */
function roleOf({ irq, body }: ProgramTask): string {
  return JSON.stringify([irq, body.map(({ site: _site, frames: _frames, line: _line, ...op }) => op)]);
}
