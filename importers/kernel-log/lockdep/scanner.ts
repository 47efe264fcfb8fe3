// The section scanner that all lockdep reports share: joins wrapped lines, classifies them, fills a draft.
import type { Report } from '../../../corpus/schema/report.js';
import type { Fed, LogLine, ReportParser } from '../line.js';
import { Draft, type LockdepKind, reportOf } from './draft.js';
import { type LineKind, lineKind, plain } from './line-kinds.js';
import { indentOf } from './scenario-rows.js';
import { Sections } from './sections.js';
import { joinTexts, type Pending } from './wraps.js';

/** Lines in a row that are none of ours, before the report is given up. */
const PATIENCE = 60;
/** The same behind the first frame of the stack, where nothing is left to come. */
const PATIENCE_BEHIND_STACK = 4;
/** How many lines one printed line may have been broken into. */
const MAX_JOINS = 3;

/** Beginnings of lines that only another report or another part of the log prints. */
const ANOTHER =
  /^(?:-+\[ cut here|={10,}|INFO: (?!lockdep)|BUG: |WARNING: |Kernel panic|watchdog: |rcu: |sysrq: |Showing |task:|general protection|KASAN: |Unable to handle|Oops)/;

/** Ends of headlines behind which nothing is missing. */
const WHOLE_HEADLINE =
  /(?:detected!?|lock state|freed!|space!|time!|held!|taken|context|registered!|low!|key\.|subclass: \d+|\d|\])(?: \])?$/i;

/** Says which kind a headline belongs to; null for lines that are no headline of ours. */
export type FindHeadline = (text: string) => LockdepKind | null;

/** Reads one report of lockdep; `kind` null for an excerpt without a headline, whose kind shows as it goes on. */
export class LockdepScanner implements ReportParser {
  readonly #draft: Draft;
  readonly #kind: LockdepKind | null;
  readonly #kinds: readonly LockdepKind[];
  readonly #isHeadline: FindHeadline;
  readonly #stamped: boolean;
  #pending: Pending | null = null;
  readonly #at: Sections;
  #inHeld = false;
  #heldElsewhere = false;
  #strangers = 0;
  #ended = false;

  constructor(
    first: LogLine,
    kind: LockdepKind | null,
    kinds: readonly LockdepKind[],
    isHeadline: FindHeadline,
  ) {
    this.#kind = kind;
    this.#kinds = kinds;
    this.#isHeadline = isHeadline;
    this.#stamped = first.timeNs !== null;
    this.#draft = new Draft(plain(first.text).trim(), first.no, kind === null);
    this.#at = new Sections(this.#draft);
    if (kind === null) {
      const found = lineKind(first.text, first.no);
      if (found !== null) this.#pending = { text: plain(first.text), kind: found, no: first.no, joins: 0 };
    }
  }

