// One line of babeltrace2's text of a CTF trace: stamp, event, contexts and fields; and what it says of discarded events.

/** Values as printed, by name. */
export type Fields = ReadonlyMap<string, string>;

/** Seconds and nanoseconds of the clock, or of the day where the date was not printed. */
export interface Stamp {
  readonly seconds: number;
  readonly nanos: number;
  /** True where `seconds` begins anew at midnight. */
  readonly ofDay: boolean;
}

export interface CtfRecord {
  readonly stamp: Stamp | null;
  /** Value of the clock (`--clock-cycles`), or null. */
  readonly cycles: bigint | null;
  /** `lock_acquire` of LTTng, `lock:lock_acquire` of perf. */
  readonly name: string;
  /** Packet and event contexts. */
  readonly context: Fields;
  readonly payload: Fields;
  /** False where `--names` left the names of the fields out. */
  readonly named: boolean;
}

/** What a line is: a record, the beginning of one, or neither. */
export type CtfLine = CtfRecord | 'cut' | null;

/** Longest head: stamp, trace, host, domain, log level and the name of the event. */
const MOST_HEAD = 700;
const STAMP = String.raw`(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{9}|-?\d+\.\d{9}|\d{20}|\?[?:.]+|Error`;
const SCOPE = String.raw`(?=\{ |(?:stream|event)\.[\w.]+ = \{ )`;
/** plugins/text/pretty/print.c print_event_header(). */
const HEAD = new RegExp(
  String.raw`^(?:\[(${STAMP})\] )?(?:\(\+[\d.?]+\) )?(?:[^{}"[\]]{0,400} )?([A-Za-z_][\w:.$+-]*): ${SCOPE}`,
);
/** With `--names=header` or `all`. */
const NAMED_HEAD = new RegExp(
  String.raw`^timestamp = (${STAMP}), (?:[^{}"[\]]{0,400}, )?name = ([A-Za-z_][\w:.$+-]*), ${SCOPE}`,
);
const SCOPE_NAME = /((?:stream|event)\.[\w.]+) = /y;
const FIELD_NAME = /(?:([A-Za-z_][\w.$]*)|\[\d+\]) = /y;
const PLAIN = /[^\s,{}()[\]"]+/y;

/** Reads `[1234.000000001]`, `[22:13:20.000000001]`, with a date too; null for a clock that is not known. */
export function readStamp(text: string): Stamp | null {
  const wall = /^(?:(\d{4}-\d\d-\d\d) )?(\d\d):(\d\d):(\d\d)\.(\d{9})$/.exec(text);
  if (wall !== null) {
    const [, date, hours, minutes, seconds, nanos] = wall;
    const days = date === undefined ? 0 : Date.parse(`${date}T00:00:00Z`) / 1000;
    if (Number.isNaN(days)) return null;
    return {
      seconds: days + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
      nanos: Number(nanos),
      ofDay: date === undefined,
    };
  }
  const plain = /^(\d{1,12})\.(\d{9})$/.exec(text);
  if (plain === null) return null;
  return { seconds: Number(plain[1]), nanos: Number(plain[2]), ofDay: false };
}

/** The place behind a quoted string that begins at `at`, or -1. */
function behindString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 92) i++;
    else if (code === 34) return i + 1;
  }
  return -1;
}

/** The place behind a structure, array or enumeration that begins at `at`, or -1. */
function behindNested(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      i = behindString(text, i) - 1;
      if (i < 0) return -1;
    } else if (code === 123 || code === 91 || code === 40) depth++;
    else if ((code === 125 || code === 93 || code === 41) && --depth === 0) return i + 1;
  }
  return -1;
}

function behindValue(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === 34) return behindString(text, at);
  if (code === 123 || code === 91 || code === 40) return behindNested(text, at);
  PLAIN.lastIndex = at;
  return PLAIN.test(text) ? PLAIN.lastIndex : -1;
}

/** Reads `{ a = 1, b = "x" }` at `at` into `fields`; the place behind it, or -1. `unnamed` counts values without a name. */
function readScope(
  text: string,
  at: number,
  fields: Map<string, string>,
  unnamed: { count: number },
): number {
  let i = at + 1;
  for (;;) {
    while (text.charCodeAt(i) === 32) i++;
    if (text.charCodeAt(i) === 125) return i + 1;
    FIELD_NAME.lastIndex = i;
    const name = FIELD_NAME.exec(text);
    if (name !== null) i = FIELD_NAME.lastIndex;
    const end = behindValue(text, i);
    if (end === -1) return -1;
    if (name?.[1] === undefined) unnamed.count++;
    else fields.set(name[1], text.slice(i, end));
    i = end;
    if (text.charCodeAt(i) === 44) i++;
    else if (!text.startsWith(' }', i)) return -1;
  }
}

