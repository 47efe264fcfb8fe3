// One lock as lockdep prints it: address, name, usage, wait types and the place it was taken at.
import type { LockRef } from '../../../corpus/schema/report.js';

/** A printed lock with what stands around it on its line. */
export interface PrintedLock {
  readonly ref: LockRef;
  /** The `N` of ` #N: ` in a list of held locks, or null. */
  readonly index: number | null;
  /** True for a line that a symboliser doubled (`at: func file.c:12 [inline]`): the kernel did not print it. */
  readonly inline: boolean;
  /** What follows the lock on its line, trimmed: ` ops: 12 {`, `:`, or empty. */
  readonly rest: string;
}

/** How a text stands to a printed lock: none, one that a line break cut off, or a whole one. */
export type LockText = 'none' | 'open' | 'whole';

/** `%px` or `%p` of the instance since 4.18; `(____ptrval____)` before the hash key is ready, `(ptrval)` in 4.15-4.19. */
const HEAD = /^(?:#(\d+): *)?(?:(?:(?:0x)?([0-9a-f]{8,16})|(\(_*ptrval_*\)|\(null\)))(?= |\(|$) *)?/;
const USAGE = /^ *\{([-+.? ]{2,12})\}/;
const WAIT = /^ *- *\{ *(\d+(?: *: *\d+)?) *\}/;
const SITE =
  /^ *,? *\bat:? *(?:\[<[0-9a-fx]+>\] *|\[<\(?_*ptrval_*\)?>\] *)?([A-Za-z_.$][\w.$]*|0x[0-9a-f]+)(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]*)?)?/;

/** Index behind the parenthesis that closes the name which opens at `open`, or -1. */
function nameEnd(text: string, open: number): number {
  // print_lock_name() writes `(name){usage}`, so the name ends where `){` stands, whatever brackets it holds.
  const braces = text.indexOf('){', open);
  if (braces >= 0) return braces + 1;
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const char = text[i];
    if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return i + 1;
  }
  return -1;
}

/**
 * Reads one printed lock; wrapped lines must be joined before. Null if the text does not begin with one.
 *
 * Every form since 4.x: `ADDR (name){usage}-{o:i}, at: func+0x1/0x2`, six, four or eight usage characters or none, no
 * address, a hidden one, `at: [<addr>] func+0x1/0x2`, no offset. Source: kernel/locking/lockdep.c print_lock(),
 * print_lock_name().
 */
export function parseLock(text: string): PrintedLock | null {
  const line = text.trim();
  const head = HEAD.exec(line);
  const open = head?.[0].length ?? 0;
  if (line[open] !== '(') return null;
  const end = nameEnd(line, open);
  if (end < 0) return null;
  const name = line.slice(open + 1, end - 1).trim();
  if (name === '') return null;
  let rest = line.slice(end);
  const usage = USAGE.exec(rest);
  if (usage !== null) rest = rest.slice(usage[0].length);
  const wait = WAIT.exec(rest);
  if (wait !== null) rest = rest.slice(wait[0].length);
  const site = SITE.exec(rest);
  if (site !== null) rest = rest.slice(site[0].length);
  return {
    ref: {
      lock: name,
      usage: usage?.[1]?.replaceAll(' ', '') ?? null,
      address: head?.[2] ?? null,
      site: site?.[1] ?? null,
      wait: wait?.[1]?.replaceAll(' ', '') ?? null,
    },
    index: head?.[1] === undefined ? null : Number(head[1]),
    inline: rest.endsWith('[inline]'),
    rest: rest.trim(),
  };
}

/** Says whether a text is a printed lock, or the beginning of one that a mail client cut in two. */
export function lockText(text: string): LockText {
  const line = text.trim();
  const head = HEAD.exec(line);
  const open = head?.[0].length ?? 0;
  if (open > 0 && open === line.length) return 'open';
  if (line[open] !== '(') return 'none';
  const end = nameEnd(line, open);
  if (end < 0) return 'open';
  const rest = line.slice(end);
  if (/^ *(?:\{[-+.? ]*|\{[-+.? ]+\} *-? *(?:\{[\d: ]*)?)$/.test(rest) && !/\}(?:-\{\d+:\d+\})?$/.test(rest))
    return 'open';
  if (/(?:^|[ ,}])at:?(?: *\[<[^>]*>?\]?)?$/.test(rest) || rest.endsWith(',')) return 'open';
  return 'whole';
}

