// Lines of the function_graph tracer: their columns, calls, returns, events in comments, and blocks of task switches.
import type { LockFunction } from '../trace-events/lock-functions.js';
import type { NameTable } from './names.js';

const SPACE = 32;

/** What a line of function_graph says; the same object is filled for each line. */
export class GraphLine {
  kind: 'entry' | 'leaf' | 'exit' | 'comment' | 'switch' | 'rule' | 'irq-in' | 'irq-out' | 'none' = 'none';
  seconds = 0;
  fraction = 0;
  hasTime = false;
  cpu = -1;
  /** Task column, or null where it was left out. */
  comm: string | null = null;
  pid = -1;
  /** For switches: who ran before. */
  previousComm = '';
  previousPid = -1;
  flags: string | null = null;
  depth = 0;
  /** Function, or the text of a comment. */
  name = '';
  /** The function of a call, where it was looked up already. */
  callee: LockFunction | null = null;
  /** First argument where arguments were recorded, as hex text. */
  argument: string | null = null;
  /** Returned value where recorded. */
  ret: number | null = null;
}

const TIME = /^ *(\d+)\.(\d{6,9}) \|/;
const CPU = /^ {0,4}(\d+)\) ?/;
const TASK = /^ {0,20}(\S.{0,15}?|)-(\d+) *$/;
const FLAGS = /^ {1,3}[dDXbB.][nNplLbB.][zZhHs.][0-9a-f.][0-9a-f._>=-]{0,4} *$/;
const DURATION = /^ *(?:[+!#*@$] *)?(?:[\d.]+ us *)?$/;
const SWITCH = /^ {0,4}(\d+)\) +(\S.{0,15}?|)-(\d+) +=> +(\S.{0,15}?|)-(\d+) *$/;
const CALL = /^([A-Za-z_.$][\w.$]*|0x[0-9a-f]+)(?: \[[\w-]+\])?\((.*?)\)(?: *(;|\{))/;
const RET = /(?:\bret ?=|^ *=|\/\* *=) *(-?(?:0x)?[0-9a-f]+)/;

/** Reads the part behind the last column: a call, its end, or a comment. `base`: blanks before depth 0. */
export function readCall(into: GraphLine, rest: string, base: number): boolean {
  let indent = 0;
  while (rest.charCodeAt(indent) === 32) indent++;
  const what = rest.slice(indent).trimEnd();
  into.depth = Math.max(0, (indent - base) >> 1);
  into.argument = null;
  into.ret = null;
  into.callee = null;
  if (what.startsWith('}')) {
    into.kind = 'exit';
    into.name = '';
    const ret = RET.exec(what)?.[1];
    into.ret = ret === undefined ? null : returnedValue(ret);
    return true;
  }
  if (what.startsWith('/*')) {
    into.kind = 'comment';
    into.name = what.slice(2).replace(/\*\/$/, '').trim();
    return true;
  }
  if (what.startsWith('==========>')) {
    into.kind = 'irq-in';
    return true;
  }
  if (what.startsWith('<==========')) {
    into.kind = 'irq-out';
    return true;
  }
  const call = CALL.exec(what);
  if (call === null) return false;
  into.kind = call[3] === '{' ? 'entry' : 'leaf';
  into.name = call[1] ?? '';
  into.argument = /0x([0-9a-f]{4,16})\b/.exec(call[2] ?? '')?.[1] ?? null;
  const ret = RET.exec(what.slice(call[0].length))?.[1];
  into.ret = ret === undefined ? null : returnedValue(ret);
  return true;
}

function returnedValue(text: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.parseInt(text.replace(/^0x/, ''), 16);
  // Negative errors are printed as unsigned 64-bit numbers by some versions.
  return value > 2 ** 63 ? -1 : value;
}

/**
 * Reads the most frequent lines, those of the default columns (`CPU) DURATION | call`) without arguments, comments and values;
 * false for any other line, which `readGraphLine` may know.
 */
export function readPlainGraphLine(
  into: GraphLine,
  text: string,
  from: number,
  to: number,
  functions: NameTable<LockFunction>,
): boolean {
  let end = to;
  while (end > from && text.charCodeAt(end - 1) === SPACE) end--;
  let at = from;
  let code = text.charCodeAt(at);
  while (code === SPACE) code = text.charCodeAt(++at);
  if (at > from + 4) return false;
  let cpu = 0;
  const digits = at;
  while (code >= 48 && code <= 57) {
    cpu = cpu * 10 + code - 48;
    code = text.charCodeAt(++at);
  }
  if (code !== 41 || at === digits) return false;
  code = text.charCodeAt(++at);
  while (code === SPACE) code = text.charCodeAt(++at);
  // `+ ! # * @ $` mark long durations.
  if (code === 43 || code === 33 || code === 35 || code === 42 || code === 64 || code === 36) {
    code = text.charCodeAt(++at);
    while (code === SPACE) code = text.charCodeAt(++at);
  }
  if (code >= 48 && code <= 57) {
    while ((code >= 48 && code <= 57) || code === 46) code = text.charCodeAt(++at);
    if (code !== SPACE || text.charCodeAt(at + 1) !== 117 || text.charCodeAt(at + 2) !== 115) return false;
    at += 3;
    code = text.charCodeAt(at);
    while (code === SPACE) code = text.charCodeAt(++at);
  }
  if (code !== 124 || at >= end) return false;
  const column = ++at;
  code = text.charCodeAt(at);
  while (code === SPACE) code = text.charCodeAt(++at);
  const depth = Math.max(0, (at - column - 2) >> 1);
  if (code === 125) {
    if (at + 1 !== end) return false;
    into.kind = 'exit';
    into.name = '';
  } else {
    const start = at;
    let hash = 0;
    while ((code >= 97 && code <= 122) || code === 95 || code === 46 || (code >= 48 && code <= 57)) {
      hash = (hash * 31 + code) | 0;
      code = text.charCodeAt(++at);
    }
    const first = text.charCodeAt(start);
    if (at === start || (first >= 48 && first <= 57) || code !== 40 || text.charCodeAt(at + 1) !== 41)
      return false;
    const behind = text.charCodeAt(at + 2);
    if (behind === 59 && at + 3 === end) into.kind = 'leaf';
    else if (behind === SPACE && text.charCodeAt(at + 3) === 123 && at + 4 === end) into.kind = 'entry';
    else return false;
    const called = functions.at(text, start, at, hash);
    into.name = called.name;
    into.callee = called;
  }
  into.cpu = cpu;
  into.depth = depth;
  into.hasTime = false;
  into.comm = null;
  into.pid = -1;
  into.flags = null;
  into.argument = null;
  into.ret = null;
  return true;
}

/**
 * Reads the default columns (`CPU) DURATION |`) of the line at `from` as `readPlainGraphLine` and `readGraphLine` do; returns the
 * place behind them, or -1 for any other line. `limit`: where the last line ends.
 */
export function graphColumns(into: GraphLine, view: DataView, from: number, limit: number): number {
  const last = limit - 1;
  if (from > last) return -1;
  let at = from;
  let byte = view.getUint8(at);
  while (byte === SPACE && at < last) byte = view.getUint8(++at);
  if (at > from + 4) return -1;
  let cpu = 0;
  const digits = at;
  while (byte >= 48 && byte <= 57 && at < last) {
    cpu = cpu * 10 + byte - 48;
    byte = view.getUint8(++at);
  }
  if (byte !== 41 || at === digits || at - digits > 5 || at >= last) return -1;
  byte = view.getUint8(++at);
  while (byte === SPACE && at < last) byte = view.getUint8(++at);
  // `+ ! # * @ $` mark long durations.
  if (byte === 43 || byte === 33 || byte === 35 || byte === 42 || byte === 64 || byte === 36) {
    if (at >= last) return -1;
    byte = view.getUint8(++at);
    while (byte === SPACE && at < last) byte = view.getUint8(++at);
  }
  if (byte >= 48 && byte <= 57) {
    while (((byte >= 48 && byte <= 57) || byte === 46) && at < last) byte = view.getUint8(++at);
    if (byte !== SPACE || at + 3 > last || view.getUint8(at + 1) !== 117 || view.getUint8(at + 2) !== 115)
      return -1;
    at += 3;
    byte = view.getUint8(at);
    while (byte === SPACE && at < last) byte = view.getUint8(++at);
  }
  if (byte !== 124) return -1;
  into.cpu = cpu;
  return at + 1;
}

/** Reads one line; false if it is none of function_graph. */
export function readGraphLine(into: GraphLine, line: string): boolean {
  into.kind = 'none';
  into.hasTime = false;
  into.cpu = -1;
  into.comm = null;
  into.pid = -1;
  into.flags = null;
  if (/^ ?-{20,}$/.test(line)) {
    into.kind = 'rule';
    return true;
  }
  let at = 0;
  const time = TIME.exec(line);
  if (time !== null) {
    into.hasTime = true;
    into.seconds = Number(time[1]);
    into.fraction = Number((time[2] ?? '').slice(0, 6));
    at = time[0].length;
  }
  const cpu = CPU.exec(line.slice(at));
  if (cpu !== null) {
    const swap = time === null && line.includes('=>') ? SWITCH.exec(line) : null;
    if (swap !== null) {
      into.kind = 'switch';
      into.cpu = Number(swap[1]);
      into.previousComm = swap[2] ?? '';
      into.previousPid = Number(swap[3]);
      into.comm = swap[4] ?? '';
      into.pid = Number(swap[5]);
      return true;
    }
    into.cpu = Number(cpu[1]);
    at += cpu[0].length - (cpu[0].endsWith(' ') ? 1 : 0);
  } else if (time === null) return false;
  let hadDuration = false;
  for (;;) {
    const bar = line.indexOf('|', at);
    if (bar === -1) break;
    const segment = line.slice(at, bar);
    if (!hadDuration && DURATION.test(segment)) hadDuration = true;
    else if (into.flags === null && FLAGS.test(segment)) into.flags = segment.trim();
    else {
      const task: RegExpExecArray | null = into.comm === null && !hadDuration ? TASK.exec(segment) : null;
      if (task === null) break;
      into.comm = task[1] ?? '';
      into.pid = Number(task[2]);
    }
    at = bar + 1;
    if (hadDuration) break;
  }
  return readCall(into, line.slice(at), hadDuration ? 2 : 1);
}
