// What one line of a lockdep report is, whatever report it stands in: every print statement of lockdep.c.
import type { Frame } from '../frame.js';
import { parseFrame } from '../frame.js';
import { type HeldHeadline, parseHeldHeadline } from './held-list.js';
import { lockText, type PrintedLock, parseLock } from './lock-ref.js';
import { isBrokenRow, parseRow, type ScenarioRow } from './scenario-rows.js';

/** What `COMM/PID ...` says that the task does. */
export type TaskVerb =
  | 'acquire'
  | 'take'
  | 'change'
  | 'try-lock'
  | 'release'
  | 'contend'
  | 'free'
  | 'leave'
  | 'exit';

/** Phrases that open a section or say which lock the next line names. */
export type Phrase =
  | 'holding'
  | 'already-depends'
  | 'chain-intro'
  | 'not-holding'
  | 'new-dependency'
  | 'connects-safe'
  | 'to-unsafe'
  | 'safe-dependencies'
  | 'unsafe-dependencies'
  | 'shortest-dependencies'
  | 'inverse-ordering'
  | 'no-locks-there'
  | 'other-info'
  | 'chain-exists'
  | 'scenario'
  | 'nesting'
  | 'deadlock'
  | 'backtrace'
  | 'call-trace'
  | 'acquired-at'
  | 'comparison';

/** One line, classified. */
export type LineKind =
  | { readonly is: 'blank' | 'rule' | 'trivia' | 'close' | 'end' }
  | {
      readonly is: 'ident';
      readonly kernel: string;
      readonly tainted: boolean;
    }
  | {
      readonly is: 'task';
      readonly verb: TaskVerb;
      readonly task: string;
      readonly pid: number;
      /** `HC0[0]:SC0[0]:HE0:SE1`, or null. */
      readonly context: string | null;
      /** The lock between the parentheses of `is trying to release lock (NAME) at:`, or null. */
      readonly lock: string | null;
    }
  | { readonly is: 'phrase'; readonly phrase: Phrase; readonly irq: string | null; readonly text: string }
  | { readonly is: 'took-other'; readonly relation: string; readonly irq: string }
  | { readonly is: 'usage-change'; readonly from: string; readonly to: string }
  | { readonly is: 'state'; readonly state: string }
  /** `state` is `SOFTIRQ-READ-irq-safe` where `irq` is `SOFTIRQ`: state_name() of a read usage. */
  | { readonly is: 'became'; readonly irq: string; readonly state: string }
  | { readonly is: 'wait-context'; readonly context: string }
  | { readonly is: 'columns'; readonly second: number | null }
  | { readonly is: 'row'; readonly row: ScenarioRow }
  | { readonly is: 'link'; readonly index: number; readonly lock: PrintedLock }
  | { readonly is: 'class'; readonly lock: PrintedLock }
  | { readonly is: 'dependency'; readonly from: string; readonly to: string }
  | { readonly is: 'names'; readonly names: readonly string[] }
  | { readonly is: 'held'; readonly headline: HeldHeadline }
  | { readonly is: 'lock'; readonly lock: PrintedLock }
  | { readonly is: 'entry' }
  | { readonly is: 'frame'; readonly frame: Frame }
  /** A line that a mail client cut: nothing yet, but something together with the next one. */
  | { readonly is: 'broken' };

/** print_kernel_ident(): release, first word of the version, taint. */
const IDENT = /^(\S+) #\S+ (Not tainted|Tainted)\b/;
const TASK =
  /^(\S.*)\/(\d+) (?:\[?(HC\d\[\d+\]:SC\d\[\d+\]:HE\d:SE\d)\]? )?(is trying to acquire(?: lock)?:|takes:|just changed the state of lock:|is trying to lock:|is trying to (?:release|contend) lock \((.*)\) at:|is freeing memory .*|is leaving the kernel with locks still held!|is exiting with locks still held!)$/;
