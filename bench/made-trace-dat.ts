// Writes trace.dat files of either version from the parts of another: repeated, recompressed, or without its symbols.
import { closeSync, openSync, writeSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import * as zstd from '@bokuweb/zstd-wasm';
import { memoryAccess } from '../importers/random-access.js';
import { readyForZstd } from '../importers/trace-dat/codec.js';
import type { TraceDat } from '../importers/trace-dat/container.js';
import { openTraceDat } from '../importers/trace-dat/open.js';
import { packedPages, plainPages, unpackBudget } from '../importers/trace-dat/pages.js';

/** The pages of one CPU of one buffer. */
export interface MadeCpu {
  readonly cpu: number;
  readonly pages: Buffer;
}
export interface MadeBuffer {
  readonly name: string;
  readonly clock: string;
  readonly pageSize: number;
  readonly cpus: readonly MadeCpu[];
}
/** What a file is made of. */
export interface Parts {
  readonly bigEndian: boolean;
  readonly longSize: 4 | 8;
  readonly formats: TraceDat['formats'];
  readonly kallsyms: Uint8Array;
  readonly cmdlines: string;
  readonly uname: string;
  readonly buffers: readonly MadeBuffer[];
}

/** Takes a trace.dat apart. */
export async function partsOf(bytes: Uint8Array): Promise<Parts> {
  const file = memoryAccess(bytes);
  const note = (stat: string): void => {
    throw new Error(`made-trace-dat: the sample is not whole: ${stat}`);
  };
  const opened = await openTraceDat(file, note);
  if (opened === null) throw new Error('made-trace-dat: the sample is no trace.dat');
  const { dat, codec } = opened;
  return {
    bigEndian: dat.bigEndian,
    longSize: dat.longSize,
    formats: dat.formats,
    kallsyms: dat.kallsyms() ?? Buffer.alloc(0),
    cmdlines: dat.cmdlines,
    uname: dat.options.uname ?? '',
    buffers: dat.buffers.map((buffer) => ({
      name: buffer.name,
      clock: buffer.clock,
      pageSize: buffer.pageSize,
      cpus: buffer.cpus.map((data) => {
        const next = buffer.compressed
          ? packedPages(file, data, dat.bigEndian, codec, unpackBudget(bytes.length, 1), note)
          : plainPages(file, data, buffer.pageSize, note);
        const window = { bytes: Buffer.alloc(0), where: 0, straight: true };
        const pages: Buffer[] = [];
        while (next(window)) pages.push(Buffer.from(window.bytes));
        return { cpu: data.cpu, pages: Buffer.concat(pages) };
      }),
    })),
  };
}

export interface MakeOptions {
  readonly version: 6 | 7;
  /** Version 7 only. */
  readonly compression: 'none' | 'zlib' | 'zstd';
  /** How often the pages are repeated, each time later than the time before. */
  readonly copies?: number;
  readonly kallsyms?: boolean;
  /** Writes the numbers of option BUFFER, and of chunks, as a host of the other byte order does. */
  readonly swapped?: boolean;
}

/** A file being written: appended to, and patched where a place was not known before. */
interface Out {
  size: number;
  append(bytes: Uint8Array): number;
  patch(bytes: Uint8Array, at: number): void;
}

const MOST_IN_MEMORY = 64 << 20;

function memoryOut(): Out & { readonly done: () => Buffer } {
  let room = Buffer.alloc(1 << 20);
  return {
    size: 0,
    append(bytes) {
      const at = this.size;
      if (at + bytes.length > MOST_IN_MEMORY) throw new Error('made-trace-dat: too large for memory');
      while (at + bytes.length > room.length) room = Buffer.concat([room, Buffer.alloc(room.length)]);
      room.set(bytes, at);
      this.size += bytes.length;
      return at;
    },
    patch(bytes, at) {
      room.set(bytes, at);
    },
    done() {
      return room.subarray(0, this.size);
    },
  };
}

function fileOut(descriptor: number): Out {
  return {
    size: 0,
    append(bytes) {
      const at = this.size;
      for (let done = 0; done < bytes.length; )
        done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
      this.size += bytes.length;
      return at;
    },
    patch(bytes, at) {
      writeSync(descriptor, bytes, 0, bytes.length, at);
    },
  };
}

/** Numbers in the file's byte order. */
function numbers(bigEndian: boolean) {
  const of = (size: number, write: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(size);
    write(bytes);
    return bytes;
  };
  return {
    u16: (n: number) => of(2, (b) => (bigEndian ? b.writeUInt16BE(n) : b.writeUInt16LE(n))),
    u32: (n: number) => of(4, (b) => (bigEndian ? b.writeUInt32BE(n) : b.writeUInt32LE(n))),
    u64: (n: number | bigint) =>
      of(8, (b) => (bigEndian ? b.writeBigUInt64BE(BigInt(n)) : b.writeBigUInt64LE(BigInt(n)))),
  };
}
type Numbers = ReturnType<typeof numbers>;

const zstr = (text: string): Buffer => Buffer.from(`${text}\0`, 'latin1');
const text = (words: string): Buffer => Buffer.from(words, 'latin1');

function headerInfo(n: Numbers, parts: Parts, pageSize: number): Buffer {
  const header = 8 + parts.longSize;
  const page = text(
    `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:${parts.longSize};\tsigned:1;\n\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:${header};\tsize:${pageSize - header};\tsigned:0;\n`,
  );
  const event = text('# compressed entry header\n');
  return Buffer.concat([
    zstr('header_page'),
    n.u64(page.length),
    page,
    zstr('header_event'),
    n.u64(event.length),
    event,
  ]);
}

function formatBlocks(n: Numbers, parts: Parts): { readonly ftrace: Buffer; readonly events: Buffer } {
  const block = (system: string): Buffer[] => {
    const own = parts.formats.filter((format) => format.system === system);
    return [n.u32(own.length), ...own.flatMap(({ text: t }) => [n.u64(t.length), text(t)])];
  };
  const systems = [...new Set(parts.formats.map(({ system }) => system))].filter(
    (system) => system !== 'ftrace',
  );
  return {
    ftrace: Buffer.concat(block('ftrace')),
    events: Buffer.concat([
      n.u32(systems.length),
      ...systems.flatMap((system) => [zstr(system), ...block(system)]),
    ]),
  };
}

/** Adds `shift` to the stamp of each page; no absolute stamps may stand in the sample. */
function laterPages(pages: Buffer, pageSize: number, bigEndian: boolean, shift: bigint): Buffer {
  const later = Buffer.from(pages);
  for (let at = 0; at + pageSize <= later.length; at += pageSize) {
    if (bigEndian) later.writeBigUInt64BE(later.readBigUInt64BE(at) + shift, at);
    else later.writeBigUInt64LE(later.readBigUInt64LE(at) + shift, at);
  }
  return later;
}

/** Nanoseconds between the first stamp and one behind the last page. */
function spanOf(parts: Parts): bigint {
  let first: bigint | null = null;
  let last = 0n;
  for (const { pageSize, cpus } of parts.buffers)
    for (const { pages } of cpus)
      for (let at = 0; at + pageSize <= pages.length; at += pageSize) {
        const stamp = parts.bigEndian ? pages.readBigUInt64BE(at) : pages.readBigUInt64LE(at);
        if (first === null || stamp < first) first = stamp;
        if (stamp > last) last = stamp;
      }
  // A page spans less than this at the rate of any trace worth its name.
  return last - (first ?? 0n) + 1_000_000_000n;
}

function align(out: Out, pageSize: number): void {
  const over = out.size % pageSize;
  if (over !== 0) out.append(Buffer.alloc(pageSize - over));
}

function writeVersion6(out: Out, parts: Parts, options: MakeOptions, n: Numbers): void {
  const pageSize = parts.buffers[0]?.pageSize ?? 4096;
  const { ftrace, events } = formatBlocks(n, parts);
  const symbols = options.kallsyms === false ? Buffer.alloc(0) : parts.kallsyms;
  const copies = options.copies ?? 1;
  const span = spanOf(parts);
  const cpuCount = Math.max(...parts.buffers.flatMap(({ cpus }) => cpus.map(({ cpu }) => cpu + 1)), 1);
  for (const bytes of [
    headerInfo(n, parts, pageSize),
    ftrace,
    events,
    n.u32(symbols.length),
    symbols,
    n.u32(0),
  ])
    out.append(bytes);
  out.append(Buffer.concat([n.u64(parts.cmdlines.length), text(parts.cmdlines), n.u32(cpuCount)]));
  out.append(text('options  \0'));
  out.append(Buffer.concat([n.u16(4), n.u32(0)]));
  out.append(Buffer.concat([n.u16(5), n.u32(parts.uname.length + 1), zstr(parts.uname)]));
  const [top, ...instances] = parts.buffers;
  const placesOf: number[] = [];
  for (const { name } of instances) {
    out.append(Buffer.concat([n.u16(3), n.u32(8 + name.length + 1)]));
    placesOf.push(out.append(n.u64(0)));
    out.append(zstr(name));
  }
  out.append(n.u16(0));
  [top, ...instances].forEach((buffer, i) => {
    if (buffer === undefined) return;
    if (i > 0) out.patch(n.u64(out.size), placesOf[i - 1] ?? 0);
    out.append(text('flyrecord\0'));
    const table = out.append(Buffer.alloc(16 * cpuCount));
    const clock = `[${buffer.clock}]`;
    out.append(Buffer.concat([n.u64(clock.length + 1), zstr(clock)]));
    for (const { cpu, pages } of buffer.cpus) {
      align(out, pageSize);
      const at = out.size;
      for (let copy = 0; copy < copies; copy++)
        out.append(laterPages(pages, pageSize, parts.bigEndian, span * BigInt(copy)));
      out.patch(Buffer.concat([n.u64(at), n.u64(out.size - at)]), table + 16 * cpu);
    }
  });
}

function writeVersion7(out: Out, parts: Parts, options: MakeOptions, n: Numbers): void {
  const compress = (bytes: Uint8Array): Uint8Array =>
    options.compression === 'zlib' ? deflateSync(bytes) : zstd.compress(Buffer.from(bytes), 3);
  const isPacked = options.compression !== 'none';
  // The writing host's byte order, where trace-cmd forgets to convert.
  const host = options.swapped === true ? numbers(!parts.bigEndian) : n;
  const pageSize = parts.buffers[0]?.pageSize ?? 4096;
  const copies = options.copies ?? 1;
  const span = spanOf(parts);
  out.append(Buffer.concat([zstr(options.compression), zstr('1')]));
  const first = out.append(n.u64(0));
  const section = (id: number, payload: Uint8Array): number => {
    const packed = isPacked ? compress(payload) : payload;
    const size = packed.length + (isPacked ? 8 : 0);
    const at = out.append(Buffer.concat([n.u16(id), n.u16(isPacked ? 1 : 0), n.u32(0), n.u64(size)]));
    if (isPacked) out.append(Buffer.concat([n.u32(packed.length), n.u32(payload.length)]));
    out.append(packed);
    return at;
  };
  const { ftrace, events } = formatBlocks(n, parts);
  const symbols = options.kallsyms === false ? Buffer.alloc(0) : parts.kallsyms;
  const places: (readonly [number, number])[] = [
    [16, section(16, headerInfo(n, parts, pageSize))],
    [17, section(17, ftrace)],
    [18, section(18, events)],
    [19, section(19, Buffer.concat([n.u32(symbols.length), symbols]))],
    [20, section(20, Buffer.concat([n.u32(0)]))],
    [21, section(21, Buffer.concat([n.u64(parts.cmdlines.length), text(parts.cmdlines)]))],
  ];
  const entries: Buffer[] = places.map(([id, at]) => Buffer.concat([n.u16(id), n.u32(8), n.u64(at)]));
  entries.push(Buffer.concat([n.u16(5), n.u32(parts.uname.length + 1), zstr(parts.uname)]));
  for (const buffer of parts.buffers) {
    const at = out.append(Buffer.concat([n.u16(3), n.u16(isPacked ? 1 : 0), n.u32(0), n.u64(0)]));
    const table: Buffer[] = [];
    for (const { cpu, pages } of buffer.cpus) {
      align(out, pageSize);
      const start = out.size;
      if (!isPacked) {
        for (let copy = 0; copy < copies; copy++)
          out.append(laterPages(pages, buffer.pageSize, parts.bigEndian, span * BigInt(copy)));
      } else {
        const chunk = 10 * buffer.pageSize;
        const perCopy = Math.ceil(pages.length / chunk);
        out.append(host.u32(perCopy * copies));
        for (let copy = 0; copy < copies; copy++) {
          const later = laterPages(pages, buffer.pageSize, parts.bigEndian, span * BigInt(copy));
          for (let from = 0; from < later.length; from += chunk) {
            const part = later.subarray(from, from + chunk);
            const packed = compress(part);
            out.append(Buffer.concat([n.u32(packed.length), n.u32(part.length), packed]));
          }
        }
      }
      table.push(
        Buffer.concat([host.u32(cpu), host.u64(start), host.u64(out.size - start - (isPacked ? 4 : 0))]),
      );
    }
    const data = Buffer.concat([
      host.u64(at),
      zstr(buffer.name),
      zstr(buffer.clock),
      host.u32(buffer.pageSize),
      host.u32(table.length),
      ...table,
    ]);
    entries.push(Buffer.concat([n.u16(3), n.u32(data.length), data]));
  }
  entries.push(Buffer.concat([n.u16(0), n.u32(8), n.u64(0)]));
  const payload = Buffer.concat(entries);
  const options0 = out.append(Buffer.concat([n.u16(0), n.u16(0), n.u32(0), n.u64(payload.length)]));
  out.append(payload);
  out.patch(n.u64(options0), first);
}

function write(out: Out, parts: Parts, options: MakeOptions): void {
  const n = numbers(parts.bigEndian);
  const pageSize = parts.buffers[0]?.pageSize ?? 4096;
  out.append(
    Buffer.concat([
      Buffer.from([0x17, 0x08, 0x44]),
      text('tracing'),
      zstr(String(options.version)),
      Buffer.from([parts.bigEndian ? 1 : 0, parts.longSize]),
      n.u32(pageSize),
    ]),
  );
  if (options.version === 6) writeVersion6(out, parts, options, n);
  else writeVersion7(out, parts, options, n);
}

/** A file in memory, up to 64 MiB. */
export async function makeTraceDat(parts: Parts, options: MakeOptions): Promise<Buffer> {
  await readyForZstd();
  const out = memoryOut();
  write(out, parts, options);
  return out.done();
}

/** The same as a file on disk, of any size. */
export async function writeTraceDat(path: string, parts: Parts, options: MakeOptions): Promise<void> {
  await readyForZstd();
  const descriptor = openSync(path, 'w');
  write(fileOut(descriptor), parts, options);
  closeSync(descriptor);
}
