// Interpreter's contexts: acquire contexts of ww_mutexes, by the words of docs/lock-model.md.
import type { Op } from '../../corpus/schema/program.js';
import type { Hold, LockState, TaskState, World } from './interpreter-world.js';

type LockOp = Extract<Op, { readonly do: 'lock' }>;

/** True if the hold was taken in the context that its task has open. */
export function isOfContext(world: World, hold: Hold): boolean {
  const context = world.tasks[hold.task]!.context;
  return context !== null && hold.at >= context.from;
}

/** The lock heeds contexts and the task has one. */
export function isInContext(task: TaskState, lock: LockState): boolean {
  return task.context !== null && lock.spec.kind === 'ww_mutex' && lock.spec.ww !== undefined;
}

/** The task's context holds a lock that heeds contexts. */
export function hasTaken(world: World, t: number): boolean {
  return world
    .allLocks()
    .some(
      (lock) =>
        lock.spec.ww !== undefined && lock.holds.some((hold) => hold.task === t && isOfContext(world, hold)),
    );
}

function wantedBy(task: TaskState): LockOp | null {
  const op = task.spec.body[task.pc];
  return task.waiting && op?.do === 'lock' ? op : null;
}

function isOlder(a: TaskState, b: TaskState): boolean {
  return a.context !== null && b.context !== null && a.context.stamp < b.context.stamp;
}

/** Others whose open context holds the lock or waits for it. */
function rivals(world: World, t: number, lock: LockState): TaskState[] {
  return world.tasks.filter((other, u) => {
    if (u === t || other.context === null) return false;
    if (lock.holds.some((hold) => hold.task === u && isOfContext(world, hold))) return true;
    return wantedBy(other)?.lock === lock.spec.id;
  });
}

/** True if the task, which cannot have what it asks for, has to give all back. */
export function hasToGiveWay(world: World, t: number): boolean {
  const task = world.tasks[t]!;
  const op = task.spec.body[task.pc];
  if (op?.do !== 'lock' || op.attempt) return false;
  const lock = world.lock(op.lock);
  if (!isInContext(task, lock) || !hasTaken(world, t)) return false;
  if (lock.spec.ww === 'wound-wait') return task.wounded;
  return rivals(world, t, lock).some((other) => isOlder(other, task));
}

/** True if an older context among `others` might yet make the waiting task give way. */
export function mayGiveWay(world: World, t: number, others: ReadonlySet<number>): boolean {
  const task = world.tasks[t]!;
  const op = wantedBy(task);
  if (op === null || !isInContext(task, world.lock(op.lock)) || !hasTaken(world, t)) return false;
  return [...others].some((u) => isOlder(world.tasks[u]!, task));
}

/** The task begins to wait: a younger context that holds the lock is wounded. */
export function wound(world: World, t: number, lock: LockState): void {
  const task = world.tasks[t]!;
  if (!isInContext(task, lock) || lock.spec.ww !== 'wound-wait') return;
  for (const hold of lock.holds) {
    const holder = world.tasks[hold.task]!;
    if (hold.task !== t && isOfContext(world, hold) && isOlder(task, holder)) holder.wounded = true;
  }
}

/** The task got the lock: an older context that waits for it wounds the task. */
export function isWoundedOnTaking(world: World, t: number, lock: LockState): boolean {
  const task = world.tasks[t]!;
  if (!isInContext(task, lock) || lock.spec.ww !== 'wound-wait') return false;
  return rivals(world, t, lock).some((other) => isOlder(other, task));
}
