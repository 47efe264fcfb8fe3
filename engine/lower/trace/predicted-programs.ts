// Predicted programs: what a ring of a large STD recording comes to, as the little program of who holds and wants what.
import type { Capture } from '../../../corpus/schema/capture.js';
import { whereAt } from '../../../corpus/schema/event.js';
import type {
  LoweredProgram,
  MustOrder,
  Op,
  OpAction,
  ProgramLock,
  ProgramTask,
} from '../../../corpus/schema/program.js';
import type { Pattern } from '../../predict/trace/patterns.js';
import type { Refutation } from '../../predict/trace/settle-patterns.js';
import { ACQUIRE, type Trace } from '../../predict/trace/trace.js';
import { asWritten } from '../as-written.js';
import { lockName, TaskNames } from '../names.js';
import { programLock } from './cycles.js';

/** No pattern has so many locks: the name is free. */
const MOST_LOCKS = 10_000;

const BARE = { guard: null, site: null, frames: [], line: null } as const;

/** The tasks of a pattern, each up to its request and back, at one event each. */
class Drawing {
  readonly locks: ProgramLock[] = [];
  readonly names: readonly string[];
  readonly #capture: Capture;
  readonly #trace: Trace;
  readonly #ids = new Map<number, string>();

  constructor(capture: Capture, trace: Trace, pattern: Pattern) {
    this.#capture = capture;
    this.#trace = trace;
    const names = new TaskNames();
    this.names = pattern.map(({ thread }) =>
      names.name(capture.tasks[thread]!.name, capture.tasks[thread]!.pid),
    );
  }

  #lockId(lock: number): string {
    const known = this.#ids.get(lock);
    if (known !== undefined) return known;
    const id = lockName(this.locks.length);
    this.locks.push({ ...programLock(this.#capture, lock, id), rules: ['reentrant'] });
    this.#ids.set(lock, id);
    return id;
  }

  #op(action: OpAction, row: number): Op {
    const { events, sites, strings, provenance } = this.#capture;
    const site = row < 0 ? undefined : sites[events.site[row]!];
    return {
      ...action,
      guard: null,
      site: site?.at ?? null,
      frames: site === undefined ? [] : site.frames.map((frame) => strings[frame] ?? ''),
      line: row < 0 || provenance !== 'line' ? null : whereAt(events, row),
    };
  }

  task(pattern: Pattern, member: number, row: number): ProgramTask {
    const { thread, want, held } = pattern[member]!;
    const take = (lock: number, at: number): Op =>
      this.#op({ do: 'lock', lock: this.#lockId(lock), mode: 'exclusive', attempt: false }, at);
    const mine = held.filter((resource) => resource < this.#trace.locks);
    const body = mine.map((lock) => take(lock, takenAt(this.#trace, thread, lock, row)));
    const joined = pattern.findIndex((other) => other.thread === want - this.#trace.locks);
    if (want < this.#trace.locks) body.push(take(want, row));
    else body.push(this.#op({ do: 'join', task: this.names[joined]! }, row));
    const taken = want < this.#trace.locks ? [...mine, want] : mine;
    for (const lock of [...taken].reverse())
      body.push(this.#op({ do: 'unlock', lock: this.#lockId(lock) }, -1));
    return { name: this.names[member]!, function: null, cpu: null, irq: null, after: null, body };
  }
}

/** The acquisition by which the thread holds the lock at a row, or -1 if another thread took it. */
function takenAt(trace: Trace, thread: number, lock: number, row: number): number {
  for (let e = row - 1; e >= trace.from; e--)
    if (trace.task[e] === thread && trace.lock[e] === lock && trace.kind[e] === ACQUIRE) return e;
  return -1;
}

export function reachedProgram(
  capture: Capture,
  episode: number,
  trace: Trace,
  pattern: Pattern,
  events: readonly number[],
  why: string,
  name: string,
): LoweredProgram {
  const drawing = new Drawing(capture, trace, pattern);
  const tasks = pattern.map((_, i) => drawing.task(pattern, i, events[i]!));
  return asWritten(
    { name, locks: drawing.locks, flags: [], tasks },
    { episode, basis: 'recorded', ruledOut: [why], byAddress: true },
  );
}

/** A ring whose members share a lock: the program shows it, and prediction refutes it by that. */
export function guardedProgram(
  capture: Capture,
  episode: number,
  trace: Trace,
  pattern: Pattern,
  name: string,
): LoweredProgram {
  const drawing = new Drawing(capture, trace, pattern);
  const tasks = pattern.map(({ events }, i) => drawing.task(pattern, i, events[0]!));
  return asWritten(
    { name, locks: drawing.locks, flags: [], tasks },
    { episode, basis: 'recorded', byAddress: true },
  );
}

/** A ring that no order reaches, with the order that keeps it apart; null where it is no matter of two threads. */
export function refutedProgram(
  capture: Capture,
  episode: number,
  trace: Trace,
  pattern: Pattern,
  why: Refutation,
  name: string,
): LoweredProgram | null {
  if (why.is !== 'order' && pattern.length !== 2) return null;
  if (pattern.some(({ want }) => want >= trace.locks)) return null;
  const drawing = new Drawing(capture, trace, pattern);
  const first = why.is === 'order' ? why.before : 0;
  const second = why.is === 'order' ? why.after : 1;
  const before = drawing.names[first]!;
  const after = drawing.names[second]!;
  const told: MustOrder = { before, after, why: reason(capture, before, after, why) };
  // The predictor refutes it by an order that the program says.
  const lock = lockName(MOST_LOCKS);
  const tasks = pattern.map(({ events }, i): ProgramTask => {
    const task = drawing.task(pattern, i, events[0]!);
    const done: Op = { do: 'signal-all', lock, ...BARE };
    const waits: Op = { do: 'wait', lock, ...BARE };
    if (i === first) return { ...task, body: [...task.body, done] };
    return i === second ? { ...task, body: [waits, ...task.body] } : task;
  });
  const locks: ProgramLock[] = [
    ...drawing.locks,
    { id: lock, kind: 'completion', units: 1, class: `what ${before} did before`, rules: [] },
  ];
  return asWritten(
    { name, locks, flags: [], tasks },
    { episode, basis: 'recorded', orders: [told], byAddress: true },
  );
}

function reason(capture: Capture, before: string, after: string, why: Refutation): string {
  const lines = (rows: readonly [number, number]): string =>
    rows.map((row) => `line ${whereAt(capture.events, row)}`).join(' and ');
  switch (why.is) {
    case 'order':
      return `${after} asks only after ${before} is past its own request, by what was read, forked and joined in between (${lines(why.rows)})`;
    case 'circle':
      return `in an order that ends there, ${lines(why.rows)} would each have to come before the other`;
    case 'searched':
      return `all orders of the sections before ${before} and ${after} ask were tried: in none each read sees what it saw`;
    default: {
      const never: never = why;
      return never;
    }
  }
}
