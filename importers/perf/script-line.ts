// One line of `perf script` text: the columns before the event's fields, a frame of a call chain, and what perf says of losses.
import type { Head } from '../ftrace/head.js';

/** The event of a record, behind what `Head` holds. */
export interface ScriptEvent {
  /** `lock` of `lock:contention_begin`; empty for events without a group and for perf's own records. */
  readonly group: string;
  readonly name: string;
}

/** Longest head: a name of a task, numbers, and the longest names of a group and an event (64 each). */
const MOST_HEAD = 300;

/**
 * tools/perf/builtin-script.c perf_sample__fprintf_start(): `comm [pid/]tid [cpu] misc time: period event: `, each but the thread
 * and the event left out by `-F`. Names of tasks may hold blanks; perf writes `:123` where it knows none.
 */
const HEAD =
  /^\s*(?:(\S.{0,63}?)\s+)??(?:-?\d+\/\s*)?(-?\d+)(?:\s+\[(\d+)\])?(?:\s+[A-Z]{1,4})?(?:\s+(\d+)\.(\d{6}|\d{9}):)?\s+(?:\d+\s+)?(?:(?:([A-Za-z_][\w-]*):)?([A-Za-z_][\w./,=-]*)(?:\/[a-zA-Z]*)?:(?=\s|$)|(PERF_RECORD_\w+)(?=[\s(:]|$))/;

/** Fills `head` from a record's line, `head.body` with where its fields begin; null if the line is none. */
export function readScriptHead(head: Head, line: string): ScriptEvent | null {
  const found = HEAD.exec(line.length > MOST_HEAD ? line.slice(0, MOST_HEAD) : line);
  if (found === null) return null;
  const [all, comm = '', tid, cpu, seconds, fraction, group = '', name, own] = found;
  // Something has to tell a record from prose such as `at 5 past: `.
  if (cpu === undefined && seconds === undefined && group === '') return null;
  head.commFrom = comm === '' ? 0 : line.indexOf(comm);
  head.commTo = head.commFrom + comm.length;
  head.pid = Number(tid);
  head.cpu = cpu === undefined ? -1 : Number(cpu);
  head.level = -1;
  head.irqState = 0;
  if (seconds === undefined || fraction === undefined) {
    head.timeHigh = -0x80000000;
    head.timeLow = 0;
  } else {
    head.seconds = Number(seconds);
    head.fraction = Number(fraction);
    head.fractionDigits = fraction.length;
    head.computeTime();
  }
  let body = all.length;
  while (line.charCodeAt(body) === 32 || line.charCodeAt(body) === 9) body++;
  head.body = body;
  return { group, name: own ?? name ?? '' };
}

/** A record whose columns do not say which thread it is of: `[001] 12.345678: lock:lock_acquire: ...`. */
const NOBODYS =
  /^\s*(?:\S.{0,63}?\s+)??(?:\[\d+\]\s+)?\d+\.(?:\d{6}|\d{9}):\s+[A-Za-z_][\w-]*:[A-Za-z_]\w*:(?:\s|$)/;

/** True for a record without a thread. */
export function isWithoutTask(line: string): boolean {
  return NOBODYS.test(line.slice(0, MOST_HEAD));
}

/** One frame of a call chain. */
export interface ScriptFrame {
  readonly symbol: string;
  /** The module that it is of, or null for the kernel itself. */
  readonly module: string | null;
}

/** Longest frame: symbols of kernels have up to 512 characters, paths of files more. */
const MOST_FRAME = 2000;
const FRAME = /^\s+(?:[0-9a-f]+\s+)?(\[unknown\]|[A-Za-z_.$][\w.$@]*)(?:\+0x[0-9a-f]+)?(?: \((.*)\))?\s*$/;
const KERNEL = /^(?:\[(?:guest\.)?kernel\b[^\]]*\](?:_\w+)?|.*\/vmlinux[^/]*|vmlinux|inlined)$/;
const MODULE = /^(?:\[(?:guest\.)?([a-z]\w*)\]|.*\/([\w-]+)\.ko(?:\.\w+)?)$/;
/** What looks like a module and is memory of a process. */
const MEMORY = /^\[(?:vdso|vdso32|vsyscall|heap|stack|anon|unknown|uprobes)\]$/;

/**
 * A frame of the kernel; `user` for one of a process or of unknown place, null for a line that is no frame. Without the column
 * `dso` all frames are taken for the kernel's.
 */
export function readFrame(line: string): ScriptFrame | 'user' | null {
  const found = FRAME.exec(line.slice(0, MOST_FRAME));
  if (found === null) return null;
  const [, symbol = '', dso] = found;
  if (symbol === '[unknown]') return 'user';
  if (dso === undefined || KERNEL.test(dso)) return { symbol, module: null };
  if (MEMORY.test(dso)) return 'user';
  const module = MODULE.exec(dso);
  const name = module?.[1] ?? module?.[2];
  return name === undefined ? 'user' : { symbol, module: name };
}

/** Records lost at a place: `PERF_RECORD_LOST lost 12`, `LOST_SAMPLES`. */
export function lostHere(event: ScriptEvent, fields: string): number | null {
  if (!event.name.startsWith('PERF_RECORD_LOST')) return null;
  return Number(/\blost (\d+)/.exec(fields)?.[1] ?? 1);
}

/** `Processed 9 events and lost 4 chunks!`, `Processed 9 samples and lost 12.50%!`, `LOST 7 events!`: how many, at least. */
const UNPLACED = /^(?:Processed \d+ \w+ and (?:LOST|lost) ([\d.]+)( chunks|%)?|.*\bLOST (\d+) events?)\b.*!/;

/** What perf's own records say of a task's life: `PERF_RECORD_FORK(12:13):(10:10)`, the child and whose it is, each as pid and tid. */
export interface TaskRecord {
  readonly what: 'fork' | 'exit';
  readonly tid: number;
}

/**
 * A fork or an exit that happened while perf recorded; null for what perf wrote at the start of those who ran before, at time 0, and for all
 * others (tools/perf/util/event.c perf_event__fprintf_task()).
 */
export function taskRecord(event: ScriptEvent, head: Head, fields: string): TaskRecord | null {
  const what = event.name === 'PERF_RECORD_FORK' ? 'fork' : event.name === 'PERF_RECORD_EXIT' ? 'exit' : null;
  if (what === null || head.timeHigh < 0 || (head.timeHigh === 0 && head.timeLow === 0)) return null;
  const found = /^\(\d+:(\d+)\):\(\d+:\d+\)/.exec(fields);
  return found === null ? null : { what, tid: Number(found[1]) };
}

/** Losses of which perf does not say where they were; null for any other line. */
export function lostSomewhere(line: string): number | null {
  const found = UNPLACED.exec(line.slice(0, MOST_HEAD));
  if (found === null) return null;
  const [, some, unit, events] = found;
  return unit === '%' ? 1 : Math.max(1, Math.floor(Number(events ?? some)));
}
