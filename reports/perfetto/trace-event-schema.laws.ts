// The Trace Event Format as far as relock writes it, as a JSON Schema, and what a schema cannot say as a check.
import { Ajv } from 'ajv';
import type { TraceEvent } from './trace-events.js';

const number = { type: 'number', minimum: 0 } as const;
const text = { type: 'string', minLength: 1 } as const;
const whole = { type: 'integer', minimum: 0 } as const;

/** After "Trace Event Format" (Google, 2016): metadata, complete, nestable asynchronous and instant events. */
const SCHEMA = {
  type: 'object',
  required: ['traceEvents'],
  properties: {
    displayTimeUnit: { enum: ['ms', 'ns'] },
    otherData: { type: 'object', additionalProperties: { type: 'string' } },
    traceEvents: {
      type: 'array',
      items: {
        type: 'object',
        required: ['ph', 'pid', 'tid', 'name'],
        properties: { pid: whole, tid: whole, name: text },
        oneOf: [
          {
            properties: {
              ph: { const: 'M' },
              name: { enum: ['process_name', 'thread_name', 'thread_sort_index'] },
              args: { type: 'object', minProperties: 1 },
            },
            required: ['args'],
          },
          {
            properties: { ph: { const: 'X' }, ts: number, dur: number, cat: text, args: { type: 'object' } },
            required: ['ts', 'dur', 'cat'],
          },
          {
            properties: {
              ph: { enum: ['b', 'n', 'e'] },
              ts: number,
              cat: text,
              id: { type: 'string', pattern: '^0x[0-9a-f]+$' },
            },
            required: ['ts', 'cat', 'id'],
          },
          {
            properties: { ph: { const: 'i' }, ts: number, s: { enum: ['g', 'p', 't'] } },
            required: ['ts', 's'],
          },
        ],
      },
    },
  },
} as const;

const validate = new Ajv({ allErrors: true }).compile(SCHEMA);

/** What is wrong with a file; empty if Perfetto can be expected to draw all of it. */
export function traceProblems(text: string): string[] {
  const file = JSON.parse(text) as { readonly traceEvents: readonly TraceEvent[] };
  if (!validate(file)) return (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
  const problems: string[] = [];
  const open = new Map<string, { name: string; ts: number }>();
  const slices = new Map<number, { from: number; to: number }[]>();
  for (const event of file.traceEvents) {
    if (event.ph === 'b') {
      const key = `${event.cat} ${event.id}`;
      if (open.has(key)) problems.push(`${key} begins twice`);
      open.set(key, event);
    } else if (event.ph === 'e') {
      const key = `${event.cat} ${event.id}`;
      const begun = open.get(key);
      if (begun === undefined || begun.name !== event.name || begun.ts > event.ts)
        problems.push(`${key} ends without its begin`);
      open.delete(key);
    } else if (event.ph === 'X') {
      const others = slices.get(event.tid) ?? [];
      const mine = { from: event.ts, to: event.ts + event.dur };
      // Slices of one track must nest or be apart.
      for (const other of others)
        if (other.from < mine.from && mine.from < other.to && other.to < mine.to)
          problems.push(`slices of track ${event.tid} overlap at ${mine.from}`);
      slices.set(event.tid, [...others, mine]);
    }
  }
  for (const key of open.keys()) problems.push(`${key} never ends`);
  return problems;
}
