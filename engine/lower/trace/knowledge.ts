// Knowledge: for each task, up to which event of some watched tasks everything must have happened before it could go on.
import type { Capture } from '../../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../../corpus/schema/event.js';
import { IN_TASK, KIND } from './codes.js';

/**
 * What an actor knows at a moment: for each watched actor the last event of it that must lie before, or -1; then, in
 * the second half, the event (a fork, a wake, the start of a work) that brought the news. Equal rows are one object.
 */
export type Row = Int32Array;

/** Interrupt handlers wake whom a timer or a device lets go: no task did that. Only the joining of a child counts. */
const JOIN_SHARE = 0.25;

/** Kernel threads that serve whoever comes: what they did for one does not order what they do for the next. */
const SERVICE =
  /^(kworker|ksoftirqd|migration|cpuhp|rcu|swapper|idle|kdevtmpfs|kswapd|kcompactd|khugepaged|irq\/|kauditd|khungtaskd|oom_reaper|writeback|stopper|watchdog|ktimers|kthreadd|<idle>)/;

const KTHREADD = 2;

interface TaskFacts {
  /** Forks somebody. */
  readonly forks: Uint8Array;
  /** Was started inside the recording. */
  readonly forked: Uint8Array;
}

function factsOf(capture: Capture, from: number, to: number): TaskFacts {
  const { kind, task, peer } = capture.events;
  const forks = new Uint8Array(capture.tasks.length);
  const forked = new Uint8Array(capture.tasks.length);
  for (let e = from; e < to; e++) {
    if (kind[e] !== KIND.fork) continue;
    forks[task[e]!] = 1;
    const child = peer[e]!;
    if (child >= 0) forked[child] = 1;
  }
  return { forks, forked };
}

interface Pending {
  readonly row: Row;
  readonly event: number;
}

/**
 * Walks a stretch once. `watched` are the actors whose order is asked about (tasks, or `tasks.length + lock` for a work
 * item), `moments` the events at which a row is wanted, in ascending order; `act` says whether a request of this lock
 * shows that the task went on.
 */
