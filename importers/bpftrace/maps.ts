// Maps that bpftrace prints at the end, in JSON and in text, as annotations.
import type { CaptureBuilder } from '../builder.js';

type Value = string | number | null;

/** Members of one map that become notes; the builder bounds all of them together. */
const MOST_CHARS = 2_000;
const TEXT_MAP = /^(@\w*)(?:\[(.*)\])?: (\S.*)$/;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function plain(value: unknown): Value {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value === undefined ? null : JSON.stringify(value).slice(0, MOST_CHARS);
}

function note(
  builder: CaptureBuilder,
  kind: string,
  map: string,
  key: string | null,
  value: Value,
  where: number,
): void {
  const name = key === null ? map : `${map}[${key.slice(0, MOST_CHARS)}]`;
  builder.note({
    what: 'bpftrace',
    where,
    text: `${name}: ${value ?? ''}`,
    facts: { kind, map, key: key === null ? null : key.slice(0, MOST_CHARS), value },
  });
}

/** What `count()`, `avg()` and `stats()` of a map without keys print: an object that is a value. */
function isStatistic(value: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(value).every((key) => /^(?:count|average|total|min|max)$/.test(key));
}

/** `{"type": "map", "data": {"@name": {"key": value}}}`, also `hist`, `lhist` and `stats`. */
export function noteJsonMap(builder: CaptureBuilder, kind: string, data: unknown, where: number): void {
  if (!isObject(data)) return;
  for (const [map, content] of Object.entries(data)) {
    if (isObject(content) && !(kind === 'stats' && isStatistic(content)))
      for (const [key, value] of Object.entries(content)) note(builder, kind, map, key, plain(value), where);
    else note(builder, kind, map, null, plain(content), where);
  }
}

/** `@name[key, key]: value` of the text form; false if the line is none. */
export function noteTextMap(builder: CaptureBuilder, line: string, where: number): boolean {
  const found = TEXT_MAP.exec(line);
  if (found === null) return false;
  const [, map = '', key, text = ''] = found;
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : text.slice(0, MOST_CHARS);
  note(builder, 'map', map, key ?? null, value, where);
  return true;
}
