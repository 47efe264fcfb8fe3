// What stands before the event on a line of ftrace text: task, pid, CPU, interrupt flags, time.
import { IRQ_STATE } from '../../corpus/schema/event.js';

/** One record's head; the same object is filled for every line. Times are kept in parts, for 2^53 ns are three months. */
export class Head {
  /** Where the name of the task stands in the text, behind blanks: most names are never looked at. */
  commFrom = 0;
  commTo = 0;
  /** The name itself where it is remembered and the text does not begin with it; null where it stands in the text. */
  comm: string | null = null;
  /** Characters before the blanks in front of the time, in the default layout without oddities; else -1. */
  fixed = -1;
  pid = 0;
  cpu = -1;
  /** Index into CONTEXTS, or -1 if the line does not say. */
  level = -1;
  /** Bits of IRQ_STATE, 0 if the line does not say. */
  irqState = 0;
  /** High and low half of the time in ns. */
  timeHigh = -0x80000000;
  timeLow = 0;
  /** Where the event's name begins. */
  body = 0;
  seconds = 0;
  /** Digits behind the point as a number, and how many there are; -1 for a plain count. */
  fraction = 0;
  fractionDigits = -1;

  /** Works out `timeHigh` and `timeLow` from the parts. */
  computeTime(): void {
    const { seconds, fraction, fractionDigits } = this;
    if (fractionDigits < 0) {
      this.timeHigh = Math.floor(seconds / 4294967296) | 0;
      this.timeLow = seconds | 0;
      return;
    }
    const ns = fractionDigits === 6 ? fraction * 1000 : fraction * 10 ** (9 - fractionDigits);
    if (seconds < 4_000_000) {
      // Below 2^53 ns, 104 days after boot: no remainders of doubles, which are slow.
      const whole = seconds * 1e9 + ns;
      const high = Math.floor(whole / 4294967296);
      this.timeHigh = high | 0;
      this.timeLow = (whole - high * 4294967296) | 0;
      return;
    }
    // Exact in doubles: seconds are split at 2^16.
    const a = Math.floor(seconds / 65536) * 1e9;
    const rest = (a % 65536) * 65536 + (seconds % 65536) * 1e9 + ns;
    this.timeHigh = (Math.floor(a / 65536) + Math.floor(rest / 4294967296)) | 0;
    this.timeLow = (rest % 4294967296) | 0;
  }
}

const SPACE = 32;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const OPEN = 91;
const CLOSE = 93;
const PAREN = 40;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Reads the interrupt flags (kernel/trace/trace_output.c trace_print_lat_fmt()) between `from` and `to`. */
export function readFlags(head: Head, text: string, from: number): void {
  const first = text.charCodeAt(from);
  // d: interrupts off, b: bottom halves off, D: both; X: the machine cannot tell.
  head.irqState =
    first === 46
      ? IRQ_STATE.known
      : first === 100
        ? IRQ_STATE.known | IRQ_STATE.hardOff
        : first === 68
          ? IRQ_STATE.known | IRQ_STATE.hardOff | IRQ_STATE.softOff
          : first === 98
            ? IRQ_STATE.known | IRQ_STATE.softOff
            : 0;
  switch (text.charCodeAt(from + 2)) {
    case 104: // h
    case 72: // H
      head.level = 2;
      break;
    case 115: // s
      head.level = 1;
      break;
    case 90: // Z
    case 122: // z
      head.level = 3;
      break;
    default:
      head.level = 0;
  }
}

/** Reads `SECONDS.FRACTION`, or a count, at `from`; returns the place behind it, or -1. */
function readTime(head: Head, text: string, from: number): number {
  let at = from;
  let seconds = 0;
  let code = text.charCodeAt(at);
  if (!isDigit(code)) return -1;
  while (isDigit(code)) {
    seconds = seconds * 10 + code - 48;
    code = text.charCodeAt(++at);
  }
  head.seconds = seconds;
  if (code !== DOT) {
    head.fraction = 0;
    head.fractionDigits = -1;
    return at;
  }
  const start = ++at;
  let fraction = 0;
  code = text.charCodeAt(at);
  while (isDigit(code)) {
    fraction = fraction * 10 + code - 48;
    code = text.charCodeAt(++at);
  }
  head.fraction = fraction;
  head.fractionDigits = at - start;
  return at;
}