export function knowledgeAt(
  capture: Capture,
  from: number,
  to: number,
  watched: readonly number[],
  moments: ReadonlySet<number>,
  act: (lock: number) => boolean,
): ReadonlyMap<number, Row> {
  const { kind, task, lock, peer, context, disabled, timeNs } = capture.events;
  const width = watched.length;
  const column = new Map(watched.map((actor, i) => [actor, i]));
  const nothing: Row = new Int32Array(2 * width).fill(-1);
  const rows = new Map<number, Row>();
  const know = new Map<number, Int32Array>();
  const pending = new Map<number, Pending>();
  const asleep = new Map<number, { readonly since: number; readonly waitsForLock: boolean }>();
  const asking = new Map<number, number>();
  const creator = new Map<number, number>();
  const lastWaker = new Map<number, number>();
  const ended = new Map<number, { readonly row: Int32Array; readonly event: number }>();
  const exits = new Map<
    number,
    { readonly row: Int32Array; readonly child: number; readonly event: number }
  >();
  const queued = new Map<number, Int32Array>();
  const working = new Map<number, number>();
  const lastWork = new Map<number, Int32Array>();
  const signalled = new Map<number, Int32Array>();
  const waiting = new Map<number, number>();
  const { forks, forked } = factsOf(capture, from, to);
  const service = new Int8Array(capture.tasks.length).fill(-1);
  const serves = (t: number): boolean => {
    if (service[t] === -1) {
      const { pid, name } = capture.tasks[t] ?? { pid: null, name: '' };
      service[t] = pid === KTHREADD || SERVICE.test(name) || (forks[t] === 0 && forked[t] === 0) ? 1 : 0;
    }
    return service[t] === 1;
  };
  const actorOf = (t: number): number => {
    const work = working.get(t);
    return work === undefined ? t : capture.tasks.length + work;
  };
  const knows = (actor: number): Int32Array => know.get(actor) ?? nothing;
  /** What it knows with what it did itself up to now. */
  const snapshot = (actor: number, event: number): Int32Array => {
    const own = column.get(actor);
    const row = knows(actor);
    if (own === undefined) return row;
    const copy = row.slice();
    copy[own] = event;
    return copy;
  };
  const learn = (actor: number, row: Row, event: number): void => {
    const known = knows(actor);
    let grown: Int32Array | null = null;
    for (let i = 0; i < width; i++) {
      if (row[i]! <= (grown ?? known)[i]!) continue;
      grown ??= known.slice();
      grown[i] = row[i]!;
      grown[width + i] = event;
    }
    if (grown !== null) know.set(actor, grown);
  };
  const goesOn = (t: number): void => {
    const waits = pending.get(t);
    if (waits === undefined) return;
    pending.delete(t);
    learn(actorOf(t), waits.row, waits.event);
  };
  const isIdle = (t: number): boolean => capture.tasks[t]?.pid === 0;

  const wake = (e: number, waker: number, woken: number): void => {
    const sleep = asleep.get(woken);
    asleep.delete(woken);
    if (asking.has(woken) || sleep?.waitsForLock === true) return;
    const inTask = context[e] === IN_TASK && !isIdle(waker) && capture.tasks[waker]?.runs === 'task';
    const exit = exits.get(woken);
    exits.delete(woken);
    if (inTask && exit !== undefined && exit.child === waker) {
      // The child that has just ended tells its parent, which may have been waiting for something else.
      pending.set(woken, { row: exit.row, event: e });
      return;
    }
    if (inTask && isSure(e, waker, woken)) {
      learn(woken, snapshot(actorOf(waker), e), e);
      lastWaker.set(woken, waker);
      pending.delete(woken);
      return;
    }
    pending.delete(woken);
    if (exit === undefined || sleep === undefined) return;
    const slept = Number(timeNs[e]! - timeNs[sleep.since]!);
    const late = Number(timeNs[e]! - timeNs[exit.event]!);
    if (late <= slept * JOIN_SHARE) pending.set(woken, { row: exit.row, event: e });
  };
  /**
   * Where the recording does not say whether an interrupt handler did the waking (no irq-info), only what no timer does
   * counts: a parent that starts its child, anybody who calls kthreadd, a child at its very end.
   */
  const isSure = (e: number, waker: number, woken: number): boolean => {
    if ((disabled[e]! & IRQ_STATE.known) !== 0) return true;
    if (capture.tasks[woken]?.pid === KTHREADD) return true;
    if (creator.get(woken) === waker) return true;
    if (creator.get(waker) === woken) return endsNext.has(e);
    return sharedWaitLock(waker, woken);
  };
  const held = new Map<number, number[]>();
  const lastTouched = new Map<number, number>();
  /** The waker holds the lock of a wait queue that the woken task took last before it slept. */
  const sharedWaitLock = (waker: number, woken: number): boolean => {
    const touched = lastTouched.get(woken);
    return touched !== undefined && held.get(waker)?.includes(touched) === true;
  };
  const endsNext = wakesBeforeTheEnd(capture, from, to);

  for (let e = from; e < to; e++) {
    const t = task[e]!;
    const awaited = waiting.get(t);
    if (awaited !== undefined && kind[e] !== KIND.sleep) {
      waiting.delete(t);
      const row = signalled.get(awaited);
      if (row !== undefined) learn(actorOf(t), row, e);
    }
    if (moments.has(e)) {
      goesOn(t);
      const actor = actorOf(t);
      rows.set(e, knows(actor));
    }
    const l = lock[e]!;
    switch (kind[e]) {
      case KIND.request:
        asking.set(t, l);
        if (act(l)) goesOn(t);
        break;
      case KIND.acquire:
      case KIND.tryAcquire: {
        asking.delete(t);
        lastTouched.set(t, l);
        const list = held.get(t);
        if (list === undefined) held.set(t, [l]);
        else list.push(l);
        if (act(l)) goesOn(t);
        break;
      }
      case KIND.release: {
        const list = held.get(t);
        const at = list?.lastIndexOf(l) ?? -1;
        if (list !== undefined && at >= 0) list.splice(at, 1);
        if (list?.length === 0) held.delete(t);
        break;
      }
      case KIND.fork: {
        const child = peer[e]!;
        goesOn(t);
        if (child < 0) break;
        learn(child, snapshot(actorOf(t), e), e);
        creator.set(child, capture.tasks[t]?.pid === KTHREADD ? (lastWaker.get(t) ?? t) : t);
        break;
      }
      case KIND.sleep:
        pending.delete(t);
        asleep.set(t, { since: e, waitsForLock: asking.has(t) });
        if (serves(t) && !held.has(t)) know.delete(t);
        break;
      case KIND.wake: {
        const woken = peer[e]!;
        if (woken < 0 || woken === t) break;
        if (!serves(woken) || capture.tasks[woken]?.pid === KTHREADD) goesOn(t);
        wake(e, t, woken);
        break;
      }
      case KIND.exit: {
        goesOn(t);
        const row = snapshot(actorOf(t), e);
        ended.set(t, { row, event: e });
        const parent = creator.get(t);
        if (parent !== undefined && asleep.get(parent)?.waitsForLock === false)
          exits.set(parent, { row, child: t, event: e });
        know.delete(t);
        break;
      }
      case KIND.join: {
        const child = ended.get(peer[e]!);
        if (child !== undefined) learn(actorOf(t), child.row, e);
        break;
      }
      case KIND.queueWork:
        goesOn(t);
        if (context[e] === IN_TASK) queued.set(l, snapshot(actorOf(t), e));
        else queued.delete(l);
        break;
      case KIND.startWork: {
        working.set(t, l);
        const actor = capture.tasks.length + l;
        know.delete(actor);
        const row = queued.get(l);
        if (row !== undefined) learn(actor, row, e);
        // A flush queues a barrier right behind the work that it waits for, for the same worker.
        const before = lastWork.get(t);
        if (before !== undefined && isBarrier(capture, l)) learn(actor, before, e);
        break;
      }
      case KIND.endWork: {
        const row = snapshot(capture.tasks.length + l, e);
        lastWork.set(t, row);
        working.delete(t);
        break;
      }
      case KIND.signal: {
        const before = signalled.get(l);
        const row = snapshot(actorOf(t), e);
        signalled.set(l, before === undefined ? row : earlier(before, row));
        break;
      }
      case KIND.wait:
        waiting.set(t, l);
        break;
      default:
        break;
    }
  }
  return rows;
}

/** With several signals before a wait any of them may have been the one: what is known of all is sure. */
function earlier(a: Int32Array, b: Int32Array): Int32Array {
  return a.map((x, i) => Math.min(x, b[i]!));
}

function isBarrier(capture: Capture, lock: number): boolean {
  const lockClass = capture.classes[capture.locks[lock]?.class ?? -1];
  return lockClass?.name.includes('wq_barrier_func') === true;
}

/** Wake events behind which their task does nothing with locks any more before it ends. */
function wakesBeforeTheEnd(capture: Capture, from: number, to: number): ReadonlySet<number> {
  const { kind, task } = capture.events;
  const found = new Set<number>();
  const ending = new Set<number>();
  for (let e = to - 1; e >= from; e--) {
    const t = task[e]!;
    if (kind[e] === KIND.exit) ending.add(t);
    else if (!ending.has(t)) continue;
    else if (kind[e] === KIND.wake) found.add(e);
    else if (
      kind[e] === KIND.request ||
      kind[e] === KIND.acquire ||
      kind[e] === KIND.release ||
      kind[e] === KIND.tryAcquire
    )
      ending.delete(t);
  }
  return found;
}
