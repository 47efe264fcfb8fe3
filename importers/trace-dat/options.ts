// Options of a trace.dat that say something about the machine or its clock; where data lie is read by each version.
import type { Options } from './container.js';

/** Numbers under which options are stored (trace-cmd.dat.v6.5 and v7.5). */
export const OPTION = {
  done: 0,
  date: 1,
  cpuStat: 2,
  buffer: 3,
  traceClock: 4,
  uname: 5,
  hook: 6,
  offset: 7,
  cpuCount: 8,
  version: 9,
  procMaps: 10,
  traceId: 11,
  timeShift: 12,
  guest: 13,
  tsc2nsec: 14,
  strings: 15,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  kallsyms: 19,
  printk: 20,
  cmdlines: 21,
  bufferText: 22,
  btfFile: 23,
  lastBoot: 24,
  modules: 25,
} as const;

const text = (data: Buffer): string => data.toString('latin1').replace(/\0[\s\S]*$/, '');

/** An ASCII number, `0x` or decimal, signed; null if it is none. */
function asciiNumber(data: Buffer): bigint | null {
  const match = /^\s*([-+]?)(0x[0-9a-f]{1,16}|\d{1,20})\s*$/i.exec(text(data));
  if (match === null) return null;
  const value = BigInt(match[2] ?? '0');
  return match[1] === '-' ? -value : value;
}

/**
 * Reads one option into `into`; false if it is one that this function does not know. CPUCOUNT is written in the byte order
 * of the machine that wrote the file, which is another one for `trace-cmd listen`: an absurd count is read reversed.
 */
export function readOption(id: number, data: Buffer, bigEndian: boolean, into: Options): boolean {
  const u32 = (at: number): number =>
    at + 4 > data.length ? 0 : bigEndian ? data.readUInt32BE(at) : data.readUInt32LE(at);
  switch (id) {
    case OPTION.date: {
      // Microseconds between the trace clock and gettimeofday.
      const micros = asciiNumber(data);
      if (micros !== null) into.offsetNs += micros * 1000n;
      return true;
    }
    case OPTION.offset: {
      const nanos = asciiNumber(data);
      if (nanos !== null) into.offsetNs += nanos;
      return true;
    }
    case OPTION.cpuStat:
      if (into.cpuStats.length < 1 << 17) into.cpuStats.push(text(data));
      return true;
    case OPTION.traceClock:
      into.hasClock = true;
      return true;
    case OPTION.uname:
      into.uname = text(data);
      return true;
    case OPTION.version:
      into.writer = text(data);
      return true;
    case OPTION.cpuCount: {
      if (data.length < 4) return true;
      const [straight, reversed] = [u32(0), bigEndian ? data.readUInt32LE(0) : data.readUInt32BE(0)];
      into.cpuCount = Math.min(straight, reversed);
      return true;
    }
    case OPTION.tsc2nsec:
      // A shift of 64 and more, or a factor of 0, is no translation.
      if (data.length >= 8 && u32(0) > 0 && u32(4) < 64) into.tsc = { mult: u32(0), shift: u32(4) };
      return true;
    case OPTION.lastBoot:
      into.lastBoot = text(data);
      return true;
    case OPTION.timeShift:
      into.timeShift = true;
      return true;
    case OPTION.hook:
    case OPTION.procMaps:
    case OPTION.traceId:
    case OPTION.guest:
    case OPTION.strings:
    case OPTION.btfFile:
    case OPTION.modules:
      return true;
    default:
      return false;
  }
}
