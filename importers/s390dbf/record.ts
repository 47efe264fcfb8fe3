// One record of the s390 debug feature as its views print it, and what a zPCI message says in it.

/** A record: who wrote what, when, on which CPU. */
export interface DebugRecord {
  /** Microseconds since 1970, UTC. */
  readonly timeUs: number;
  readonly area: number;
  /** 0 (most important) to 6. */
  readonly level: number;
  readonly isException: boolean;
  readonly cpu: number;
  /** Address of the caller as printed. */
  readonly caller: string;
  readonly view: 'sprintf' | 'hex_ascii';
  /** The message; of `hex_ascii` the printable beginning of the bytes. */
  readonly text: string;
  /** Of `hex_ascii`: the bytes as hex digits, else null. */
  readonly bytes: string | null;
}

/**
 * arch/s390/kernel/debug.c debug_dflt_header_fn(): area, seconds:microseconds since 1970, level, `*` for exceptions, CPU, caller.
 * Old kernels print the CPU in two digits, 31-bit ones the caller in eight; `%p` may be hashed away.
 */
const HEADER =
  /(?<!\d)(\d{2}) (\d{11}):(\d{6}) ([0-6]) ([*-]) (\d{2,4}) +((?:0x)?[0-9a-f]{8,16}|\(_*ptrval_*\)|\(null\)) {1,2}/g;
/** debug_hex_ascii_format_fn(): bytes, a bar, the same as text. */
const HEX_ASCII = /^((?:[0-9a-f]{2} )+)\| ?(.*)$/;

/** The printable beginning of some bytes, written as hex digits with blanks. */
function printable(hex: string): string {
  let text = '';
  for (const digits of hex.trim().split(' ')) {
    const code = Number.parseInt(digits, 16);
    if (code < 0x20 || code > 0x7e) break;
    text += String.fromCharCode(code);
  }
  return text.trimEnd();
}

function recordOf(head: RegExpExecArray, rest: string): DebugRecord {
  const [, area = '', seconds = '', micros = '', level = '', mark = '', cpu = '', caller = ''] = head;
  const hex = HEX_ASCII.exec(rest);
  return {
    timeUs: Number(seconds) * 1_000_000 + Number(micros),
    area: Number(area),
    level: Number(level),
    isException: mark === '*',
    cpu: Number(cpu),
    caller: caller.replace(/^0x/, ''),
    view: hex === null ? 'sprintf' : 'hex_ascii',
    text: hex === null ? rest.trimEnd() : printable(hex[1] ?? ''),
    bytes: hex === null ? null : (hex[1] ?? '').replaceAll(' ', ''),
  };
}

/** What stands on a line: text before the first record (of `grep`, or the end of a message of two lines), and records. */
export interface DebugLine {
  readonly before: string;
  readonly records: readonly DebugRecord[];
}

/** Reads one line. A message that does not end in a newline has the next record behind it. */
export function readDebugLine(line: string): DebugLine {
  const heads = [...line.matchAll(HEADER)];
  const records = heads.map((head, i) =>
    recordOf(head, line.slice(head.index + head[0].length, heads[i + 1]?.index ?? line.length)),
  );
  return { before: heads.length === 0 ? line : line.slice(0, heads[0]?.index ?? 0), records };
}

/** A message of arch/s390/pci: `add fid:0, fh:20000, c:1`, `ena fid:0, fh:80020000, rc:0`. */
const ZPCI =
  /^(?:(?:zpci: )?(\w[\w ]*?) )?(?=.*\bf(?:id|h):[0-9a-f]+)(\w+:-?[0-9a-fx]+(?:,? +\w+:-?[0-9a-fx]+)*)\b/;
const PAIR = /(\w+):(-?[0-9a-fx]+)/g;

/** What a zPCI message says: `does` (`add`, `ena`, `dis`, ...) and its values as printed; null for any other message. */
export function readZpci(text: string): Readonly<Record<string, string>> | null {
  const message = ZPCI.exec(text.trim());
  if (message === null) return null;
  const facts: [string, string][] = [...(message[2] ?? '').matchAll(PAIR)].map(([, key = '', value = '']) => [
    key,
    value,
  ]);
  return { ...Object.fromEntries(facts.filter(([key]) => key !== '__proto__')), does: message[1] ?? '' };
}
