// Unsettled: tasks that slept with locks when the recording ended. What they waited for is not all of it in the recording.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LockKind } from '../../../corpus/schema/lock.js';
import { IN_TASK, KIND } from './codes.js';
import type { LastState } from './frozen.js';

/** Locks that a task may sleep with. */
const SLEEPING: ReadonlySet<LockKind> = new Set(['mutex', 'rtmutex', 'rwsem', 'semaphore', 'ww_mutex']);

/** Sentences of one recording; more would be read by nobody. */
const MOST = 4;

const classOf = (capture: Capture, lock: number) => capture.classes[capture.locks[lock]!.class]!;

/** Of those tasks the ones that left the CPU of their own will and were not woken again before event `to`. */
function asleepAt(capture: Capture, from: number, to: number, tasks: Iterable<number>): ReadonlySet<number> {
  const unknown = new Set(tasks);
  if (unknown.size === 0) return unknown;
  const { kind, task, peer, lock } = capture.events;
  const asleep = new Set<number>();
  for (let e = to - 1; e >= from && unknown.size > 0; e--) {
    const k = kind[e];
    if (k === KIND.wake) unknown.delete(peer[e]!);
    const t = task[e]!;
    if (!unknown.has(t)) continue;
    // The scheduler gives its own lock back behind the record of the switch.
    if (k === KIND.release && !SLEEPING.has(classOf(capture, lock[e]!).kind)) continue;
    unknown.delete(t);
    if (k === KIND.sleep) asleep.add(t);
  }
  return asleep;
}

/**
 * Why nothing can be said of how a recording of events `[from, to)` goes on, one sentence a task: it sleeps and holds locks
 * that others can wait for, whether for a lock that it asked for or for something that was not recorded.
 */
export function unsettledAt(
  capture: Capture,
  from: number,
  to: number,
  last: readonly LastState[],
): readonly string[] {
  const states = last.filter(
    (state) =>
      state.context === IN_TASK &&
      (state.pending >= 0 || state.locks.some((held) => SLEEPING.has(classOf(capture, held).kind))),
  );
  const asleep = asleepAt(
    capture,
    from,
    to,
    states.map((state) => state.task),
  );
  const sentences = states
    .filter((state) => asleep.has(state.task))
    .map((state) => {
      const held = new Set(
        state.locks.map((l) => classOf(capture, l)).flatMap((c) => (SLEEPING.has(c.kind) ? [c.name] : [])),
      );
      const holds = held.size === 0 ? '' : ` with ${[...held].join(', ')}`;
      const wants = state.pending < 0 ? '' : `, waiting for ${wanted(capture, state, last)}`;
      return `${capture.tasks[state.task]!.name} sleeps${holds}${wants} when the recording ends.`;
    });
  return sentences.length <= MOST
    ? sentences
    : [...sentences.slice(0, MOST), `So do ${sentences.length - MOST} more tasks.`];
}

/** The lock that a task waits for, with who holds it. */
function wanted(capture: Capture, { pending }: LastState, last: readonly LastState[]): string {
  const lock = capture.events.lock[pending]!;
  const holder = last.find((other) => other.locks.includes(lock));
  const held = holder === undefined ? '' : `, which ${capture.tasks[holder.task]!.name} holds`;
  return `${classOf(capture, lock).name}${held} (${capture.provenance} ${capture.events.where[pending]})`;
}
