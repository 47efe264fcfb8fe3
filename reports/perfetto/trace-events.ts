// Trace Event JSON of a witness, for Perfetto: a track a task, holds as asynchronous begin and end, waits as slices.
import { stageOf } from '../draw/stage.js';
import type { Explanation } from '../explain.js';
import { jsonText } from '../text/json-text.js';
import { plainName } from '../text/plain-text.js';
import { taskTitle } from '../text/scenario.js';

/** One event of the format (Trace Event Format, Google, 2016; Perfetto reads it). Times are microseconds. */
export type TraceEvent =
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name' | 'thread_sort_index';
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly pid: number;
      readonly tid: number;
      readonly ts: number;
      readonly dur: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'b' | 'e';
      readonly name: string;
      readonly cat: string;
      readonly id: string;
      readonly pid: number;
      readonly tid: number;
      readonly ts: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'i';
      readonly name: string;
      readonly cat: string;
      readonly s: 'g';
      readonly pid: number;
      readonly tid: number;
      readonly ts: number;
    };

export interface TraceFile {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string>>;
}

/** One step is drawn as one millisecond: their order is what a schedule knows, times are not. */
const STEP_US = 1000;
const PID = 1;

/** Holds are asynchronous (`b`, `e`), since locks need not nest; what a task does, and its waits, are slices (`X`). */
export function traceEvents(explanation: Explanation): TraceFile {
  const stage = stageOf(explanation);
  const end = (stage.moves + 1) * STEP_US;
  const events: TraceEvent[] = [
    { ph: 'M', name: 'process_name', pid: PID, tid: 0, args: { name: plainName(explanation.title) } },
  ];
  for (const [i, task] of explanation.tasks.entries()) {
    const name = plainName(taskTitle(task));
    events.push({ ph: 'M', name: 'thread_name', pid: PID, tid: i + 1, args: { name } });
    events.push({ ph: 'M', name: 'thread_sort_index', pid: PID, tid: i + 1, args: { sort_index: i } });
  }
  for (const [i, move] of explanation.moves.entries()) {
    const wait = stage.waits.find((bar) => bar.task === move.task && bar.from === i);
    if (move.outcome === 'waits' && wait === undefined) continue;
    const until = wait === undefined ? (i + 1) * STEP_US : wait.to === null ? end : wait.to * STEP_US;
    const place = move.place === null ? {} : { line: `${plainName(move.place.file)}:${move.place.line}` };
    events.push({
      ph: 'X',
      name: plainName(wait === undefined ? move.text : `waits: ${move.text}`),
      cat: wait === undefined ? 'step' : 'wait',
      pid: PID,
      tid: move.task + 1,
      ts: i * STEP_US,
      dur: until - i * STEP_US,
      args: { step: i + 1, ...(move.site === null ? {} : { site: plainName(move.site) }), ...place },
    });
  }
  for (const [n, bar] of stage.holds.entries()) {
    const label = explanation.tasks[bar.task]?.label ?? '?';
    const event = {
      name: plainName(`${bar.lock} held by ${label}`),
      cat: 'hold',
      id: `0x${(n + 1).toString(16)}`,
      pid: PID,
      tid: bar.task + 1,
    };
    events.push({ ph: 'b', ...event, ts: bar.from * STEP_US, args: { lock: plainName(bar.lock) } });
    events.push({ ph: 'e', ...event, ts: bar.to === null ? end : bar.to * STEP_US, args: {} });
  }
  events.push({
    ph: 'i',
    name: explanation.ends.toUpperCase(),
    cat: 'verdict',
    s: 'g',
    pid: PID,
    tid: 1,
    ts: Math.max(0, end - STEP_US),
  });
  return {
    traceEvents: events,
    displayTimeUnit: 'ms',
    otherData: {
      witness: explanation.witness.id,
      model: explanation.witness.model,
      tool: `relock ${explanation.tool}`,
      note: 'one millisecond a step: the order is the schedule, the times are not',
    },
  };
}

/** The file, one event a line. */
export function perfettoForm(explanation: Explanation): string[] {
  const { traceEvents: events, ...rest } = traceEvents(explanation);
  const head = jsonText(rest).slice(1, -1);
  const last = events.length - 1;
  return [
    `{${head},"traceEvents":[`,
    ...events.map((event, i) => `${jsonText(event)}${i === last ? '' : ','}`),
    ']}',
  ];
}
