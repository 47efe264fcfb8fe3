// Predicted: large STD recordings, ring by ring, by closures that take time linear in the recording.
import type { Capture } from '../../../corpus/schema/capture.js';
import type {
  LoweredProgram,
  Op,
  OpAction,
  ProgramLock,
  ProgramTask,
} from '../../../corpus/schema/program.js';
import { Closure, reachInOrder } from '../../predict/trace/closure.js';
import { dependenciesOfTrace } from '../../predict/trace/dependencies.js';
import { type PatternLimits, patternsOf } from '../../predict/trace/patterns.js';
import { ACQ, type Trace, traceOf } from '../../predict/trace/trace.js';
import { asWritten } from '../as-written.js';
import { lockName, TaskNames } from '../names.js';
import { programLock } from './cycles.js';
import type { LoweredTrace } from './lower-trace.js';

const LIMITS: PatternLimits = { patterns: 20_000, guarded: 0, steps: 5_000_000 };
/** Programs of confirmed rings; further ones are the same locks again in most recordings. */
const PROGRAMS = 64;

/**
 * Every ring of acquisitions of events `from` to `to` that a sync-preserving reordering reaches (sound: PLDI 2023), as the little
 * program of who holds and wants what. `complete` is true if every other ring was refuted: what must run before it in any order at
 * all (program order, forks, joins, reads with their writes) runs past it.
 */
export function predictedRecording(
  capture: Capture,
  episode: number,
  from: number,
  to: number,
  name: string,
): LoweredTrace {
  const { events } = capture;
  const trace = traceOf(
    {
      kind: events.kind.subarray(from, to),
      task: events.task.subarray(from, to),
      lock: events.lock.subarray(from, to),
      peer: events.peer.subarray(from, to),
    },
    capture.tasks.length,
    capture.locks.length,
  );
  const { dependencies } = dependenciesOfTrace(trace);
  const { open, complete: all } = patternsOf(dependencies, LIMITS);
  const inOrder = new Closure(trace);
  const inAnyOrder = new Closure(trace, false);
  const programs: LoweredProgram[] = [];
  const seen = new Set<string>();
  let complete = all;
  for (const pattern of open) {
    const key = pattern
      .map(({ want, held }) => `${want}<${[...held].sort((a, b) => a - b)}`)
      .sort()
      .join(' ');
    if (seen.has(key)) continue;
    const reached = reachInOrder(trace, inOrder, pattern);
    if (reached === null) {
      if (reachInOrder(trace, inAnyOrder, pattern) !== null) complete = false;
      continue;
    }
    seen.add(key);
    if (programs.length >= PROGRAMS) {
      complete = false;
      continue;
    }
    const members = pattern.map(({ thread, want, held }, i) => ({
      thread,
      want,
      held,
      event: reached.events[i]!,
    }));
    programs.push(programOf(capture, episode, from, trace, members, `${name}-${programs.length}`));
  }
  return { programs, complete };
}

interface Waiting {
  readonly thread: number;
  /** A lock, or behind the locks a thread that is joined. */
  readonly want: number;
  readonly held: readonly number[];
  readonly event: number;
}

function programOf(
  capture: Capture,
  episode: number,
  from: number,
  trace: Trace,
  members: readonly Waiting[],
  name: string,
): LoweredProgram {
  const names = new TaskNames();
  const taskNames = new Map<number, string>();
  for (const { thread } of members)
    taskNames.set(thread, names.name(capture.tasks[thread]!.name, capture.tasks[thread]!.pid));
  const locks: ProgramLock[] = [];
  const ids = new Map<number, string>();
  const lockId = (lock: number): string => {
    const known = ids.get(lock);
    if (known !== undefined) return known;
    const id = lockName(locks.length);
    locks.push({ ...programLock(capture, lock, id), rules: ['reentrant'] });
    ids.set(lock, id);
    return id;
  };
  const op = (action: OpAction, event: number): Op => {
    const row = event < 0 ? -1 : from + trace.row[event]!;
    const site = row < 0 ? undefined : capture.sites[capture.events.site[row]!];
    return {
      ...action,
      guard: null,
      site: site?.at ?? null,
      frames: site === undefined ? [] : site.frames.map((frame) => capture.strings[frame] ?? ''),
      line: row < 0 || capture.provenance !== 'line' ? null : capture.events.where[row]!,
    };
  };
  const take = (lock: number, event: number): Op =>
    op({ do: 'lock', lock: lockId(lock), mode: 'exclusive', attempt: false }, event);
  const tasks = members.map(({ thread, want, held, event }): ProgramTask => {
    const mine = held.filter((resource) => resource < trace.locks);
    const body = mine.map((lock) => take(lock, takenAt(trace, thread, lock, event)));
    if (want < trace.locks) body.push(take(want, event));
    else body.push(op({ do: 'join', task: taskNames.get(want - trace.locks)! }, event));
    const taken = want < trace.locks ? [...mine, want] : mine;
    for (const lock of [...taken].reverse()) body.push(op({ do: 'unlock', lock: lockId(lock) }, -1));
    return { name: taskNames.get(thread)!, function: null, cpu: null, irq: null, after: null, body };
  });
  return asWritten(
    { name, locks, flags: [], tasks },
    {
      episode,
      basis: 'recorded',
      ruledOut: [
        'a part of the recording that keeps the order of the sections of each lock, every read with its write, and every fork and join leads here',
      ],
      byAddress: true,
    },
  );
}

/** The acquire by which the thread holds the lock at `event`, or -1 if another thread took it. */
function takenAt(trace: Trace, thread: number, lock: number, event: number): number {
  for (let k = trace.place[event]! - 1; k >= 0; k--) {
    const e = trace.of[trace.first[thread]! + k]!;
    if (trace.op[e] === ACQ && trace.arg[e] === lock) return e;
  }
  return -1;
}
