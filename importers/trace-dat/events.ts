// The event formats of a file by their numbers.
import type { FormatText, Note } from './container.js';
import { type EventFormat, parseEventFormat } from './event-format.js';

/** Parses all formats; of two under one number the last one stands. */
export function eventsById(texts: readonly FormatText[], note: Note): Map<number, EventFormat> {
  const byId = new Map<number, EventFormat>();
  for (const { system, text } of texts) {
    const format = parseEventFormat(system, text);
    if (format === null) {
      note('trace_dat_format_unreadable');
      continue;
    }
    const other = byId.get(format.id);
    if (other !== undefined && (other.name !== format.name || other.system !== format.system))
      note('trace_dat_format_unreadable');
    byId.set(format.id, format);
  }
  return byId;
}
