// What a trace.dat container holds, whatever its version: texts of the kernel, options, and where the ring buffers lie.
import type { SkipStat } from '../skips.js';

/** Data of one CPU of one buffer. */
export interface CpuData {
  readonly cpu: number;
  /** Where it begins in the file, in bytes. */
  readonly offset: number;
  /** Bytes in the file, compressed or not. */
  readonly size: number;
}

/** One ring buffer: the top one, or an instance. */
export interface RingBuffer {
  /** Empty for the top buffer. */
  readonly name: string;
  /** The clock's name (`local`, `mono`, `x86-tsc`), as the kernel calls it. */
  readonly clock: string;
  /** Bytes of a sub-buffer. */
  readonly pageSize: number;
  readonly compressed: boolean;
  readonly cpus: readonly CpuData[];
}

/** The text of a latency tracer in the place of binary records: what `cat trace` would have shown. */
export interface TextBuffer {
  readonly name: string;
  readonly text: Uint8Array;
}

/** Translation of x86-tsc stamps into nanoseconds: `ns = (tsc * mult) >> shift`. */
export interface TscScale {
  readonly mult: number;
  readonly shift: number;
}

/** What the options say beside where things are. */
export interface Options {
  /** `Linux host release machine`, or null. */
  uname: string | null;
  /** Version of the trace-cmd that wrote the file, or null. */
  writer: string | null;
  /** Texts of per_cpu/cpuN/stats, in the order of the file. */
  readonly cpuStats: string[];
  /** Nanoseconds to add to every stamp. */
  offsetNs: bigint;
  tsc: TscScale | null;
  /** True if the clock's name stands behind the ring buffers (version 6). */
  hasClock: boolean;
  /** CPUs of the traced machine, if an option raises them. */
  cpuCount: number | null;
  /** Text about the boot before, of a persistent ring buffer, or null. */
  lastBoot: string | null;
  /** True if guest and host were synchronised: stamps of a guest need a translation that relock does not do. */
  timeShift: boolean;
}

/** One `format` file of the kernel. */
export interface FormatText {
  readonly system: string;
  readonly text: string;
}

export interface TraceDat {
  readonly version: 6 | 7;
  readonly bigEndian: boolean;
  /** Bytes of the kernel's long. */
  readonly longSize: 4 | 8;
  readonly formats: readonly FormatText[];
  /** Symbols, or null; decoded only when asked for, since they are the bulk of a small file. */
  readonly kallsyms: () => Uint8Array | null;
  readonly printk: string;
  readonly cmdlines: string;
  readonly options: Options;
  readonly compression: string;
  readonly buffers: readonly RingBuffer[];
  readonly texts: readonly TextBuffer[];
}

/** What the head says of the traced machine. */
export interface HeadFacts {
  readonly pageSize: number;
  /** Bytes of the long of the program that recorded. */
  readonly longSize: number;
}

/** Told what was skipped, and how often. */
export type Note = (stat: SkipStat, times?: number) => void;

export function emptyOptions(): Options {
  return {
    uname: null,
    writer: null,
    cpuStats: [],
    offsetNs: 0n,
    tsc: null,
    hasClock: false,
    cpuCount: null,
    lastBoot: null,
    timeShift: false,
  };
}

/** Most bytes of one metadata text; kallsyms of large kernels have 14 MB, event formats 8 MB. */
export const MAX_TEXT_BYTES = 64 << 20;
/** Most bytes of a sub-buffer: 64 pages of 64 KiB. */
export const MAX_PAGE_BYTES = 4 << 20;
/** Most CPUs that are believed. */
export const MAX_CPUS = 1 << 16;

/** The page size if it is one that a kernel can have, else null. */
export function soundPageSize(bytes: number): number | null {
  return bytes >= 512 && bytes <= MAX_PAGE_BYTES && bytes % 4 === 0 ? bytes : null;
}

/** The bracketed word of a `trace_clock` file, or the only word, or `local`. */
export function clockOf(text: string): string {
  return /\[([\w-]+)\]/.exec(text)?.[1] ?? /^\s*([\w-]+)\s*$/.exec(text.replaceAll('\0', ''))?.[1] ?? 'local';
}

/** Bytes of the kernel's long: the commit word of `header_page` has them; `headLong` is that of the recording program. */
export function kernelLong(headerPage: string, headLong: number): 4 | 8 {
  const told = /\bcommit;\s*offset:\d+;\s*size:(\d+)/.exec(headerPage)?.[1];
  return (told === undefined ? headLong : Number(told)) === 4 ? 4 : 8;
}