/** Finds the pid's dash where the name is not padded to 16 columns. A quoted line is none. */
const LOOSE = /^\s*([^\s>|].*?|)-(\d+)\s+(?:\(\s*(?:\d+|-+)\)\s*)?\[\d{3,}\]/;

/**
 * Reads the head of a line in the default layout, with or without flags and thread group, or of `trace-cmd report`:
 * `comm-pid [cpu] flags time: `. False if it is none.
 */
export function readDefaultHead(head: Head, text: string, from: number, to: number): boolean {
  let at = from + 16;
  if (text.charCodeAt(at) !== DASH || !isDigit(text.charCodeAt(at + 1))) {
    const loose = LOOSE.exec(text.slice(from, Math.min(to, from + 200)));
    if (loose === null) return false;
    const indent = loose[0].length - loose[0].trimStart().length;
    at = from + indent + (loose[1] ?? '').length;
  }
  head.commTo = at;
  let pid = 0;
  let code = text.charCodeAt(++at);
  while (isDigit(code)) {
    pid = pid * 10 + code - 48;
    code = text.charCodeAt(++at);
  }
  head.pid = pid;
  while (code === SPACE) code = text.charCodeAt(++at);
  if (code === PAREN) {
    at = text.indexOf(')', at) + 1;
    code = text.charCodeAt(at);
    while (code === SPACE) code = text.charCodeAt(++at);
  }
  if (code !== OPEN) return looseHead(head, text, from, to);
  let cpu = 0;
  const cpuFrom = ++at;
  code = text.charCodeAt(at);
  while (isDigit(code)) {
    cpu = cpu * 10 + code - 48;
    code = text.charCodeAt(++at);
  }
  if (code !== CLOSE || at === cpuFrom) return looseHead(head, text, from, to);
  head.cpu = cpu;
  code = text.charCodeAt(++at);
  let fixed = at - from;
  while (code === SPACE) code = text.charCodeAt(++at);
  if (code === PAREN) {
    // Until 4.x the thread group stood behind the CPU.
    fixed = -1;
    at = text.indexOf(')', at) + 1;
    code = text.charCodeAt(at);
    while (code === SPACE) code = text.charCodeAt(++at);
  }
  head.level = -1;
  head.irqState = 0;
  // Flags hold at least one character that no time has, or are followed by a blank and not by a point or colon.
  let end = at;
  while (end < to && text.charCodeAt(end) > SPACE) end++;
  if (text.charCodeAt(end - 1) !== COLON) {
    if (end - at < 4 || end - at > 9) return false;
    readFlags(head, text, at);
    at = end;
    if (fixed >= 0) fixed = at - from;
    while (text.charCodeAt(at) === SPACE) at++;
  }
  at = readTime(head, text, at);
  if (at === -1 || text.charCodeAt(at) !== COLON || at >= to) return false;
  at++;
  while (text.charCodeAt(at) === SPACE) at++;
  if (text.charCodeAt(at) === PAREN && text.charCodeAt(at + 1) === 43) {
    // trace-cmd report --ts-diff
    fixed = -1;
    at = text.indexOf(')', at) + 1;
    while (text.charCodeAt(at) === SPACE) at++;
  }
  if (at > to) return false;
  head.commFrom = from;
  head.comm = null;
  head.fixed = fixed;
  head.body = at;
  return true;
}

