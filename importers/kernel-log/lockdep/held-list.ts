// Reads lists of held locks: `N locks held by COMM/PID:` with their ` #0: ...` lines, or `no locks held by ...`.
import type { HeldLocks, LockRef } from '../../../corpus/schema/report.js';
import type { LogLine } from '../line.js';
import { joinLock, lockText, parseLock } from './lock-ref.js';

/** One list as read, with where it stands. */
export interface HeldList extends HeldLocks {
  readonly count: number;
  /** 1-based line of the headline. */
  readonly line: number;
  /** Lines of entries that could not be read. */
  readonly unreadable: number;
}

/** Reads held lists line by line; one reader may read many lists, as `Showing all locks held` prints them. */
export interface HeldListReader {
  /**
   * `taken`: a headline, an entry, or the wrapped rest of one. `foreign`: none of these; the list that is open stays
   * open (other CPUs' messages may stand between its lines), so that the caller decides when it is over.
   */
  feed(line: LogLine): 'taken' | 'foreign';
  /** All lists so far, in order of appearance. */
  lists(): readonly HeldList[];
  /** True while fewer entries have been read than the last headline announced. */
  readonly wantsMore: boolean;
}

/** A headline of lockdep_print_held_locks() in kernel/locking/lockdep.c. */
export interface HeldHeadline {
  readonly task: string;
  readonly pid: number;
  readonly count: number;
}

const SOME = /^(\d+) locks? held by (.+)\/(\d+)(?::|$)/;
const NONE = /^no locks held by (.+)\/(\d+)\.?$/;

/** Reads `N locks held by COMM/PID:` or `no locks held by COMM/PID.`; null for anything else. */
export function parseHeldHeadline(text: string): HeldHeadline | null {
  const line = text.trim();
  const some = SOME.exec(line);
  if (some?.[2] !== undefined) return { count: Number(some[1]), task: some[2], pid: Number(some[3]) };
  const none = NONE.exec(line);
  if (none?.[1] !== undefined) return { count: 0, task: none[1], pid: Number(none[2]) };
  return null;
}

/** No entry of a list is longer, however long a lock's name is. */
const MAX_LENGTH = 2048;

interface OpenList {
  readonly headline: HeldHeadline;
  readonly line: number;
  readonly locks: Map<number, { ref: LockRef; inline: boolean }>;
  unreadable: number;
}

const ENTRY = /^\s*#\d+:/;
const WRAPPED_HEADLINE = /^\s*(?:\d+ locks? held|\d+ locks?|no locks held)(?: by)?\s*$/;

class Reader implements HeldListReader {
  readonly #lists: OpenList[] = [];
  /** An entry or headline that may go on on the next line. */
  #pending: { text: string; no: number } | null = null;

  get wantsMore(): boolean {
    const last = this.#lists.at(-1);
    return last !== undefined && last.locks.size + last.unreadable < last.headline.count;
  }

  feed(line: LogLine): 'taken' | 'foreign' {
    if (line.text.length > MAX_LENGTH) return 'foreign';
    const text = line.text.replaceAll('\u00a0', ' ');
    const pending = this.#pending;
    if (pending !== null) {
      const joined = WRAPPED_HEADLINE.test(pending.text)
        ? `${pending.text.trim()} ${text.trim()}`
        : joinLock(pending.text, text);
      if (joined !== null && this.#accept(joined, pending.no, true)) return 'taken';
    }
    return this.#accept(text, line.no, false) ? 'taken' : 'foreign';
  }

  lists(): readonly HeldList[] {
    return this.#lists.map(({ headline, line, locks, unreadable }) => ({
      ...headline,
      line,
      unreadable,
      locks: [...locks].sort(([a], [b]) => a - b).map(([, { ref }]) => ref),
    }));
  }

  #accept(text: string, no: number, again: boolean): boolean {
    const headline = parseHeldHeadline(text);
    if (headline !== null) {
      this.#lists.push({ headline, line: no, locks: new Map(), unreadable: 0 });
      this.#pending = null;
      return true;
    }
    if (WRAPPED_HEADLINE.test(text)) {
      this.#pending = { text, no };
      return true;
    }
    const list = this.#lists.at(-1);
    if (list === undefined || !ENTRY.test(text)) return false;
    this.#pending = { text, no };
    const index = Number(/#(\d+)/.exec(text)?.[1]);
    const lock = parseLock(text);
    const earlier = list.locks.get(index);
    if (lock !== null) {
      // A symboliser doubles the line for inlined callers and puts the real one last.
      if (earlier === undefined || earlier.inline || again)
        list.locks.set(index, { ref: { ...lock.ref, line: no }, inline: lock.inline });
    } else if (!text.includes('<RELEASED>') && lockText(text) === 'none') list.unreadable++;
    return true;
  }
}

/** A fresh reader of held lists. */
export function createHeldList(): HeldListReader {
  return new Reader();
}