/** What goes between two halves of a broken printed lock or lock name: nothing inside a word or a name, a blank elsewhere. */
export function glue(before: string, after: string): string {
  if (/[ \t]$/.test(before) || before.endsWith(',') || before.endsWith(':')) {
    // `-{3:` is broken inside a token, `at:` and `lock:` are not.
    return /\{\d+:$/.test(before) ? '' : ' ';
  }
  // `&sb->s_type-` and `>i_mutex_key` behind it: the `>` at the line's beginning was taken for a quotation mark.
  if (/&[^{}]*[\w)\]]-$/.test(before) && !before.includes('){') && !after.startsWith('>')) return '>';
  const last = before.at(-1) ?? ' ';
  const first = after[0] ?? ' ';
  if (/[\w"]/.test(last) && /[\w"(<[]/.test(first)) return ' ';
  if (last === ')' && (first === '(' || first === '{') && !/ptrval_*\)$/.test(before)) return '';
  if (/[>\]]/.test(last)) return /->$/.test(before) ? '' : ' ';
  return '';
}

/**
 * Joins a printed lock with the line that a mail client pushed its end to. Null if they do not belong together.
 * Known breaks: behind the address, inside the name, between `}` and `-{`, inside `-{3:3}`, before and behind `at:`.
 */
export function joinLock(before: string, after: string): string | null {
  const next = after.trim();
  if (next === '' || /^(?:#\d+:|-> ?#\d+|\*\*\*|={4}|-{4}|Call [Tt]race:|stack backtrace:)/.test(next))
    return null;
  const state = lockText(before);
  if (state === 'none') return null;
  if (state === 'whole') {
    const bare = before.trimEnd();
    const lock = parseLock(bare);
    if (lock === null) return null;
    // The file and line that a symboliser put behind an inlined function.
    if (lock.ref.site !== null)
      return lock.rest === '' && /^\S+:\d+ \[inline\]$/.test(next) ? `${bare} ${next}` : null;
    // `(a){..} -> (b){..}`, the new dependency.
    if (
      /^(?:->)?$/.test(lock.rest) &&
      /^(?:-> )?\(/.test(next) &&
      next.startsWith('->') !== lock.rest.startsWith('->')
    )
      return next.endsWith('{') ? null : `${bare} ${next}`;
    const goesOn =
      lock.rest === '' &&
      (/^,? *at:?(?: |$)/.test(next) ||
        (lock.ref.wait === null && /^-\{\d/.test(next)) ||
        next.startsWith('{'));
    return goesOn ? `${bare} ${next}` : null;
  }
  const joined = before.trimEnd() + glue(before, next) + next;
  return lockText(joined) === 'none' || !isPlausible(before, next) ? null : joined;
}

/** The other half must look like one: what stands behind an address, inside a name, or behind `at:`. */
function isPlausible(before: string, next: string): boolean {
  const text = before.trim();
  if (/(?:^|[ ,}])at:?$/.test(text) && /^[0-9a-f]{8,16}(?: |$)/.test(next)) return false;
  if (/(?:^|[ ,}])at:?$/.test(text))
    return /^(?:\[<|0x[0-9a-f]{8})|^[A-Za-z_.$][\w.$]*(?:\+0x|$| \S+:\d+ \[inline\]| \[| \(\S+:\d+)/.test(
      next,
    );
  if (/\[<[^>]*>?\]?$/.test(text)) return /^[A-Za-z_.$][\w.$]*\+0x/.test(next) || next.startsWith('[<');
  if (text.endsWith(',')) return next.startsWith('at:') || !text.includes('){');
  if (/^(?:#\d+:)?[^(]*$/.test(text) || /ptrval_*\)$/.test(text))
    return next.startsWith('(') || /^[0-9a-f]{8,16} /.test(next);
  if (/\) *\{?[-+.? ]*\}? *-? *(?:\{[\d: ]*)?$/.test(text) && text.includes('){'))
    return /^[-{\d:+.?}]/.test(next);
  // Inside a name: its end must come within this line.
  return next.includes(')');
}