/** A dash in column 16 was part of a name: look for the pid from the CPU backwards. */
function looseHead(head: Head, text: string, from: number, to: number): boolean {
  const line = text.slice(from, to);
  const loose = LOOSE.exec(line);
  if (loose === null) return false;
  const indent = loose[0].length - loose[0].trimStart().length;
  const dash = indent + (loose[1] ?? '').length;
  if (dash === 16) return false;
  // Shift the line so that its dash stands in column 16.
  const padded = `${line.slice(0, dash).padStart(16).slice(-16)}${line.slice(dash)}`;
  const shift = from - (padded.length - line.length);
  if (!readDefaultHead(head, padded, 0, padded.length)) return false;
  head.commFrom = from + indent;
  head.commTo = from + dash;
  head.fixed = -1;
  head.body += shift;
  return true;
}

/**
 * Reads the head of a line in the latency layout: `comm-pid cpuflags timeus mark: ` as in the file of that option, in a dump
 * that an oops prints, and in `trace-cmd report -l` (where the time is in seconds).
 */
const LATENCY =
  /^ {0,20}(\S.{0,15}?|)-(\d+) +(\d+)([dDXbB.][nNplLbB.][zZhHs.][0-9a-f.][0-9a-f._>=-]{0,4}) +(\d+)(?:\.(\d{6,9}))?(?:us)?[ +!#*@$]?: ?/;

export function readLatencyHead(head: Head, text: string, from: number, to: number): boolean {
  const found = LATENCY.exec(text.slice(from, Math.min(to, from + 120)));
  if (found === null) return false;
  const [all, comm = '', pid, cpu, flags = '', seconds, fraction] = found;
  head.commFrom = from + all.indexOf(comm);
  head.commTo = head.commFrom + comm.length;
  head.comm = null;
  head.fixed = -1;
  head.pid = Number(pid);
  head.cpu = Number(cpu);
  readFlags(head, flags, 0);
  if (fraction === undefined) {
    // Microseconds since the first record.
    head.seconds = Math.floor(Number(seconds) / 1e6);
    head.fraction = Number(seconds) % 1e6;
    head.fractionDigits = 6;
  } else {
    head.seconds = Number(seconds);
    head.fraction = Number(fraction);
    head.fractionDigits = fraction.length;
  }
  head.body = from + all.length;
  while (text.charCodeAt(head.body) === SPACE) head.body++;
  return true;
}

/** Verbose latency layout: `comm pid cpu flags preempt index [hex time] 84.832ms (+0.129ms): `. Flags are a number here. */
const VERBOSE =
  /^ {0,20}(\S.{0,15}?) +(\d+) +(\d+) (\d+) ([0-9a-f]{8}) ([0-9a-f]{8}) \[([0-9a-f]{8,})\] (\d+)\.(\d+)ms \([+-]?[\d.]+ms\): /;

export function readVerboseHead(head: Head, text: string, from: number, to: number): boolean {
  const found = VERBOSE.exec(text.slice(from, Math.min(to, from + 200)));
  if (found === null) return false;
  const [all, comm = '', pid, cpu, flags, , , , ms, fraction = ''] = found;
  head.commFrom = from + all.indexOf(comm);
  head.commTo = head.commFrom + comm.length;
  head.comm = null;
  head.fixed = -1;
  head.pid = Number(pid);
  head.cpu = Number(cpu);
  // TRACE_FLAG_*: 0x01 interrupts off, 0x08 hardirq, 0x10 softirq, 0x40 NMI, 0x80 bottom halves off.
  const bits = Number(flags);
  head.irqState =
    IRQ_STATE.known |
    ((bits & 0x01) !== 0 ? IRQ_STATE.hardOff : 0) |
    ((bits & 0x80) !== 0 ? IRQ_STATE.softOff : 0);
  head.level = (bits & 0x40) !== 0 ? 3 : (bits & 0x08) !== 0 ? 2 : (bits & 0x10) !== 0 ? 1 : 0;
  const micro = Number(ms) * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
  head.seconds = Math.floor(micro / 1e6);
  head.fraction = micro % 1e6;
  head.fractionDigits = 6;
  head.body = from + all.length;
  return true;
}
