// trace.dat version 7: sections found through a chain of options, each perhaps compressed.
import { memoryAccess, type RandomAccess } from '../random-access.js';
import { CpuTable } from './admit.js';
import {
  readCmdlines,
  readEventFormats,
  readFtraceFormats,
  readHeaderInfo,
  readShortText,
} from './blocks.js';
import type { Codec } from './codec.js';
import {
  clockOf,
  emptyOptions,
  type FormatText,
  type HeadFacts,
  kernelLong,
  MAX_CPUS,
  MAX_TEXT_BYTES,
  type Note,
  type RingBuffer,
  soundPageSize,
  type TextBuffer,
  type TraceDat,
} from './container.js';
import { Cursor } from './cursor.js';
import { OPTION, readOption } from './options.js';
import { type PageWindow, packedPages, unpackBudget } from './pages.js';

const MAX_OPTION_SECTIONS = 1024;
const MAX_BUFFERS = 4096;
const SECTION_HEADER_BYTES = 16;
const COMPRESSED = 1;
/** Bytes of one CPU in option BUFFER: u32 cpu, u64 offset, u64 size. */
const CPU_ENTRY_BYTES = 20;

interface Section {
  readonly id: number;
  readonly compressed: boolean;
  /** Where the payload begins. */
  readonly at: number;
  readonly size: number;
}

/** What the parts of the reader share. */
interface Reading {
  readonly file: RandomAccess;
  readonly bigEndian: boolean;
  readonly codec: Codec;
  readonly note: Note;
  readonly head: HeadFacts;
}

function sectionAt(reading: Reading, place: number): Section | null {
  if (place <= 0 || place > reading.file.size - SECTION_HEADER_BYTES) return null;
  const cursor = new Cursor(reading.file, reading.bigEndian, place);
  const id = cursor.u16();
  const flags = cursor.u16();
  cursor.u32();
  const size = cursor.u64();
  return cursor.broken === null
    ? { id, compressed: (flags & COMPRESSED) !== 0, at: place + SECTION_HEADER_BYTES, size }
    : null;
}

/** The payload of a section, unpacked; null (noted) if it cannot be had. */
function payloadOf(reading: Reading, section: Section | null, id: number): Uint8Array | null {
  if (section === null || section.id !== id) {
    reading.note('trace_dat_section_unreadable');
    return null;
  }
  const cursor = new Cursor(reading.file, reading.bigEndian, section.at);
  let bytes: Uint8Array | null;
  if (section.compressed) {
    const packed = cursor.u32();
    const size = cursor.u32();
    const frame = cursor.bytes(packed, MAX_TEXT_BYTES);
    bytes = cursor.broken !== null || size > MAX_TEXT_BYTES ? null : reading.codec(frame, size);
  } else {
    bytes = cursor.bytes(section.size, MAX_TEXT_BYTES);
    if (cursor.broken !== null) bytes = null;
  }
  if (bytes === null) reading.note('trace_dat_section_unreadable');
  return bytes;
}

/** Feeds the payload of the section at `place` to `read`; what could be read before damage stays. */
function readSection(
  reading: Reading,
  place: number | undefined,
  id: number,
  read: (cursor: Cursor) => void,
): void {
  if (place === undefined) return;
  const bytes = payloadOf(reading, sectionAt(reading, place), id);
  if (bytes === null) return;
  const cursor = new Cursor(memoryAccess(bytes), reading.bigEndian, 0);
  read(cursor);
  if (cursor.broken !== null) reading.note('trace_dat_section_unreadable');
}

/**
 * Option BUFFER. Its numbers are written in the byte order of the writing host: `trace-cmd convert` of an s390x file on x86
 * writes them the other way round than all others, and then reads no event of its own file.
 */
function readBuffer(reading: Reading, data: Buffer, budget: { left: number }): RingBuffer | null {
  const { file, note } = reading;
  const parse = (bigEndian: boolean) => {
    const cursor = new Cursor(memoryAccess(data), bigEndian, 0);
    const place = cursor.big();
    const name = cursor.zstr();
    const clock = cursor.zstr();
    const pageSize = soundPageSize(cursor.u32());
    const count = cursor.u32();
    const sound =
      cursor.broken === null &&
      pageSize !== null &&
      count <= MAX_CPUS &&
      count * CPU_ENTRY_BYTES <= cursor.left;
    return { cursor, place, name, clock, pageSize, count, sound };
  };
  let parsed = parse(reading.bigEndian);
  if (!parsed.sound) {
    const swapped = parse(!reading.bigEndian);
    if (!swapped.sound) {
      note('trace_dat_section_unreadable');
      return null;
    }
    note('trace_dat_numbers_swapped');
    parsed = swapped;
  }
  const section = parsed.place < BigInt(file.size) ? sectionAt(reading, Number(parsed.place)) : null;
  if (section === null || section.id !== OPTION.buffer) {
    note('trace_dat_section_unreadable');
    return null;
  }
  const table = new CpuTable(file.size, budget, note);
  for (let i = 0; i < parsed.count && parsed.cursor.broken === null; i++)
    table.add(parsed.cursor.u32(), parsed.cursor.u64(), parsed.cursor.u64());
  return {
    name: parsed.name,
    clock: clockOf(parsed.clock),
    pageSize: parsed.pageSize ?? reading.head.pageSize,
    compressed: section.compressed,
    cpus: table.cpus,
  };
}

