// One record of recorder.bt: its line and the call chain behind it.

/** A record, with its call chain. */
export interface RecorderRecord {
  /** Nanoseconds since boot. */
  readonly ns: bigint;
  readonly cpu: number;
  readonly tid: number;
  readonly comm: string;
  /** As bpftrace names it: `kprobe:mutex_lock`, `kretprobe:mutex_lock`, `tracepoint:sched:sched_waking`. */
  readonly probe: string;
  /** An address of 16 hex digits, or a number. */
  readonly value: string | number;
  /** Functions, innermost first; grows while the lines behind the record are read. */
  readonly frames: string[];
  /** 1-based line. */
  readonly where: number;
}

const RECORD =
  /^relock1 (\d{1,19}) (\d{1,6}) (-?\d{1,10}) ((?:kprobe|kretprobe|tracepoint):[\w.:]+) (?:0x([0-9a-f]{1,16})|(-?\d{1,20}))(?: (.*))?$/;
/** `        mutex_lock+5`; addresses without a symbol are no frames. */
const FRAME = /^\s+([A-Za-z_.$][\w.$]*)\+\d+\s*$/;
const BARE_ADDRESS = /^\s+(?:0x)?[0-9a-f]{8,16}\s*$/;

/** True for the beginning of a record. */
export function beginsRecord(line: string): boolean {
  return line.startsWith('relock1 ');
}

/** Reads the line of a record; null if it is none or damaged. */
export function readRecord(line: string, where: number): RecorderRecord | null {
  const found = RECORD.exec(line.trimEnd());
  if (found === null) return null;
  const [, ns = '0', cpu = '', tid = '', probe = '', address, number = '0', comm = ''] = found;
  return {
    ns: BigInt(ns),
    cpu: Number(cpu),
    tid: Number(tid),
    comm,
    probe,
    value: address === undefined ? Number(number) : address.padStart(16, '0'),
    frames: [],
    where,
  };
}

/** Reads a line of a call chain: the function, `nameless` for a bare address, or null if it is no such line. */
export function readChainLine(line: string): { readonly func: string } | 'nameless' | null {
  const frame = FRAME.exec(line);
  if (frame?.[1] !== undefined) return { func: frame[1] };
  return BARE_ADDRESS.test(line) ? 'nameless' : null;
}