  feed(line: LogLine): Fed {
    if (this.#ended) return 'over';
    const text = plain(line.text);
    const trimmed = text.trim();
    const joined = this.#join(text);
    if (joined) {
      this.#touch(line.no);
      return 'taken';
    }
    if (this.#endsHeadline(trimmed)) return 'taken';
    if (this.#isHeadline(trimmed) !== null) return this.#atStart ? 'foreign' : this.#over();
    if (this.#feedHeld(line, trimmed)) {
      this.#touch(line.no);
      return 'taken';
    }
    const kind =
      this.#firstName(trimmed) ?? lineKind(text, line.no) ?? this.#bareFrame(text) ?? this.#nestName(trimmed);
    if (kind === null) return this.#stranger(trimmed);
    if (kind.is === 'blank') return 'taken';
    this.#settle();
    const fed = this.#fits(kind, text, trimmed);
    if (fed === 'taken' || fed === 'last') {
      this.#pending = { text, kind, no: line.no, joins: 0 };
      this.#touch(line.no);
      if (fed === 'last') this.#ended = true;
    } else if (fed === 'over') return this.#over();
    else return this.#stranger(trimmed);
    return fed;
  }

  finish(): Report | null {
    this.#settle();
    const draft = this.#draft;
    const kind = this.#kind ?? this.#kinds.find((candidate) => candidate.fits(draft)) ?? null;
    if (kind === null || !this.#saysSomething) return null;
    return reportOf(draft, kind);
  }

  /** A headline alone without a stamp is prose; a report says at least who, what, or on which kernel. */
  get #saysSomething(): boolean {
    const { task, kernel, wants, chain, backtrace, held, headerless } = this.#draft;
    const locks = wants !== null || chain.length > 0;
    if (headerless) return locks;
    if (this.#stamped) return true;
    return task !== null || kernel !== null || locks || backtrace.length > 0 || held.lists().length > 0;
  }

  /** print_lock_nested_lock_not_held() prints the stack, then the held locks, then the stack once more. */
  get #goesOnBehindStack(): boolean {
    return this.#kind?.kind === 'nested-lock-not-taken' && this.#draft.held.lists().length === 0;
  }

  get #atStart(): boolean {
    return this.#draft.task === null && this.#draft.kernel === null && this.#pending === null;
  }

  #touch(no: number): void {
    this.#strangers = 0;
    this.#draft.endLine = no;
  }

  #over(): Fed {
    this.#settle();
    this.#ended = true;
    return 'over';
  }