const BROKEN_TASK =
  /^\S*[^\s/]\/\d+$|^\S.*\/\d+ (?:\[HC\S*\]? ?)?(?:is|is trying|is trying to|is trying to (?:acquire|release|contend)(?: lock(?: \(.*)?)?|just|just changed( the( state( of)?)?)?|is leaving( the( kernel( with( locks( still)?)?)?)?)?|is exiting( with.*)?|is freeing( memory.*)?)?$/;

function verbOf(words: string): TaskVerb {
  if (words.startsWith('is trying to acquire')) return 'acquire';
  if (words.startsWith('takes')) return 'take';
  if (words.startsWith('just')) return 'change';
  if (words.startsWith('is trying to lock')) return 'try-lock';
  if (words.startsWith('is trying to release')) return 'release';
  if (words.startsWith('is trying to contend')) return 'contend';
  if (words.startsWith('is freeing')) return 'free';
  return words.startsWith('is leaving') ? 'leave' : 'exit';
}

const PHRASES: readonly (readonly [RegExp, Phrase])[] = [
  [/^but task is already holding lock:$/, 'holding'],
  [/^and this task is already holding:$/, 'holding'],
  [/^which lock already depends on the new lock\.?$/, 'already-depends'],
  [/^the existing dependency chain \(in reverse order\) is:$/, 'chain-intro'],
  [/^but this task is not holding:$/, 'not-holding'],
  [/^which would create a new (?:lock|\S+) dependency:$/, 'new-dependency'],
  [/^but this new dependency connects an? (\w+)(?:-READ)?-irq-safe lock:$/, 'connects-safe'],
  [/^to an? (\w+)(?:-READ)?-irq-unsafe lock:$/, 'to-unsafe'],
  [/^the dependencies between (\w+)(?:-READ)?-irq-safe lock and the holding lock:$/, 'safe-dependencies'],
  [/^the dependencies between the lock to be acquired$/, 'unsafe-dependencies'],
  [
    /^the dependencies between the lock to be acquired(?: and (\w+)(?:-READ)?-irq-unsafe lock:)$/,
    'unsafe-dependencies',
  ],
  [/^the shortest dependencies between 2nd lock and 1st lock:$/, 'shortest-dependencies'],
  [/^and interrupts could create inverse lock ordering between them\.$/, 'inverse-ordering'],
  [/^but there are no (?:more )?locks (?:to release|held)!$/, 'no-locks-there'],
  [/^other info that might help us debug this:$/, 'other-info'],
  [/^Chain exists of:$/, 'chain-exists'],
  [/^Possible (?:\w+ )?unsafe locking scenario:?$/, 'scenario'],
  [/^May be due to missing lock nesting notation$/, 'nesting'],
  [/^\*\*\* DEADLOCK \*\*\*$/, 'deadlock'],
  [/^stack backtrace:$/, 'backtrace'],
  [/^Call [Tt]race:$/, 'call-trace'],
  [/^\.\.\. ?acquired at:$/, 'acquired-at'],
  [/^and the lock comparison function returns -?\d+:$/, 'comparison'],
];
const LONGEST_PHRASE = 90;
/** Beginnings of phrases that a mail client may have cut. */
const BROKEN_PHRASE =
  /^(?:but (?:this lock|this new|task is|this task|there are|none)\b.*|and (?:this|interrupts)\b.*|the (?:existing|dependencies|shortest)\b.*|which (?:lock|would)\b.*|other info that\b.*|and [\w-]+-irq-unsafe.*|inconsistent \{.*|\{[A-Z_ -]+\}(?: state.*)?|\.\.\. ?(?:which.*|acquired.*)|May be due.*|Possible (?:interrupt )?unsafe.*)$/;

/** Lines that belong to a report and say nothing that is kept. */
const TRIVIA: readonly RegExp[] = [
  /^irq event stamp: \d+$|^(?:hard|soft)irqs last +(?:enabled|disabled) +at/,
  /^\.\.\. ?key +at:|^\.\.\.(?: ?\S*)?$|^\[\.\.\.\]$|^and [\w-]+-irq-unsafe lock:$/,
  /^CPU: ?\d|^Hardware name:|^Workqueue:|^Tainted: |^Sched_ext:/,
  /^<\/?(?:IRQ|NMI|SOFTIRQ|TASK|#\w+|ENTRY_TRAMPOLINE)>$/,
  // Registers between the frames of an interrupt or of the system call: arch/x86, arm64 and arm show_regs().
  /^(?:RIP|RSP|Code|EFLAGS|ORIG_RAX|CS|FS|CR\d|DR\d|[RE][A-Z0-9]{2}): |^Exception stack|^(?:LR|PC) is at |^(?:pc|lr|sp) : |^x\d+ ?: [0-9a-f]{16}/,
];

const NAMES = /^\S.* --> \S.*$/;

/** The printed text of a line: NBSP as blanks, no blanks behind. */
export function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ').trimEnd();
}

/** Column of the second of two words `CPU0 CPU1`, null if only one stands there; undefined if it is no such head. */
function columnsOf(text: string): number | null | undefined {
  if (/^\s*CPU0\s*$/.test(text)) return null;
  // `CPU1` pushed to a line of its own: where print_circular_lock_scenario() always puts it.
  if (/^\s*CPU1\s*$/.test(text)) return 31;
  if (!/^\s*CPU0\s+CPU1\s*$/.test(text)) return undefined;
  let column = 0;
  for (const char of text.slice(0, text.lastIndexOf('CPU1'))) column += char === '\t' ? 8 - (column % 8) : 1;
  return column;
}

function phraseOf(line: string): LineKind | null {
  if (line.length > LONGEST_PHRASE) return null;
  for (const [pattern, phrase] of PHRASES) {
    const match = pattern.exec(line);
    if (match !== null) return { is: 'phrase', phrase, irq: match[1] ?? null, text: line };
  }
  return null;
}

/** Lines that only reports about interrupts print. */
function irqLine(line: string): LineKind | null {
  const change = /^inconsistent \{(.+?)\} -> \{(.+?)\} usage\.?$/.exec(line);
  if (change?.[1] !== undefined && change[2] !== undefined)
    return { is: 'usage-change', from: change[1], to: change[2] };
  const registered = /^\{(.+)\} state was registered at:$/.exec(line);
  if (registered?.[1] !== undefined) return { is: 'state', state: registered[1] };
  const became = /^\.\.\. ?which became (\w+)(-READ)?-irq-(safe|unsafe) at:$/.exec(line);
  if (became?.[1] !== undefined)
    return { is: 'became', irq: became[1], state: `${became[1]}${became[2] ?? ''}-irq-${became[3] ?? ''}` };
  const usage = /^((?:IN-)?[A-Z_]+-(?:ON-)?[RW]|INITIAL (?:USE|READ USE)) +at:$/.exec(line);
  if (usage?.[1] !== undefined) return { is: 'state', state: usage[1] };
  const other =
    /^but this lock (was taken by another|took another), (\w+)-(?:READ-)?(?:irq-)?(?:un)?safe lock in the past:$/.exec(
      line,
    );
  if (other?.[1] !== undefined && other[2] !== undefined)
    return { is: 'took-other', relation: other[1], irq: other[2] };
  const context = /^context-\{(\d+(?::\d+)?)\}$/.exec(line);
  return context?.[1] === undefined ? null : { is: 'wait-context', context: context[1] };
}

/** Lines that name locks. */
function lockLine(line: string): LineKind | null {
  const link = /^-> ?#(\d+):? ?(.*)$/.exec(line);
  if (link !== null) {
    const lock = parseLock(link[2] ?? '');
    return lock === null ? { is: 'broken' } : { is: 'link', index: Number(link[1]), lock };
  }
  if (line.startsWith('->')) {
    const lock = parseLock(line.slice(2));
    if (lock !== null) return { is: 'class', lock };
    return lockText(line.slice(2)) === 'open' ? { is: 'broken' } : null;
  }
  if (/^#\d+:/.test(line)) return { is: 'entry' };
  if (NAMES.test(line)) return { is: 'names', names: line.split(/\s+-->\s+/) };
  const lock = parseLock(line);
  if (lock !== null) {
    const other = /^-> (\(.*)$/.exec(lock.rest);
    const to = other === null ? null : parseLock(other[1] ?? '');
    if (to !== null) return { is: 'dependency', from: lock.ref.lock, to: to.ref.lock };
    return { is: 'lock', lock };
  }
  return lockText(line) === 'open' ? { is: 'broken' } : null;
}

/** printk cuts messages (kernel/printk/printk.c, PRINTK_MESSAGE_MAX): longer lines are none. */
const MAX_LENGTH = 2048;

/** Classifies a line whose prefixes are peeled; null if no lockdep report prints such a line. */
export function lineKind(text: string, no: number): LineKind | null {
  if (text.length > MAX_LENGTH) return null;
  const shown = plain(text);
  const line = shown.trim();
  if (line === '') return { is: 'blank' };
  // Most lines of a report are frames, and only lines of locks and states hold an offset besides.
  if (line.includes('+0x') && !/[{:]/.test(line)) {
    const frame = parseFrame(line);
    if (frame !== null) return { is: 'frame', frame };
  }
  if (/^[-=]{4,}(?:\s+[-=]{4,})?$/.test(line)) return { is: 'rule' };
  if (/^<\/TASK>$|^---\[ end trace|^INFO: lockdep is turned off\.?$/.test(line)) return { is: 'end' };
  if (line === '}') return { is: 'close' };
  const phrase = phraseOf(line);
  if (phrase !== null) return phrase;
  const columns = columnsOf(shown);
  if (columns !== undefined) return { is: 'columns', second: columns };
  const row = parseRow(shown, no);
  if (row !== null) return { is: 'row', row };
  const held = parseHeldHeadline(line);
  if (held !== null) return { is: 'held', headline: held };
  const task = TASK.exec(line);
  if (task?.[1] !== undefined && task[4] !== undefined)
    return {
      is: 'task',
      verb: verbOf(task[4]),
      task: task[1],
      pid: Number(task[2]),
      context: task[3] ?? null,
      lock: task[5] ?? null,
    };
  const irq = irqLine(line);
  if (irq !== null) return irq;
  if (TRIVIA.some((pattern) => pattern.test(line))) return { is: 'trivia' };
  const frame = parseFrame(line);
  if (frame !== null) return { is: 'frame', frame };
  const ident = IDENT.exec(line);
  if (ident?.[1] !== undefined) return { is: 'ident', kernel: ident[1], tainted: ident[2] === 'Tainted' };
  // Before the locks: `(udev-worker)/539 is trying to release lock` begins like one.
  if (BROKEN_TASK.test(line)) return { is: 'broken' };
  const lock = lockLine(line);
  if (lock !== null) return lock;
  const cut =
    isBrokenRow(line) ||
    (line.length < LONGEST_PHRASE && BROKEN_PHRASE.test(line)) ||
    /^(?:\d+\.\d+\S*(?: #\S+(?: Not)?)?|->)$/.test(line) ||
    /^(?:\? ?|\(?\[<[0-9a-f]+>\] ?\??|CPU0|\d+ locks? held(?: by.*)?|no locks held.*)$/.test(line);
  return cut ? { is: 'broken' } : null;
}
