// The head of a hand-drawn table: who stands in which column.
import { indentOf } from '../kernel-log/lockdep/scenario-rows.js';
import { lockCall } from './known-locks.js';

/** One column's head. */
export interface ColumnHead {
  /** As drawn: `CPU0 (remove_store)`, `Thread A`. */
  readonly title: string;
  /** What to call the column: the name in its parentheses, else its title. */
  readonly label: string;
  /** The function that the head names, or null: `remove_store`, `probe()`, but not `remover`. */
  readonly function: string | null;
  /** Column at which the head begins, tabs expanded. */
  readonly at: number;
}

/** `CPU0`, `CPU 1`, `Thread A`, `task #2`, `T1`, each with an optional name in parentheses or behind a colon. */
const WHO =
  /(?:\/\/\s*|\/\*\s*)?((?:(?:CPU|[Cc]pu|Thread|THREAD|thread|Task|TASK|task|Process|process|Proc|Context|Path|kthread)\s?#?|[TP])(\d|[A-H])(?![\w-])(?::?\s*\(([^()]*(?:\(\))?[^()]*)\)|:[ ]([\w.]+(?:\(\))?))?)(?:\s*\*\/)?/g;
const RULES = /^\s*[|+]?\s*[-=]{3,}(?:[\s|+]+[-=]{3,})*\s*[|+]?\s*$/;

/** Tabs as blanks up to the next multiple of eight; no-break spaces as blanks. */
export function expandTabs(text: string): string {
  if (!/[\t\u00a0]/.test(text)) return text;
  let out = '';
  for (const char of text) {
    if (char === '\t') out += ' '.repeat(8 - (out.length % 8));
    else out += char === '\u00a0' ? ' ' : char;
  }
  return out;
}

/** True for `---- ----`, `=====`, `-----|-----`. */
export function isRule(text: string): boolean {
  return RULES.test(text);
}

function naming(title: string, words: string | undefined): Pick<ColumnHead, 'title' | 'label' | 'function'> {
  const word = /^\s*(\.?[A-Za-z_][\w.]*)(\(\))?\s*$/.exec(words ?? '');
  const name = word?.[1];
  if (name === undefined) return { title, label: title, function: null };
  return { title, label: name, function: name.includes('_') || word?.[2] !== undefined ? name : null };
}

/** Reads a head with two or more columns; null for anything else: a sentence that mentions two CPUs is none. */
export function parseHeads(raw: string): readonly ColumnHead[] | null {
  const text = expandTabs(raw).trimEnd();
  if (text.length > 200) return null;
  const heads: ColumnHead[] = [];
  const ids = new Set<string>();
  let end = 0;
  for (const match of text.matchAll(WHO)) {
    // Between two heads only blanks and a drawn line may stand.
    if (!/^[\s|]*$/.test(text.slice(end, match.index))) return null;
    if (heads.length > 0 && text.slice(end, match.index) === '') return null;
    const title = match[1] ?? '';
    ids.add(match[2] ?? '');
    heads.push({ ...naming(title, match[3] ?? match[4]), at: match.index });
    end = match.index + match[0].length;
  }
  if (heads.length === 0) return functionHeads(text);
  if (heads.length < 2 || ids.size !== heads.length) return null;
  return /^[\s|]*$/.test(text.slice(end)) ? heads : null;
}

/** Heads that are only functions: `remove_store()          unbind_store()`. */
function functionHeads(text: string): readonly ColumnHead[] | null {
  if (!/^\s*[a-z_]\w*\(\)(?:(?: {3,}|\s*\|\s*)[a-z_]\w*\(\))+\s*\|?\s*$/.test(text)) return null;
  const heads = [...text.matchAll(/([a-z_]\w*)\(\)/g)].map((match) => ({
    title: match[0],
    label: match[1] ?? match[0],
    function: match[1] ?? null,
    at: match.index,
  }));
  return heads.some((head) => lockCall(head.function ?? '', '') !== null) ? null : heads;
}

const SECTION =
  /^\s*(?:[-*•]\s+|\d[.)]\s+)?((?:(?:CPU|Thread|Task|Process|Context|Path|thread|task)\s?#?|[TP])(?:\d|[A-H])(?![\w-]))(?:\s*\(([^()]*(?:\([^()]*\))?[^()]*)\))?\s*:\s*$/;

/** Reads `Thread A (cleanup_net):` alone on its line: tables that are drawn one column below the other. */
export function parseSection(raw: string): ColumnHead | null {
  const text = expandTabs(raw);
  const match = SECTION.exec(text);
  if (match?.[1] === undefined) return null;
  return { ...naming(match[1], match[2]), at: indentOf(text) };
}
