// Litmus op: one line of a task body, and the small words of the form.
import { LOCK_KINDS, type LockKind, type LockMode, WW_POLICIES, type WwPolicy } from '../schema/lock.js';
import type { Guard, OpAction } from '../schema/program.js';

const OP_WORDS = [
  'lock',
  'unlock',
  'wait',
  'signal',
  'signal-all',
  'sync',
  'fork',
  'join',
  'set',
  'clear',
  'require',
  'irqs',
  'bh',
  'ww',
  'when',
  'unless',
] as const;

/** True for a word that begins a line of a body. */
export function isOpWord(word: string): boolean {
  return (OP_WORDS as readonly string[]).includes(word);
}

/** A number of decimal digits that fits, or null. */
export function wholeNumber(word: string | undefined): number | null {
  return word !== undefined && /^\d{1,9}$/.test(word) ? Number(word) : null;
}

/** The kinds as they are written. */
export const KIND_WORDS = LOCK_KINDS.map((kind) =>
  kind === 'semaphore' ? 'semaphore[:N]' : kind === 'ww_mutex' ? 'ww_mutex[:wound-wait|:wait-die]' : kind,
).join(' ');

/** `mutex`, `semaphore:3`, ... or null. */
export function parseKind(
  word: string,
): { readonly kind: LockKind; readonly units: number; readonly ww?: WwPolicy } | null {
  const counted = /^semaphore:(\d{1,6})$/.exec(word);
  if (counted !== null) return { kind: 'semaphore', units: Number(counted[1]) };
  const ww = WW_POLICIES.find((policy) => word === `ww_mutex:${policy}`);
  if (ww !== undefined) return { kind: 'ww_mutex', units: 1, ww };
  const kind = LOCK_KINDS.find((known) => known === word);
  return kind === undefined ? null : { kind, units: 1 };
}

/** The function that a comment names, without `()`, or null. */
export function cleanSite(comment: string): string | null {
  const site = comment
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(?:\(\))+$/, '')
    .trim();
  return site === '' ? null : site;
}

/** An op of words, or what is wrong with it. */
export function parseOp(words: readonly string[]): { action: OpAction; guard: Guard | null } | string {
  const first = words[0];
  if (first !== 'when' && first !== 'unless') {
    const action = parseAction(words);
    return typeof action === 'string' ? action : { action, guard: null };
  }
  const flag = words[1] ?? '';
  // `when F: lock A`, and `when F : lock A` as mail programs make of it.
  const colonApart = words[2] === ':';
  if (!flag.endsWith(':') && !colonApart) return `a guard is written as: ${first} FLAG: OP`;
  const name = flag.replace(/:$/, '');
  const action = parseAction(words.slice(colonApart ? 3 : 2));
  if (typeof action === 'string') return action;
  return { action, guard: { flag: name, when: first === 'when' } };
}

function parseAction(words: readonly string[]): OpAction | string {
  const [word, name, ...rest] = words;
  if (word === 'lock') return parseLockOp(name, rest);
  if (name === undefined || rest.length > 0) return `"${word ?? ''}" needs one name: ${words.join(' ')}`;
  switch (word) {
    case 'unlock':
    case 'wait':
    case 'signal':
    case 'signal-all':
    case 'sync':
      return { do: word, lock: name };
    case 'fork':
    case 'join':
      return { do: word, task: name };
    case 'set':
    case 'clear':
      return { do: word, flag: name };
    case 'require':
      return { do: 'require', flag: name.replace(/^!/, ''), value: !name.startsWith('!') };
    case 'irqs':
    case 'bh':
      if (name !== 'on' && name !== 'off') return `${word} is switched on or off`;
      return { do: word, on: name === 'on' };
    case 'ww':
      if (name !== 'begin' && name !== 'end')
        return 'an acquire context is opened with: ww begin, and closed with: ww end';
      return { do: 'ww', begin: name === 'begin' };
    default:
      return `"${word ?? ''}" is no op`;
  }
}

function parseLockOp(name: string | undefined, rest: readonly string[]): OpAction | string {
  const form = 'a lock is taken as: lock ID [read|recursive-read] [try]';
  if (name === undefined || rest.length > 2) return form;
  let mode: LockMode = 'exclusive';
  let attempt = false;
  for (const [i, word] of rest.entries()) {
    if (i === 0 && (word === 'read' || word === 'recursive-read')) mode = word;
    else if (word === 'try' && i === rest.length - 1) attempt = true;
    else return form;
  }
  return { do: 'lock', lock: name, mode, attempt };
}