/** True if the line begins as a record does, and with what tells it from other text. */
export function beginsRecord(line: string): boolean {
  const head = line.slice(0, MOST_HEAD);
  const found = HEAD.exec(head) ?? NAMED_HEAD.exec(head);
  if (found === null) return false;
  return found[1] !== undefined || line.slice(found[0].length, found[0].length + 60).includes('{ cpu_id = ');
}

/** Reads one line. */
export function readCtfLine(line: string): CtfLine {
  const head = line.slice(0, MOST_HEAD);
  const found = HEAD.exec(head) ?? NAMED_HEAD.exec(head);
  if (found === null) return null;
  const [all, printed, name = ''] = found;
  const scopes: Map<string, string>[] = [];
  const unnamed = { count: 0 };
  let payload: Map<string, string> | null = null;
  let i = all.length;
  for (;;) {
    SCOPE_NAME.lastIndex = i;
    const scope = SCOPE_NAME.exec(line)?.[1];
    if (scope !== undefined) i = SCOPE_NAME.lastIndex;
    if (line.charCodeAt(i) !== 123) return 'cut';
    const fields = new Map<string, string>();
    i = readScope(line, i, fields, unnamed);
    if (i === -1) return 'cut';
    if (scope === 'event.fields') payload = fields;
    else scopes.push(fields);
    if (i === line.length) break;
    if (!line.startsWith(', ', i)) return 'cut';
    i += 2;
  }
  // The payload stands last; an event without fields and contexts but the packet's has one scope.
  if (payload === null && !(scopes.length === 1 && scopes[0]?.has('cpu_id') === true))
    payload = scopes.pop() ?? null;
  const isCycles = printed !== undefined && /^\d{20}$/.test(printed);
  return {
    stamp: printed === undefined ? null : readStamp(printed),
    cycles: isCycles ? BigInt.asUintN(63, BigInt(printed)) : null,
    name,
    context: scopes.length === 1 ? scopes[0]! : new Map(scopes.flatMap((fields) => [...fields])),
    payload: payload ?? new Map(),
    named: unnamed.count === 0,
  };
}

/** Events that the tracer discarded: how many, and between which times, which are null where babeltrace does not know. */
export interface Discarded {
  readonly count: number;
  readonly from: Stamp | null;
  readonly to: Stamp | null;
}

/** babeltrace2 `WARNING: Tracer discarded 3 events between [..] and [..] in trace ..`; `[warning] Tracer ..` of babeltrace 1. */
const DISCARDED =
  /\bTracer (?:may have )?discarded (?:(\d+) )?(?:an? )?(?:events?|packets?)\b(?:.{0,40}? between \[([^\]]*)\] and \[([^\]]*)\])?/;

/** What a warning says of discarded events; null for any other line. */
export function readDiscarded(line: string): Discarded | null {
  const found = DISCARDED.exec(line.slice(0, MOST_HEAD));
  if (found === null) return null;
  const [, count, from, to] = found;
  return {
    count: Math.max(1, Number(count ?? 1)),
    from: from === undefined ? null : readStamp(from),
    to: to === undefined ? null : readStamp(to),
  };
}

/** A string without its quotes and escapes, or null where there is none. */
export function stringIn(fields: Fields, name: string): string | null {
  const value = fields.get(name);
  if (value === undefined || !value.startsWith('"')) return null;
  return value.slice(1, -1).replace(/\\(["'?\\])/g, '$1');
}

const INTEGER = /^(?:-?\d{1,20}|0x[0-9A-Fa-f]{1,16})$/;

/** A small integer, of an enumeration its container; null where there is none. */
export function numberIn(fields: Fields, name: string): number | null {
  const value = fields.get(name);
  if (value === undefined) return null;
  const text = value.startsWith('(') ? (/: container = (\S+) \)$/.exec(value)?.[1] ?? '') : value;
  return INTEGER.test(text) ? Number(text) : null;
}

/** An address as 64 bits, however it was printed; null where there is none. */
export function addressIn(fields: Fields, name: string): bigint | null {
  const value = fields.get(name);
  if (value === undefined || !INTEGER.test(value)) return null;
  const bits = BigInt.asUintN(64, BigInt(value));
  return bits === 0n ? null : bits;
}
