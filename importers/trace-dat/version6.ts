// trace.dat version 6: blocks in a fixed order without sections; written by trace-cmd 2.x, and by 3.x on demand.
import type { RandomAccess } from '../random-access.js';
import { CpuTable } from './admit.js';
import {
  readCmdlines,
  readEventFormats,
  readFtraceFormats,
  readHeaderInfo,
  readShortText,
} from './blocks.js';
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

const TAG_BYTES = 10;
const MAX_BUFFERS = 4096;

/** A place stored by option BUFFER, in the byte order of the writing host: reversed where straight is absurd. */
function placeOf(value: bigint, fileSize: number): number | null {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  for (const place of [value, bytes.readBigUInt64LE()])
    if (place > 0n && place < BigInt(fileSize)) return Number(place);
  return null;
}

/** Reads what follows the head. Null if it is broken before the ring buffers are described. */
export function readVersion6(
  file: RandomAccess,
  cursor: Cursor,
  head: HeadFacts,
  note: Note,
): TraceDat | null {
  const { bigEndian } = cursor;
  const header = readHeaderInfo(cursor);
  const formats: FormatText[] = [];
  readFtraceFormats(cursor, formats);
  readEventFormats(cursor, formats);
  const symbols = { at: cursor.at + 4, size: cursor.u32() };
  cursor.skip(symbols.size);
  const printk = readShortText(cursor).toString('latin1');
  const cmdlines = readCmdlines(cursor);
  const headCpus = cursor.u32();
  const options = emptyOptions();
  const instances: { readonly at: number; readonly name: string }[] = [];
  let tag = cursor.bytes(TAG_BYTES, TAG_BYTES).toString('latin1');
  if (tag === 'options  \0') {
    for (let id = cursor.u16(); id !== 0 && cursor.broken === null; id = cursor.u16()) {
      const data = cursor.bytes(cursor.u32(), MAX_TEXT_BYTES);
      if (id === OPTION.buffer && data.length > 8 && instances.length < MAX_BUFFERS) {
        const at = placeOf(bigEndian ? data.readBigUInt64BE() : data.readBigUInt64LE(), file.size);
        if (at === null) note('trace_dat_section_unreadable');
        else instances.push({ at, name: data.toString('latin1', 8).replace(/\0[\s\S]*$/, '') });
      } else if (id !== OPTION.buffer && !readOption(id, data, bigEndian, options))
        note('trace_dat_option_unknown');
    }
    tag = cursor.bytes(TAG_BYTES, TAG_BYTES).toString('latin1');
  }
  if (cursor.broken !== null) return null;
  const cpuCount = options.cpuCount ?? headCpus;
  const buffers: RingBuffer[] = [];
  const texts: TextBuffer[] = [];
  const budget = { left: file.size };
  // A sub-buffer larger than a page shows only in header_page here: data offset + data size.
  const told = /char data;\s*offset:(\d+);\s*size:(\d+)/.exec(header.page);
  const pageSize =
    soundPageSize(Math.max(head.pageSize, told === null ? 0 : Number(told[1]) + Number(told[2]))) ?? 4096;

  /** Data behind the tag of the top buffer or of an instance. */
  const readData = (at: Cursor, kind: string, name: string, fallbackClock: string): string => {
    if (kind === 'latency  \0') {
      texts.push({ name, text: at.bytes(Math.min(at.left, MAX_TEXT_BYTES), MAX_TEXT_BYTES) });
      return fallbackClock;
    }
    if (kind !== 'flyrecord\0' || cpuCount > MAX_CPUS) {
      note('trace_dat_section_unreadable');
      return fallbackClock;
    }
    const table = new CpuTable(file.size, budget, note);
    for (let cpu = 0; cpu < cpuCount && at.broken === null; cpu++) table.add(cpu, at.u64(), at.u64());
    // Where CPUCOUNT raised the number, a pair of zeros stands behind the table.
    if (options.cpuCount !== null && options.cpuCount > headCpus && at.left >= 16) {
      const before = at.at;
      if (at.u64() !== 0 || at.u64() !== 0) at.at = before;
    }
    let clock = fallbackClock;
    if (options.hasClock && at.broken === null) {
      const length = at.u64();
      if (at.broken === null && length > 0 && length <= 4096)
        clock = clockOf(at.bytes(length, 4096).toString('latin1'));
    }
    buffers.push({ name, clock, pageSize, compressed: false, cpus: table.cpus });
    return clock;
  };

  const topClock = readData(cursor, tag, '', 'local');
  for (const { at, name } of instances) {
    const there = new Cursor(file, bigEndian, at);
    readData(there, there.bytes(TAG_BYTES, TAG_BYTES).toString('latin1'), name, topClock);
  }
  return {
    version: 6,
    bigEndian,
    longSize: kernelLong(header.page, head.longSize),
    formats,
    kallsyms: () => {
      if (symbols.size === 0) return null;
      const bytes = new Cursor(file, bigEndian, symbols.at).bytes(symbols.size, MAX_TEXT_BYTES);
      return bytes.length === 0 ? null : bytes;
    },
    printk,
    cmdlines,
    options,
    compression: 'none',
    buffers,
    texts,
  };
}
