// What single characters and words at the end of a record are.
import type { LockEventMapper } from '../trace-events/mapper.js';

/** True for what names of functions and events are made of. */
export const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  code === 95 ||
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  code === 46 ||
  code === 36;

/** The CPU for which a task was woken, or -1. */
export function targetOf(text: string, from: number, to: number): number {
  // It stands last on the line.
  const begin = Math.max(from, to - 24);
  const at = text.slice(begin, to).lastIndexOf('target_cpu=');
  if (at === -1) return -1;
  let digit = begin + at + 11;
  let cpu = 0;
  const first = digit;
  for (
    let code = text.charCodeAt(digit);
    digit < to && code >= 48 && code <= 57;
    code = text.charCodeAt(++digit)
  )
    cpu = cpu * 10 + code - 48;
  return digit === first || digit - first > 4 ? -1 : cpu;
}

/** `(func+0x0/0x10)`, or `(ffffffff81c0a2e0)` behind the blanks to which `trace-cmd report` pads a name. */
export function isProbe(text: string, from: number, to: number): boolean {
  return /^ *\((?:[A-Za-z_.$][\w.$]*\+0x[0-9a-f]+\/0x[0-9a-f]+|[0-9a-f]{5,16}|\[unknown\/kretprobe'd\])(?: <- [\w.$+/]+)?\)/.test(
    text.slice(from, Math.min(to, from + 300)),
  );
}

/** The address that hexadecimal digits name, as the mapper numbers it. */
export function addressOf(mapper: LockEventMapper, hex: string): number {
  const padded = hex.padStart(16, '0');
  return mapper.address(Number.parseInt(padded.slice(0, 8), 16), Number.parseInt(padded.slice(8), 16));
}