  /** Something that is not ours: another CPU's message, or the log going on behind the report. */
  #stranger(trimmed: string): Fed {
    if (this.#continuesFrame(trimmed)) return 'taken';
    const behindStack = this.#at.inTrace && this.#draft.backtrace.length > 0;
    if (behindStack && ANOTHER.test(trimmed)) return this.#over();
    this.#strangers++;
    if (this.#at.slot === 'nest' || this.#pending?.kind.is === 'phrase') this.#settle();
    const patience = behindStack ? PATIENCE_BEHIND_STACK : PATIENCE;
    if (this.#strangers > patience) return this.#over();
    if (this.#strangers > 2) this.#at.awaitsSite = false;
    return 'foreign';
  }

  /** `[drm_display_helper]` alone: the module of the frame before, wrapped. */
  #continuesFrame(trimmed: string): boolean {
    return this.#pending?.kind.is === 'frame' && /^\[[\w-]+(?: [0-9a-f]+)?\]$/.test(trimmed);
  }

  /** Rest of a headline that a mail client wrapped: together they are a headline of the same kind. */
  #endsHeadline(trimmed: string): boolean {
    const title = this.#draft.title;
    if (!this.#atStart || this.#kind === null || WHOLE_HEADLINE.test(title)) return false;
    const joined = `${title} ${trimmed}`;
    if (this.#isHeadline(joined) !== this.#kind) return false;
    this.#draft.title = joined;
    return true;
  }

  /** Joins the line to the one before, if a mail client broke them. */
  #join(text: string): boolean {
    const pending = this.#pending;
    if (pending === null || pending.joins >= MAX_JOINS || text.trim() === '') return false;
    const joined = joinTexts(pending, text);
    if (joined === null) return false;
    const kind = lineKind(joined, pending.no);
    if (kind === null) return false;
    if (kind.is === 'broken' && pending.kind.is !== 'broken') return false;
    pending.text = joined;
    pending.kind = kind;
    pending.joins++;
    return true;
  }

  /** Lists of held locks read their own lines. True if this was one. */
  #feedHeld(line: LogLine, trimmed: string): boolean {
    const draft = this.#draft;
    const isHeadline = /^(?:\d+ locks? held by|no locks held by) ?/.test(trimmed);
    if (isHeadline && draft.held.lists().length > 0) {
      this.#heldElsewhere = true;
      return false;
    }
    if (!isHeadline && (!this.#inHeld || this.#heldElsewhere)) return false;
    if (draft.held.feed(line) === 'foreign') return false;
    this.#settle();
    this.#inHeld = true;
    this.#at.close();
    return true;
  }

  /** Behind `Chain exists of:` a first name may stand alone, the rest of the line wrapped away. */
  #firstName(trimmed: string): LineKind | null {
    const before = this.#pending?.kind;
    const expected = before?.is === 'phrase' && before.phrase === 'chain-exists';
    if (!expected || !/^[\w(&*"$]\S*(?: \S+)?$/.test(trimmed)) return null;
    return { is: 'names', names: [trimmed] };
  }

  /** The outer lock's name stands alone on its line behind `but this task is not holding:`. */
  #nestName(trimmed: string): LineKind | null {
    const before = this.#pending?.kind;
    const expected = before?.is === 'phrase' && before.phrase === 'not-holding';
    return expected && trimmed.length < 100 && !ANOTHER.test(trimmed) ? { is: 'broken' } : null;
  }

  /** In hand-cut logs frames may stand without offsets: one indented word where frames are expected. */
  #bareFrame(text: string): LineKind | null {
    if (this.#at.sink === null && this.#pending?.kind.is !== 'link') return null;
    const word = /^\s+([A-Za-z_][\w.]*)(?:\(\))?(?: \[[\w-]+\])?$/.exec(text)?.[1];
    if (word === undefined || indentOf(text) === 0) return null;
    return { is: 'frame', frame: { func: word, reliable: true, module: null, inline: false } };
  }

  /** Whether a classified line can stand here. */
  #fits(kind: LineKind, text: string, trimmed: string): Fed {
    const draft = this.#draft;
    const behindStack = this.#at.inTrace && draft.backtrace.length > 0;
    switch (kind.is) {
      case 'end':
        if (/^INFO/.test(trimmed)) return draft.reachedTrace ? 'last' : 'foreign';
        if (!this.#at.inTrace) return 'foreign';
        return this.#goesOnBehindStack ? 'taken' : 'last';
      case 'rule':
        return behindStack ? 'over' : 'taken';
      case 'frame':
        return this.#at.sink !== null || this.#at.awaitsSite ? 'taken' : 'foreign';
      case 'task':
        if (draft.task === null) return 'taken';
        return draft.task === kind.task && draft.pid === kind.pid ? 'taken' : this.#elsewhere(behindStack);
      case 'held':
      case 'entry':
        return 'foreign';
      case 'ident':
        return draft.kernel === null && draft.task === null ? 'taken' : 'foreign';
      case 'phrase':
        if (behindStack) return kind.phrase === 'other-info' && this.#goesOnBehindStack ? 'taken' : 'over';
        return kind.phrase === 'call-trace' &&
          draft.task === null &&
          draft.held.lists().length === 0 &&
          this.#kind?.kind !== 'other-lock'
          ? 'foreign'
          : 'taken';
      case 'trivia':
        if (behindStack && /^CPU: ?\d/.test(trimmed)) return 'over';
        return 'taken';
      case 'row':
      case 'columns':
        return this.#at.inScenario ? 'taken' : 'foreign';
      case 'link':
      case 'class':
      case 'dependency':
      case 'took-other':
      case 'usage-change':
      case 'state':
      case 'became':
      case 'wait-context':
        return behindStack ? 'over' : 'taken';
      case 'broken':
        return behindStack && !/^(?:\?|\(?\[<)/.test(trimmed) ? 'foreign' : 'taken';
      case 'names':
      case 'lock':
      case 'close':
        return behindStack ? 'foreign' : this.#looksOurs(text) ? 'taken' : 'foreign';
      case 'blank':
        return 'taken';
      default: {
        const never: never = kind;
        return never;
      }
    }
  }

  #elsewhere(behindStack: boolean): Fed {
    return behindStack || this.#draft.held.lists().length > 0 ? 'over' : 'foreign';
  }

  /** Lock lines are weak evidence: a printed lock is wanted here, or the text is more than a word. */
  #looksOurs(text: string): boolean {
    return this.#at.slot !== null || this.#at.sink !== null || /[({>]/.test(text);
  }

  /** Files the line that waited for a possible rest. */
  #settle(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#at.file(pending.kind, pending.no, pending.text);
  }
}
