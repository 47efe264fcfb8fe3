// Owners and waiters of mutexes as crash(8) and drgn print them, put together to lists of held locks.
import type { HeldLocks, LockRef } from '../../corpus/schema/report.js';
import { readPath } from '../kernel-log/episodes/known-paths.js';
import { outsidePrimitives, primitiveOf, siteFunction } from '../kernel-log/episodes/primitives.js';
import type { ListedTask } from './listed-task.js';

/** What a session says about one mutex. */
export interface ListedMutex {
  /** Symbol or member path that the user typed, or null. */
  readonly name: string | null;
  /** Hex digits without 0x, or null. */
  readonly address: string | null;
  readonly line: number;
  /** Address of the owner's task_struct without the flag bits, or null. */
  owner: bigint | null;
  ownerPid: number | null;
  /** Addresses of the first and last waiter's list head: each stands on the stack of its task. */
  readonly waitList: bigint[];
  readonly waiterPids: number[];
  type: 'mutex' | 'semaphore';
}

/** Bits 0 to 2 of `mutex.owner` are flags: waiters, hand-off, picked up (kernel/locking/mutex.h). */
const OWNER_FLAGS = 7n;

/** The task that an `owner.counter` names: printed signed or unsigned, in decimal or hex. */
export function ownerTask(counter: string): bigint {
  return BigInt.asUintN(64, BigInt(counter)) & ~OWNER_FLAGS;
}

function isOnStack(task: ListedTask, address: bigint): boolean {
  // A waiter stands in a frame; frames are named by their lower end.
  return (
    task.lowest !== null &&
    task.highest !== null &&
    address >= task.lowest - 512n &&
    address <= task.highest + 512n
  );
}

/**
 * For every task that owns or waits for a mutex of the session: what it holds, and last the lock that it waits for, as
 * the kernel lists held locks. Tasks that the session does not show are left out.
 */
export function heldByPastes(mutexes: readonly ListedMutex[], tasks: readonly ListedTask[]): HeldLocks[] {
  const holds = new Map<ListedTask, LockRef[]>();
  const wants = new Map<ListedTask, LockRef>();
  const byPid = (pid: number): ListedTask | undefined => tasks.findLast((task) => task.pid === pid);
  for (const mutex of mutexes) {
    const owner =
      mutex.ownerPid !== null
        ? byPid(mutex.ownerPid)
        : tasks.findLast((task) => task.address !== null && BigInt(`0x${task.address}`) === mutex.owner);
    const waiters = tasks.filter(
      (task) =>
        task !== owner &&
        primitiveOf(task.frames) !== null &&
        (mutex.waiterPids.includes(task.pid) || mutex.waitList.some((address) => isOnStack(task, address))),
    );
    const lock = mutex.name ?? nameByWaiters(waiters) ?? `${mutex.type}@${mutex.address ?? mutex.line}`;
    const ref = (site: string | null): LockRef => ({
      lock,
      usage: null,
      address: mutex.address,
      site,
      line: mutex.line,
    });
    if (owner !== undefined) holds.set(owner, [...(holds.get(owner) ?? []), ref(null)]);
    for (const waiter of waiters) wants.set(waiter, ref(siteFunction(waiter.frames)));
  }
  return tasks
    .filter((task, i) => tasks.findLastIndex((other) => other.pid === task.pid) === i)
    .flatMap((task) => {
      const wanted = wants.get(task);
      const locks = [...(holds.get(task) ?? []), ...(wanted === undefined ? [] : [wanted])];
      return locks.length === 0 ? [] : [{ task: task.comm, pid: task.pid, locks, count: locks.length }];
    });
}

/** The name that the known paths give to what these tasks wait for, if they agree. */
function nameByWaiters(waiters: readonly ListedTask[]): string | null {
  const names = new Set(
    waiters.flatMap((task) => readPath(outsidePrimitives(task.frames)).map((path) => path.wants.lock)),
  );
  const [only] = names;
  return names.size === 1 ? only! : null;
}
