// The section scanner that all lockdep reports share: joins wrapped lines, classifies them, fills a draft.
import type { Report } from '../../../corpus/schema/report.js';
import { parseFrame } from '../frame.js';
import type { Fed, LogLine, ReportParser } from '../line.js';
import { Draft, type LockdepKind, type OpenLink, reportOf, type Slot } from './draft.js';
import { type LineKind, lineKind, type Phrase, plain } from './line-kinds.js';
import { glue, joinLock, type PrintedLock } from './lock-ref.js';
import { indentOf } from './scenario-rows.js';

/** A taken line that has not been filed yet, because a mail client may have pushed its end to the next one. */
interface Pending {
  text: string;
  kind: LineKind;
  readonly no: number;
  joins: number;
}

/** Lines in a row that are none of ours, before the report is given up. */
const PATIENCE = 60;
/** The same behind the first frame of the stack, where nothing is left to come. */
const PATIENCE_BEHIND_STACK = 4;
/** How many lines one printed line may have been broken into. */
const MAX_JOINS = 3;

/** Beginnings of lines that only another report or another part of the log prints. */
const ANOTHER =
  /^(?:-+\[ cut here|={10,}|INFO: (?!lockdep)|BUG: |WARNING: |Kernel panic|watchdog: |rcu: |sysrq: |Showing |task:|general protection|Unable to handle|Oops)/;

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
  /** Where frames go; null where none are expected. */
  #sink: string[] | null = null;
  #slot: Slot | null = null;
  /** The class whose call chains are being printed. */
  #class: PrintedLock | null = null;
  #inTrace = false;
  #inHeld = false;
  #heldElsewhere = false;
  #inScenario = false;
  #awaitsSite = false;
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
    const behindStack = this.#inTrace && this.#draft.backtrace.length > 0;
    if (behindStack && ANOTHER.test(trimmed)) return this.#over();
    this.#strangers++;
    const patience = behindStack ? PATIENCE_BEHIND_STACK : PATIENCE;
    if (this.#strangers > patience) return this.#over();
    if (this.#strangers > 2) this.#awaitsSite = false;
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
    this.#closeSections();
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
    if (this.#sink === null && this.#pending?.kind.is !== 'link') return null;
    const word = /^\s+([A-Za-z_][\w.]*)(?:\(\))?(?: \[[\w-]+\])?$/.exec(text)?.[1];
    if (word === undefined || indentOf(text) === 0) return null;
    return { is: 'frame', frame: { func: word, reliable: true, module: null, inline: false } };
  }

  /** Whether a classified line can stand here. */
  #fits(kind: LineKind, text: string, trimmed: string): Fed {
    const draft = this.#draft;
    const behindStack = this.#inTrace && draft.backtrace.length > 0;
    switch (kind.is) {
      case 'end':
        if (/^INFO/.test(trimmed)) return draft.reachedTrace ? 'last' : 'foreign';
        if (!this.#inTrace) return 'foreign';
        return this.#goesOnBehindStack ? 'taken' : 'last';
      case 'rule':
        return behindStack ? 'over' : 'taken';
      case 'frame':
        return this.#sink !== null || this.#awaitsSite ? 'taken' : 'foreign';
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
        return this.#inScenario ? 'taken' : 'foreign';
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
    return this.#slot !== null || this.#sink !== null || /[({>]/.test(text);
  }

  #closeSections(): void {
    this.#sink = null;
    this.#slot = null;
    this.#inScenario = false;
    this.#awaitsSite = false;
  }

  /** Files the line that waited for a possible rest. */
  #settle(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#file(pending.kind, pending.no, pending.text);
  }

  #file(kind: LineKind, no: number, text: string): void {
    const draft = this.#draft;
    switch (kind.is) {
      case 'ident':
        draft.kernel = kind.kernel;
        draft.tainted = kind.tainted;
        return;
      case 'task':
        this.#closeSections();
        draft.task = kind.task;
        draft.pid = kind.pid;
        draft.verb = kind.verb;
        draft.context = kind.context;
        this.#slot = 'wants';
        if (kind.lock !== null) {
          const ref = { lock: kind.lock, usage: null, address: null, site: null, wait: null, line: no };
          draft.slots.wants = { ref, inline: false };
          this.#awaitsSite = true;
        }
        return;
      case 'phrase':
        this.#phrase(kind.phrase, kind.irq, no);
        return;
      case 'took-other':
        draft.relation = kind.relation;
        draft.irq = kind.irq;
        this.#slot = 'other';
        return;
      case 'usage-change':
        draft.from = kind.from;
        draft.to = kind.to;
        return;
      case 'state':
        this.#openLink(kind.state, no);
        return;
      case 'became':
        draft.irq ??= kind.irq;
        this.#openLink(`${kind.irq}-irq-${kind.safe ? 'safe' : 'unsafe'}`, no);
        return;
      case 'wait-context':
        draft.waitContext = kind.context;
        this.#slot = null;
        return;
      case 'columns':
        draft.secondColumn = kind.second;
        return;
      case 'row':
        draft.rows.push(kind.row);
        return;
      case 'link':
        this.#closeSections();
        this.#link(kind.index, kind.lock, null, no);
        return;
      case 'class':
        this.#sink = null;
        this.#class = kind.lock;
        return;
      case 'dependency':
        if (this.#slot === null || draft.newDependency === null)
          draft.newDependency = { from: kind.from, to: kind.to };
        return;
      case 'names':
        if (kind.names.length > 1) draft.chainExists ??= kind.names;
        return;
      case 'lock':
        this.#lock(kind.lock, no);
        return;
      case 'frame':
        this.#frame(kind.frame.func, kind.frame.reliable && !kind.frame.inline, kind.frame.inline);
        return;
      case 'trivia':
        this.#trivia(text.trim());
        return;
      case 'close':
        this.#sink = null;
        return;
      case 'broken':
        if (this.#slot === 'nest') draft.nestName ??= text.trim();
        return;
      case 'blank':
      case 'rule':
      case 'end':
      case 'held':
      case 'entry':
        return;
      default: {
        const never: never = kind;
        throw new Error(`lockdep: line of unknown kind ${JSON.stringify(never)}`);
      }
    }
  }

  #phrase(phrase: Phrase, irq: string | null, no: number): void {
    const draft = this.#draft;
    if (phrase !== 'deadlock' && phrase !== 'nesting') this.#closeSections();
    switch (phrase) {
      case 'holding':
        this.#slot = 'holding';
        return;
      case 'already-depends':
        draft.alreadyDepends = true;
        return;
      case 'not-holding':
        this.#slot = 'nest';
        return;
      case 'connects-safe':
        draft.irq = irq;
        this.#slot = 'class';
        return;
      case 'to-unsafe':
        this.#slot = 'class';
        return;
      case 'scenario':
        this.#inScenario = true;
        return;
      case 'nesting':
        draft.nestingNotation = true;
        return;
      case 'deadlock':
        if (draft.rows.length > 0) draft.scenarioEnded = true;
        this.#inScenario = false;
        return;
      case 'backtrace':
      case 'call-trace':
        this.#inTrace = true;
        // A second stack is the first one again.
        this.#sink = draft.reachedTrace && draft.backtrace.length > 0 ? [] : draft.backtrace;
        draft.reachedTrace = true;
        return;
      case 'acquired-at':
        this.#openLink('acquired', no);
        return;
      case 'chain-intro':
      case 'new-dependency':
      case 'safe-dependencies':
      case 'unsafe-dependencies':
      case 'shortest-dependencies':
      case 'inverse-ordering':
      case 'no-locks-there':
      case 'chain-exists':
      case 'comparison':
        return;
      case 'other-info':
        this.#inTrace = false;
        return;
      default: {
        const never: never = phrase;
        throw new Error(`lockdep: unknown phrase ${String(never)}`);
      }
    }
  }

  #lock(lock: PrintedLock, no: number): void {
    if (this.#slot === null) return;
    if (this.#slot === 'class') {
      this.#class = lock;
      return;
    }
    const earlier = this.#draft.slots[this.#slot];
    // A symboliser doubles the line for inlined callers and puts the real one last.
    if (earlier === undefined || earlier.inline)
      this.#draft.slots[this.#slot] = { ref: { ...lock.ref, line: no }, inline: lock.inline };
    if (this.#slot === 'nest') this.#draft.nestName ??= lock.ref.lock;
  }

  #frame(func: string, real: boolean, inline: boolean): void {
    const wants = this.#draft.slots.wants;
    if (this.#awaitsSite && wants !== undefined) {
      wants.ref = { ...wants.ref, site: func };
      // The line of an inlined caller stands before the real one.
      this.#awaitsSite = inline;
      return;
    }
    if (real) this.#sink?.push(func);
  }

  #trivia(line: string): void {
    if (/^irq event stamp|^(?:hard|soft)irqs last|key +at:/.test(line)) this.#sink = null;
    if (!/^CPU: ?\d/.test(line)) return;
    this.#inTrace = true;
    if (this.#sink !== this.#draft.backtrace) this.#closeSections();
    const who = /\bPID: ?(\d+) Comm: (.+?) (?:Not tainted|Tainted|Kdump)/.exec(line);
    if (who?.[2] !== undefined) this.#draft.onCpu ??= { task: who[2], pid: Number(who[1]) };
    const release = /(?:Not tainted|Tainted: (?:[A-Z] *)+) (\S+)/.exec(line)?.[1];
    this.#draft.kernel ??= release ?? null;
  }

  /** A call chain of the class named last; in a report on one lock's state, of the lock taken. */
  #openLink(state: string, no: number): void {
    this.#closeSections();
    const ref = this.#class?.ref ?? this.#draft.wants;
    if (ref === null || ref === undefined) return;
    this.#link(this.#draft.chain.length, { ref, index: null, inline: false, rest: '' }, state, no);
  }

  #link(index: number, lock: PrintedLock, state: string | null, line: number): void {
    const { usage, wait = null } = lock.ref;
    const link: OpenLink = { index, lock: lock.ref.lock, usage, wait, state, line, frames: [] };
    this.#draft.chain.push(link);
    this.#sink = link.frames;
  }
}

/** The two texts as one printed line, if the first one is cut and the second can be its rest. */
function joinTexts(pending: Pending, text: string): string | null {
  const before = pending.text;
  const next = text.trim();
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
