// Patch text: one edit a line, in the words of a kernel patch (docs/patches.md).
import { LOCK_RULES, type LockRule } from '../schema/lock.js';
import type { FunctionNames, Patch, PatchEdit, PatchFlag } from '../schema/patch.js';

export interface PatchProblem {
  readonly line: number;
  readonly message: string;
}

export type PatchResult =
  | { readonly ok: true; readonly patch: Patch }
  | { readonly ok: false; readonly problems: readonly PatchProblem[] };

const FORMS: Readonly<Record<string, string>> = {
  flag: 'flag NAME [of CLASS|of lock taken in FUNCTION] [set]',
  rule: 'rule CLASS reentrant|no-reentrant|fair|unfair...',
  take: 'take CLASS around FUNCTION[, FUNCTION...] [in FUNCTION]',
  drop: 'drop CLASS in FUNCTION[, FUNCTION...]',
  call: 'call FUNCTION before CLASS in FUNCTION',
  set: 'set FLAG in FUNCTION [before CLASS]',
  clear: 'clear FLAG in FUNCTION [before CLASS]',
  guard: 'guard FUNCTION[, FUNCTION...] when|unless FLAG',
};

const CONTRARY: Readonly<Record<LockRule, LockRule>> = {
  reentrant: 'no-reentrant',
  'no-reentrant': 'reentrant',
  fair: 'unfair',
  unfair: 'fair',
};

/** Rule words of a list, or what is wrong with it. */
export function parseRuleWords(words: readonly string[]): readonly LockRule[] | string {
  const rules: LockRule[] = [];
  for (const word of words) {
    const rule = LOCK_RULES.find((known) => known === word);
    if (rule === undefined) return `"${word}" is no rule: there are ${LOCK_RULES.join(', ')}`;
    if (rules.includes(CONTRARY[rule])) return `${rule} and ${CONTRARY[rule]} contradict each other`;
    rules.push(rule);
  }
  return rules.length === 0 ? 'no rule is named' : rules;
}

/** `a|b`: one function under two names. */
function names(word: string): FunctionNames | null {
  const all = word.replace(/\(\)/g, '').split('|');
  return all.every((name) => /^[A-Za-z_][\w.]*$/.test(name)) ? all : null;
}

/** `f, g|h and k` up to one of the stop words, and what follows. */
function functionList(
  words: readonly string[],
  stops: readonly string[],
): { readonly functions: readonly FunctionNames[]; readonly rest: readonly string[] } | null {
  const end = words.findIndex((word) => stops.includes(word));
  const own = end < 0 ? words : words.slice(0, end);
  const functions = own
    .join(' ')
    .split(/,\s*|\s+and\s+|\s+/)
    .filter((word) => word !== '')
    .map(names);
  if (functions.length === 0 || functions.includes(null)) return null;
  return {
    functions: functions.flatMap((f) => (f === null ? [] : [f])),
    rest: end < 0 ? [] : words.slice(end),
  };
}

/** Reads a patch. Every line that is not understood is told. */
export function parsePatch(text: string): PatchResult {
  const problems: PatchProblem[] = [];
  const flags: PatchFlag[] = [];
  const edits: PatchEdit[] = [];
  let name: string | null = null;
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = index + 1;
    const bare = raw.replace(/(^|\s)#.*$/, '').trim();
    if (bare === '') return;
    const words = bare.split(/\s+/);
    const word = words[0] ?? '';
    if (name === null) {
      if (word === 'patch' && words[1] === '1' && words.length === 3) name = words[2] ?? '';
      else problems.push({ line, message: 'a patch begins with: patch 1 NAME' });
      name ??= '';
      return;
    }
    const done = word === 'flag' ? parseFlag(words.slice(1)) : parseEdit(word, words.slice(1), bare, line);
    if (done === null) {
      const form = FORMS[word];
      const known = Object.keys(FORMS).join(', ');
      const message =
        form === undefined ? `"${word}" is no edit: there are ${known}` : `it is written as: ${form}`;
      problems.push({ line, message });
    } else if (typeof done === 'string') problems.push({ line, message: done });
    else if ('do' in done) edits.push(done);
    else if (flags.some((flag) => flag.name === done.name))
      problems.push({ line, message: `the flag ${done.name} is there already` });
    else flags.push(done);
  });
  for (const edit of edits)
    if ('flag' in edit && !flags.some((flag) => flag.name === edit.flag))
      problems.push({ line: edit.line, message: `there is no flag ${edit.flag}: ${FORMS['flag']}` });
  if (name === null) problems.push({ line: 1, message: 'a patch begins with: patch 1 NAME' });
  if (problems.length > 0) return { ok: false, problems: problems.sort((a, b) => a.line - b.line) };
  return { ok: true, patch: { name: name ?? '', flags, edits } };
}

function parseFlag(words: readonly string[]): PatchFlag | null {
  const [name, ...rest] = words;
  if (name === undefined || !/^[A-Za-z][\w-]*$/.test(name)) return null;
  const set = rest[rest.length - 1] === 'set';
  const middle = set ? rest.slice(0, -1) : rest;
  if (middle.length === 0) return { name, of: null, takenIn: null, set };
  if (middle[0] !== 'of') return null;
  if (middle.length === 2) return { name, of: middle[1] ?? '', takenIn: null, set };
  const takenIn = middle.slice(1, 4).join(' ') === 'lock taken in' ? names(middle[4] ?? '') : null;
  return takenIn === null || middle.length !== 5 ? null : { name, of: null, takenIn, set };
}

function parseEdit(
  word: string,
  words: readonly string[],
  text: string,
  line: number,
): PatchEdit | string | null {
  const at = { text, line };
  const [first, second, third, ...more] = words;
  switch (word) {
    case 'rule': {
      if (first === undefined) return null;
      const rules = parseRuleWords(words.slice(1));
      return typeof rules === 'string' ? rules : { ...at, do: 'rule', class: first, rules };
    }
    case 'take': {
      if (first === undefined || second !== 'around') return null;
      const around = functionList(words.slice(2), ['in']);
      if (around === null) return null;
      if (around.rest.length === 0)
        return { ...at, do: 'take', class: first, around: around.functions, inside: null };
      const inside = around.rest.length === 2 ? names(around.rest[1] ?? '') : null;
      return inside === null ? null : { ...at, do: 'take', class: first, around: around.functions, inside };
    }
    case 'drop': {
      const inside = second === 'in' ? functionList(words.slice(2), []) : null;
      return first === undefined || inside === null
        ? null
        : { ...at, do: 'drop', class: first, inside: inside.functions };
    }
    case 'call': {
      const call = names(first ?? '');
      const inside = names(more[1] ?? '');
      if (call === null || second !== 'before' || third === undefined || more[0] !== 'in' || inside === null)
        return null;
      return more.length === 2 ? { ...at, do: 'call', call, class: third, inside } : null;
    }
    case 'set':
    case 'clear': {
      const inside = names(third ?? '');
      if (first === undefined || second !== 'in' || inside === null) return null;
      const value = word === 'set';
      if (more.length === 0) return { ...at, do: 'flag', flag: first, value, inside, before: null };
      const before = more.length === 2 && more[0] === 'before' ? more[1] : undefined;
      return before === undefined ? null : { ...at, do: 'flag', flag: first, value, inside, before };
    }
    case 'guard': {
      const list = functionList(words, ['when', 'unless']);
      const [how, flag] = list?.rest ?? [];
      if (list === null || list.rest.length !== 2 || flag === undefined) return null;
      return { ...at, do: 'guard', functions: list.functions, flag, value: how === 'when' };
    }
    default:
      return null;
  }
}
