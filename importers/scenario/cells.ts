// One cell of a hand-drawn table or call chain: a lock taken or released, a function called, or a remark.
import { lockCall } from './known-locks.js';

/** What one cell says. */
export type Cell =
  | {
      readonly is: 'lock';
      readonly does: 'lock' | 'rlock' | 'unlock';
      readonly lock: string;
      /** Class of the lock, where its name tells objects of a class apart; else the same. */
      readonly class: string;
      /** True if the author says that the task waits here (`<-- WAITS`). */
      readonly waits: boolean;
      /** The function that takes it where the cell names that instead of a lock function: `-> f()  # will lock(A)`. */
      readonly caller: string | null;
    }
  | { readonly is: 'call'; readonly function: string }
  | { readonly is: 'interrupt' | 'irqs-off' | 'waits' | 'deadlock' | 'skip' };

const BULLET = /^(?:(?:->|=>|→|↳|└─*>?|├─*>?|\+->?|\\_|`->?|\*|•|\d{1,2}[.)])\s*)+/u;
const NOTE =
  /\s*(?:<-+|<=+|←|\/\/|\/\*|#|\*{2,}|--+>?\s|\s-\s|\[(?=[A-Za-z ]+\]$))\s*(.*?)\s*(?:\*\/|\]|\*+)?$/u;
const WAITS =
  /\b(?:wait(?:s|ing)?|block(?:s|ed|ing)?|stuck|hang(?:s|ing)?|sleeps?|spins?|deadlock(?:s|ed)?)\b/i;
const NOT_WAITING = /\b(?:held|holds?|acquired|got|gets|taken|ok)\b/i;
const TAKES_NOTE = /^(?:will |would |tries to |it )?(r?lock|unlock)s?\s*\(\s*(.+?)\s*\)/i;
const CALL = /^(?:[A-Za-z]{1,12} )?(\.?[A-Za-z_][\w.]*(?:->\w+)*)\s*\((.*)\)\s*[;:{]*$/;
const VERB =
  /^(takes?|acquires?|grabs?|gets?|holds?|locks?|releases?|drops?|unlocks?|waits? (?:for|on)|blocks? on|wants?)\s+(&?[A-Za-z_][\w>.-]*?(?:\(\))?)(?:\s+(?:lock|mutex|semaphore|spinlock|for (?:read|write)(?:ing)?))*$/i;

function lockWord(text: string): Cell | null {
  const word = /^(lock|rlock|unlock|sync)\s*\((.+)\)\s*;?$/.exec(text);
  if (word?.[1] === undefined || word[2] === undefined) return null;
  const does = word[1] === 'unlock' ? 'unlock' : word[1] === 'rlock' ? 'rlock' : 'lock';
  const lock = word[2].trim();
  return { is: 'lock', does, lock, class: lock, waits: false, caller: null };
}

function verbCell(text: string): Cell | null {
  const verb = VERB.exec(text);
  if (verb?.[1] === undefined || verb[2] === undefined) return null;
  const name = verb[2];
  if (!/[_>&]|lock|mutex|sem/i.test(name)) return null;
  const what = verb[1].toLowerCase();
  const known = name.endsWith('()') ? lockCall(name.slice(0, -2), '') : null;
  const lock = known?.lock ?? name.replace(/\(\)$/, '');
  if (/^(?:release|drop|unlock)/.test(what))
    return { is: 'lock', does: 'unlock', lock, class: lock, waits: false, caller: null };
  const waits = /^(?:wait|block|want)/.test(what);
  return {
    is: 'lock',
    does: / for read/i.test(text) ? 'rlock' : 'lock',
    lock,
    class: lock,
    waits,
    caller: null,
  };
}

/** Splits `mutex_lock(&a) <-- WAITS` into call and remark. */
function splitNote(text: string): { readonly body: string; readonly note: string } {
  const note = NOTE.exec(text);
  if (note === null || note.index === 0) return { body: text, note: '' };
  return { body: text.slice(0, note.index).trim(), note: note[1] ?? '' };
}

function remark(text: string): Cell | null {
  const words = text.replace(/^[/<[(*#\s-]+|[>\])*/!.\s-]+$/g, '').trim();
  if (words === '' || /^(?:\.{3}|…|:)$/.test(text)) return { is: 'skip' };
  if (/^(?:(?:hard|soft)?irq|interrupt|softirq|hardirq)s?(?: (?:fires|comes|arrives|occurs))?$/i.test(words))
    return { is: 'interrupt' };
  if (/^(?:\w+ )?(?:dead ?lock(?:s|ed)?|ABBA|AB-BA)(?: here)?$/i.test(words)) return { is: 'deadlock' };
  const marked = words.length < text.length || /^[A-Z ]+$/.test(text);
  if (marked && words.length < 40 && WAITS.test(words) && !/\(.*\)/.test(words)) return { is: 'waits' };
  return null;
}

/** Reads one cell; null for text that no table of locks holds: prose. */
export function parseCell(raw: string): Cell | null {
  const text = raw.trim();
  if (text === '') return { is: 'skip' };
  const bare = text.replace(BULLET, '').trim();
  const marked = remark(text);
  if (marked !== null) return marked;
  const { body, note } = splitNote(bare);
  if (/^local_irq_(?:disable|save)\(.*\)\s*;?$/.test(body)) return { is: 'irqs-off' };
  const said = TAKES_NOTE.exec(note);
  const call = CALL.exec(body);
  const name = call?.[1]?.split('->').at(-1) ?? (/^[a-z]\w*_\w+$/.test(body) ? body : null);
  if (said?.[1] !== undefined && said[2] !== undefined && name !== null) {
    const word = said[1].toLowerCase();
    return {
      is: 'lock',
      does: word === 'unlock' ? 'unlock' : word === 'rlock' ? 'rlock' : 'lock',
      lock: said[2],
      class: said[2],
      waits: WAITS.test(note),
      caller: name,
    };
  }
  const waits = WAITS.test(note) && !NOT_WAITING.test(note);
  const word = lockWord(body) ?? verbCell(body);
  if (word !== null) return word.is === 'lock' ? { ...word, waits: word.waits || waits } : word;
  if (name === null) return null;
  const locks = call === null ? null : lockCall(name, call[2] ?? '');
  if (locks === null) return { is: 'call', function: name };
  return {
    is: 'lock',
    does: locks.does === 'wait' ? 'lock' : locks.does,
    lock: locks.lock,
    class: locks.class,
    waits,
    caller: null,
  };
}
