// Lines of the function_graph tracer: their columns, calls, returns, events in comments, and blocks of task switches.

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
    const swap = time === null ? SWITCH.exec(line) : null;
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
