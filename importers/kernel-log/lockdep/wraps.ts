// Joins lines that a mail client broke, where both halves together are a line that lockdep prints.
import { parseFrame } from '../frame.js';
import { type LineKind, lineKind } from './line-kinds.js';
import { glue, joinLock } from './lock-ref.js';

/** A taken line that has not been filed yet, because a mail client may have pushed its end to the next one. */
export interface Pending {
  text: string;
  kind: LineKind;
  readonly no: number;
  joins: number;
}

/** Most lines are whole whatever follows: told before the next line is looked at closely. */
function mayGoOn(kind: LineKind, before: string, next: string): boolean {
  switch (kind.is) {
    case 'link':
    case 'class':
    case 'lock':
    case 'dependency':
    case 'names':
    case 'broken':
      return true;
    case 'frame':
      return next.endsWith('[inline]') && !before.includes('+0x');
    case 'trivia':
      return before.includes('CPU:');
    default:
      return false;
  }
}

/** The two texts as one printed line, if the first one is cut and the second can be its rest. */
export function joinTexts(pending: Pending, text: string): string | null {
  const before = pending.text;
  const next = text.trim();
  if (!mayGoOn(pending.kind, before, next)) return null;
  const nextKind = lineKind(text, 0);
  if (nextKind !== null && !['broken', 'lock', 'frame', 'trivia', 'names'].includes(nextKind.is)) return null;
  switch (pending.kind.is) {
    case 'link':
    case 'class':
    case 'lock':
    case 'dependency':
      return joinPrefixed(before, text);
    case 'names':
      if (next.startsWith('-->') || before.endsWith('-->')) return `${before.trim()} ${next}`;
      // Broken inside the last name: only behind what cannot end one.
      return /[-(.>]$/.test(before) ? before.trim() + glue(before, next) + next : null;
    case 'broken': {
      const lock = joinPrefixed(before, text);
      if (lock !== null) return lock;
      if (/^\s*(?:lock|rlock|sync)\(/.test(before)) return before.trimEnd() + glue(before, next) + next;
      // A cut `?` or `[<address>]` needs a frame behind it; other phrases are whole again or stay cut.
      if (/(?:\?|>\])$/.test(before.trim()) && parseFrame(next) === null) return null;
      return `${before.trim()} ${next}`;
    }
    case 'frame':
      // The file and line that a symboliser put behind an inlined function.
      return !before.includes('+0x') && /^\S+:\d+ \[inline\]$/.test(next) ? `${before} ${next}` : null;
    case 'trivia':
      // `CPU: 0 PID: 50 Comm: sh Not tainted`, and the release on the next line.
      return /^\s*CPU: ?\d.*(?:ainted|Comm): ?[^#]*$/.test(before) && /#\d|^[A-Z] /.test(next)
        ? `${before.trim()} ${next}`
        : null;
    default:
      return null;
  }
}

/** Joins behind the `-> #N ` of a chain entry or the `-> ` of a class header. */
function joinPrefixed(before: string, text: string): string | null {
  const prefix = /^\s*->\s*(?:#\d+:?\s*)?/.exec(before)?.[0] ?? '';
  const rest = before.slice(prefix.length);
  if (prefix !== '' && rest.trim() === '')
    return text.trim().startsWith('(') ? `${prefix.trimEnd()} ${text.trim()}` : null;
  const joined = joinLock(rest, text);
  return joined === null ? null : prefix + joined.trimStart();
}
