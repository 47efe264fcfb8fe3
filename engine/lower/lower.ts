// Lowering: a capture's episodes as programs that can be run, each with what it rests on.
import type { Capture, Episode } from '../../corpus/schema/capture.js';
import type { LoweredProgram, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import { asWritten } from './as-written.js';
import { type Body, bodyOf, levelOf, type Naming } from './body.js';
import { lockName, TaskNames } from './names.js';
import { lockRules } from './rules.js';
import { lowerTrace, TRACE_LIMITS, TRACE_ORIGIN, type TraceLimits } from './trace/lower-trace.js';

/** A program of a capture that could not be made, and why. */
export interface NotLowered {
  readonly episode: number;
  readonly reason: string;
}

export interface Lowered {
  readonly programs: readonly LoweredProgram[];
  readonly notLowered: readonly NotLowered[];
  /**
   * For recordings of a tracer: true if every ring of transactions has its program, so that a recording without programs
   * has no deadlock in any order of its transactions. Null for what is no recording.
   */
  readonly complete: boolean | null;
  /** For recordings of a tracer: what leaves it open whether it ended well, one sentence each. */
  readonly unsettled: readonly string[];
}

/**
 * All programs of a capture: those it carries outright, then one for each episode with events, in order; of a tracer's
 * episodes those of the transactions that could deadlock (engine/lower/trace).
 */
export function lowerCapture(capture: Capture, limits: TraceLimits = TRACE_LIMITS): Lowered {
  const programs = capture.programs.map((program) => asWritten(program));
  const notLowered: NotLowered[] = [];
  const traced = capture.episodes.some((episode) => episode.origin === TRACE_ORIGIN);
  const trace = traced ? lowerTrace(capture, baseName(capture), limits) : null;
  programs.push(...(trace?.programs ?? []));
  const byEpisode = eventsByEpisode(capture);
  capture.episodes.forEach((episode, index) => {
    if (episode.origin === TRACE_ORIGIN) return;
    const events = byEpisode.get(index) ?? [];
    if (events.length === 0) return;
    const lowered = lowerEpisode(capture, episode, index, events);
    if (typeof lowered === 'string') notLowered.push({ episode: index, reason: lowered });
    else programs.push(lowered);
  });
  return { programs, notLowered, complete: trace?.complete ?? null, unsettled: trace?.unsettled ?? [] };
}

function eventsByEpisode(capture: Capture): Map<number, number[]> {
  const lists = new Map<number, number[]>();
  if (capture.episodes.every((episode) => episode.origin === TRACE_ORIGIN)) return lists;
  const column = capture.events.episode;
  for (let i = 0; i < column.length; i++) {
    if (capture.episodes[column[i]!]?.origin === TRACE_ORIGIN) continue;
    const list = lists.get(column[i]!);
    if (list === undefined) lists.set(column[i]!, [i]);
    else list.push(i);
  }
  return lists;
}

function lowerEpisode(
  capture: Capture,
  episode: Episode,
  index: number,
  events: readonly number[],
): LoweredProgram | string {
  const { events: columns } = capture;
  const perTask = new Map<number, number[]>();
  for (const event of events) {
    const task = columns.task[event]!;
    const list = perTask.get(task);
    if (list === undefined) perTask.set(task, [event]);
    else list.push(event);
  }

  const names = new TaskNames();
  const taskNames = new Map<number, string>();
  for (const task of perTask.keys()) {
    const { name, pid } = capture.tasks[task]!;
    taskNames.set(task, names.name(name, pid));
  }
  const locks: ProgramLock[] = [];
  const lockIds = new Map<number, string>();
  const naming: Naming = {
    lockId: (lock) => {
      const known = lockIds.get(lock);
      if (known !== undefined) return known;
      const id = lockName(locks.length);
      const lockClass = capture.classes[capture.locks[lock]!.class]!;
      locks.push({
        id,
        kind: lockClass.kind,
        units: 1,
        class: lockClass.name,
        rules: lockRules(lockClass.name),
      });
      lockIds.set(lock, id);
      return id;
    },
    kindOf: (lock) => capture.classes[capture.locks[lock]!.class]!.kind,
    taskName: (task) =>
      taskNames.get(task) ?? names.name(capture.tasks[task]!.name, capture.tasks[task]!.pid),
  };

  const tasks: ProgramTask[] = [];
  const bodies: Body[] = [];
  for (const [task, own] of perTask) {
    const body = bodyOf(capture, own, naming, episode.leaks === true);
    const first = own[0]!;
    const cpu = columns.cpu[first]!;
    bodies.push(body);
    tasks.push({
      name: taskNames.get(task)!,
      function: capture.tasks[task]!.function,
      cpu: cpu < 0 ? null : cpu,
      irq: levelOf(capture, first),
      after: null,
      body: body.ops,
    });
  }
  const program: Program = { name: programName(capture, episode, index), locks, flags: [], tasks };
  return {
    program,
    episode: index,
    basis: episode.basis,
    happened: episode.happened,
    observedSchedule: shownSchedule(bodies),
    assumes: episode.assumes,
    ruledOut: episode.ruledOut,
    bystanders: [],
    expect: null,
    genome: null,
  };
}

/**
 * The schedule to the state that an episode shows: first every lock that is held, task by task; then every request,
 * those of tasks that hold nothing first, since a writer stops readers only if it queued before them.
 */
function shownSchedule(bodies: readonly Body[]): number[] | null {
  if (!bodies.some((body) => body.waits)) return null;
  const schedule: number[] = [];
  bodies.forEach((body, task) => {
    for (let i = 0; i < body.granted; i++) schedule.push(task);
  });
  const waiters = bodies.flatMap((body, task) => (body.waits ? [{ task, holds: body.granted > 0 }] : []));
  for (const holds of [false, true])
    for (const waiter of waiters) if (waiter.holds === holds) schedule.push(waiter.task);
  return schedule;
}

/** `LOG-circular-2`: file without folder and ending, what it was read from, and its number. */
function programName(capture: Capture, episode: Episode, index: number): string {
  return `${baseName(capture)}-${episode.origin}-${index}`.replace(/[^A-Za-z0-9_.+-]+/g, '-');
}

function baseName(capture: Capture): string {
  const base = capture.file.replace(/^.*\//, '').replace(/\.(log|txt|gz|xz|zst|dat)(?=$|\.)/g, '');
  return base.replace(/[^A-Za-z0-9_.+-]+/g, '-') || 'trace';
}
