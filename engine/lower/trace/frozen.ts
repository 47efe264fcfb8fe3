// Frozen: the tasks that stood in a ring when a recording ended, each asking for what the next one held.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LoweredProgram, ProgramLock, ProgramTask } from '../../../corpus/schema/program.js';
import { asWritten } from '../as-written.js';
import type { Naming } from '../body.js';
import { lockName, TaskNames } from '../names.js';
import { EXCLUSIVE, KIND } from './codes.js';
import { programLock } from './cycles.js';
import type { Step } from './draft.js';
import type { HeldState } from './held-walk.js';
import { sharedByName } from './identity.js';
import { opBodyOf } from './op-bodies.js';

/** What one task held and asked for at the end. */
export interface LastState {
  readonly task: number;
  readonly context: number;
  readonly locks: readonly number[];
  readonly modes: readonly number[];
  readonly events: readonly number[];
  readonly pending: number;
}

/** A copy of the states that are open at the end of a walk: the walk reuses its own. */
export function lastStates(open: Iterable<HeldState>): LastState[] {
  const states: LastState[] = [];
  for (const { task, context, locks, modes, events, pending } of open)
    states.push({ task, context, locks: [...locks], modes: [...modes], events: [...events], pending });
  return states;
}

/** A program has room for so many tasks. */
const MOST_TASKS = 31;

function waitsFor(capture: Capture, waiter: LastState, states: readonly LastState[]): number[] {
  if (waiter.pending < 0) return [];
  const lock = capture.events.lock[waiter.pending]!;
  const mode = capture.events.mode[waiter.pending]!;
  return states.flatMap((holder, i) =>
    holder.locks.some((held, k) => held === lock && (mode === EXCLUSIVE || holder.modes[k] === EXCLUSIVE))
      ? [i]
      : [],
  );
}

/** True if the task is known to have left the CPU behind its request, or if nobody's sleep was recorded. */
function slept(capture: Capture, state: LastState, to: number): boolean {
  const { kind, task } = capture.events;
  let recorded = false;
  for (let e = state.pending; e < to; e++) {
    if (kind[e] !== KIND.sleep) continue;
    if (task[e] === state.task) return true;
    recorded = true;
  }
  return !recorded;
}

/** The program of a recording that ended in a deadlock, with the schedule that led there; null if it did not. */
export function frozenProgram(
  capture: Capture,
  episode: number,
  to: number,
  all: readonly LastState[],
  name: string,
): LoweredProgram | null {
  const states = all.filter((state) => state.locks.length > 0 || state.pending >= 0);
  const edges = states.map((state) => waitsFor(capture, state, states));
  const reaches = (from: number): Set<number> => {
    const seen = new Set<number>();
    const stack = [...edges[from]!];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      stack.push(...edges[at]!);
    }
    return seen;
  };
  const reached = states.map((state, i) => (state.pending < 0 ? new Set<number>() : reaches(i)));
  const inRing = states.map(
    (state, i) => reached[i]!.has(i) && (!edges[i]!.includes(i) || slept(capture, state, to)),
  );
  if (!inRing.includes(true)) return null;
  // Whoever waits for a task of the ring is stuck as well; the others only happen to be under way.
  const stuck = states.filter(
    (_, i) => inRing[i] === true || [...reached[i]!].some((other) => inRing[other] === true),
  );
  const ordered = [
    ...stuck.filter((state) => inRing[states.indexOf(state)] === true),
    ...stuck.filter((state) => inRing[states.indexOf(state)] !== true),
  ].slice(0, MOST_TASKS);
  const names = new TaskNames();
  const locks: ProgramLock[] = [];
  const ids = new Map<number, string>();
  const naming: Naming = {
    lockId: (lock) => {
      const known = ids.get(lock);
      if (known !== undefined) return known;
      const id = lockName(locks.length);
      ids.set(lock, id);
      locks.push(programLock(capture, lock, id));
      return id;
    },
    kindOf: (lock) => capture.classes[capture.locks[lock]!.class]!.kind,
    taskName: (task) => String(task),
  };
  const wanted = new Set(ordered.map((state) => capture.events.lock[state.pending]!));
  const tasks = ordered.map((state): ProgramTask => {
    const { name: comm, pid, function: does } = capture.tasks[state.task]!;
    const step = (lock: number, mode: number, event: number): Step => ({
      kind: 'lock',
      lock,
      mode,
      event,
      lastEvent: event,
    });
    const taken = state.locks.map((lock, i) => step(lock, state.modes[i]!, state.events[i]!));
    const { lock, mode } = capture.events;
    taken.push(step(lock[state.pending]!, mode[state.pending]!, state.pending));
    const given = [...taken].reverse().map((t): Step => ({ ...t, kind: 'unlock', event: -1 }));
    const { ops } = opBodyOf(capture, [...taken, ...given], naming, {
      keeps: (l) => wanted.has(l),
      interrupts: false,
    });
    return { name: names.name(comm, pid), function: does, cpu: null, irq: null, after: null, body: ops };
  });
  const shared = sharedByName(capture, episode, wanted);
  const granted = tasks.map(({ body }) => body.filter((op) => op.do !== 'unlock').length - 1);
  const schedule = granted.flatMap((count, t) => Array.from({ length: count }, () => t));
  // Writers stop readers only if they queue before them: those that hold nothing asked first.
  const asks = [...tasks.keys()].sort((a, b) => Number(granted[a]! > 0) - Number(granted[b]! > 0));
  return asWritten(
    { name, locks, flags: [], tasks },
    {
      episode,
      basis: shared.length === 0 ? 'observed' : 'aliased',
      happened: shared.length === 0,
      assumes: shared,
      observedSchedule: [...schedule, ...asks],
      byAddress: true,
    },
  );
}
