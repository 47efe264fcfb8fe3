// The blocks of texts that versions 6 and 7 share: header page, event formats, kallsyms, printk formats, command names.
import { type FormatText, MAX_TEXT_BYTES } from './container.js';
import type { Cursor } from './cursor.js';

/** Most formats of one file; event ids have 16 bits. */
const MAX_FORMATS = 1 << 16;
const MAX_SYSTEMS = 1 << 14;

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** The text of `header_page`; `header_event` is only checked by its numbers when there. */
export function readHeaderInfo(cursor: Cursor): { readonly page: string; readonly event: string } {
  if (cursor.zstr(32) !== 'header_page') cursor.fail('header_page is missing');
  const page = textOf(cursor.bytes(cursor.u64(), MAX_TEXT_BYTES));
  if (cursor.zstr(32) !== 'header_event') cursor.fail('header_event is missing');
  const event = textOf(cursor.bytes(cursor.u64(), MAX_TEXT_BYTES));
  return { page, event };
}

function readFormats(cursor: Cursor, system: string, count: number, into: FormatText[]): void {
  for (let i = 0; i < count && cursor.broken === null; i++) {
    const text = textOf(cursor.bytes(cursor.u64(), MAX_TEXT_BYTES));
    if (cursor.broken !== null) return;
    if (into.length >= MAX_FORMATS) {
      cursor.fail('more event formats than ids');
      return;
    }
    into.push({ system, text });
  }
}

/** Formats of ftrace's own records. */
export function readFtraceFormats(cursor: Cursor, into: FormatText[]): void {
  readFormats(cursor, 'ftrace', cursor.u32(), into);
}

/** Formats of all event systems. */
export function readEventFormats(cursor: Cursor, into: FormatText[]): void {
  const systems = cursor.u32();
  if (systems > MAX_SYSTEMS) cursor.fail('more event systems than are believed');
  for (let i = 0; i < systems && cursor.broken === null; i++) {
    const system = cursor.zstr();
    readFormats(cursor, system, cursor.u32(), into);
  }
}

/** kallsyms and printk formats: a text behind its u32 length. */
export function readShortText(cursor: Cursor): Buffer {
  return cursor.bytes(cursor.u32(), MAX_TEXT_BYTES);
}

/** Command names: a text behind its u64 length. */
export function readCmdlines(cursor: Cursor): string {
  return cursor.bytes(cursor.u64(), MAX_TEXT_BYTES).toString('latin1');
}