/** Option BUFFER_TEXT: what a latency tracer showed; compressed, it stands in chunks as ring buffers do. */
function readBufferText(reading: Reading, data: Buffer): TextBuffer | null {
  const { file, bigEndian, codec, note } = reading;
  const cursor = new Cursor(memoryAccess(data), bigEndian, 0);
  const place = cursor.u64();
  const name = cursor.zstr();
  const section = cursor.broken === null ? sectionAt(reading, place) : null;
  if (section?.compressed !== true) {
    const text = payloadOf(reading, section, OPTION.bufferText);
    return text === null ? null : { name, text };
  }
  const next = packedPages(
    file,
    { cpu: 0, offset: section.at, size: Math.min(section.size, file.size - section.at) },
    bigEndian,
    codec,
    unpackBudget(file.size, 1),
    note,
  );
  const window: PageWindow = { bytes: Buffer.alloc(0), where: 0, straight: true };
  const parts: Buffer[] = [];
  for (let size = 0; size < MAX_TEXT_BYTES && next(window); size += window.bytes.length)
    parts.push(window.bytes);
  return { name, text: Buffer.concat(parts) };
}

/** Reads what follows the head. Never null: a file whose chain of options is broken has what was read before. */
export function readVersion7(reading: Reading, firstOptions: number, compression: string): TraceDat {
  const { file, bigEndian, note } = reading;
  const options = emptyOptions();
  const places = new Map<number, number>();
  const bufferData: Buffer[] = [];
  const textData: Buffer[] = [];
  const seen = new Set<number>();
  let place = firstOptions;
  while (place !== 0) {
    if (seen.has(place) || seen.size >= MAX_OPTION_SECTIONS) {
      note('trace_dat_options_in_circles');
      break;
    }
    seen.add(place);
    const bytes = payloadOf(reading, sectionAt(reading, place), OPTION.done);
    if (bytes === null) break;
    const cursor = new Cursor(memoryAccess(bytes), bigEndian, 0);
    place = 0;
    while (cursor.broken === null) {
      const id = cursor.u16();
      const data = cursor.bytes(cursor.u32(), MAX_TEXT_BYTES);
      if (cursor.broken !== null) break;
      if (id === OPTION.done) {
        place = new Cursor(memoryAccess(data), bigEndian, 0).u64();
        break;
      }
      if (id >= OPTION.headerInfo && id <= OPTION.cmdlines) {
        // In a file that was split the last one stands.
        places.set(id, new Cursor(memoryAccess(data), bigEndian, 0).u64());
      } else if (id === OPTION.buffer) {
        if (bufferData.length < MAX_BUFFERS) bufferData.push(data);
      } else if (id === OPTION.bufferText) {
        if (textData.length < MAX_BUFFERS) textData.push(data);
      } else if (!readOption(id, data, bigEndian, options)) note('trace_dat_option_unknown');
    }
    if (cursor.broken !== null) note('trace_dat_section_unreadable');
  }

  let headerPage = '';
  let printk = '';
  let cmdlines = '';
  const formats: FormatText[] = [];
  readSection(reading, places.get(OPTION.headerInfo), OPTION.headerInfo, (cursor) => {
    headerPage = readHeaderInfo(cursor).page;
  });
  readSection(reading, places.get(OPTION.ftraceEvents), OPTION.ftraceEvents, (cursor) =>
    readFtraceFormats(cursor, formats),
  );
  readSection(reading, places.get(OPTION.eventFormats), OPTION.eventFormats, (cursor) =>
    readEventFormats(cursor, formats),
  );
  readSection(reading, places.get(OPTION.printk), OPTION.printk, (cursor) => {
    printk = readShortText(cursor).toString('latin1');
  });
  readSection(reading, places.get(OPTION.cmdlines), OPTION.cmdlines, (cursor) => {
    cmdlines = readCmdlines(cursor);
  });
  const budget = { left: file.size };
  const symbols = places.get(OPTION.kallsyms);
  return {
    version: 7,
    bigEndian,
    longSize: kernelLong(headerPage, reading.head.longSize),
    formats,
    kallsyms: () => {
      let bytes: Buffer | null = null;
      readSection(reading, symbols, OPTION.kallsyms, (cursor) => {
        bytes = readShortText(cursor);
      });
      return bytes;
    },
    printk,
    cmdlines,
    options,
    compression,
    buffers: bufferData.flatMap((data) => readBuffer(reading, data, budget) ?? []),
    texts: textData.flatMap((data) => readBufferText(reading, data) ?? []),
  };
}
