// Reads blocks of a kernel log: finds where reports begin, takes interleaved callers apart, feeds the open parsers.
import type { Report } from '../../corpus/schema/report.js';
import type { SkipCounter } from '../skips.js';
import type { TextBlock } from '../text-blocks.js';
import { HEADLINE_TRIGGER, isHeadline, TRIGGER, WORTH_READING } from './headlines.js';
import type { LogLine, ReportParser, ReportRecogniser } from './line.js';
import { MachineHints } from './platform.js';
import { peelLine } from './prefix.js';
import { parseTaskLine } from './task-line.js';

/** Excerpts without a headline are looked for in this much text; longer files are logs that nobody cut by hand. */
const EXCERPT_CHARS = 8 << 20;
const MAX_LINES = 4_000;
/** printk cuts records at 1 KiB to 2 KiB; patterns need not look further. */
const MAX_MESSAGE = 4_096;
/** Lines in a row that no open report took, after which all are closed. */
const MAX_SILENCE = 400;
/** Reports open at once; interleaving CPUs give a few, a file of garbage could give any number. */
const MAX_OPEN = 16;
/** More reports than this are counted, not kept: a dump in a loop must not fill the memory. */
const MAX_REPORTS = 20_000;

/** Headlines and task lines that mail clients cut: how they begin, and what they hold when they are whole. */
const LONG_LINES: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^INFO: task /,
    /for more than \d+ seconds|likely (?:last held|owned) by .+:\d+\.?(?: <\w+>)?$|is not found|INFO: task hung/,
  ],
  [/^BUG: scheduling while\b/, /\/0x[0-9a-f]{8}/],
  [/^BUG: sleeping function\b/, /context at \S+:\d+/],
  [/^BUG: using \S+(?: |$)/, /code: .+\/\d+/],
  [/^(?:(?:NMI )?watchdog: )?BUG: soft lockup\b/, /\[.+:\d+\]|detected on CPU/],
  [/^(?:rcu: )?INFO: rcu\w* (?:self-)?detected/, /stalls? on (?:CPUs?\b|tasks)|, but suppressed|\(Late IPI/],
  [/^task:\S/, /\bppid: *\d+/],
  [/^in_atomic\(\): /, /, name: \S/],
  [/^BUG: workqueue lockup/, /stuck for \d+s!/],
];
const LONGEST_CUT = 3;

function isCutColumns(text: string): boolean {
  return text.length < 60 && CUT_COLUMNS.test(text) && parseTaskLine(text) === null;
}

/** True if the text begins like a long line of the kernel and its end is missing. */
function isCut(text: string): boolean {
  const first = text.charCodeAt(0);
  // B I N i r t w: no other letter begins one of them.
  if (
    !(
      first === 66 ||
      first === 73 ||
      first === 78 ||
      first === 105 ||
      first === 114 ||
      first === 116 ||
      first === 119
    )
  )
    return false;
  return LONG_LINES.some(([begin, whole]) => begin.test(text) && !whole.test(text));
}

/** A stack line that a mail client cut behind `?`, behind an address, behind `from`, or inside the next line's stamp. */
const CUT_FRAME = /(?:(?:[\d>]\]|kernel:) +\?|\+0x.* \[|\[<[0-9a-f]{8,16}>\]|\) from)\s*$/;
/** A task line in columns without its end: `kworker/0:1     D ffff88003fc14580     0`. */
const CUT_COLUMNS = /^\S.{0,15}? +[DSRTIXZ] +(?:(?:running task|[0-9a-f]{8,16}) *)?(?:\d+ *){0,3}$/;

/** Lines of no meaning to a parser that are still the report's own: frames without a symbol, what hung_task.c adds. */
const OF_THE_REPORT =
  /^\s*(?:\(?\[<[0-9a-f]+>\]\)?)?\s*(?:\?\s*)?(?:0x[0-9a-f]+)?\s*$|^Future hung task reports are suppressed/;

interface Open {
  readonly parser: ReportParser;
  readonly caller: string | null;
  readonly begin: number;
  readonly maxLines: number;
  /** Lines of others since the parser last took one. */
  foreign: number;
  interleaved: boolean;
}

/** What a finished reading gives. */
export interface KernelLogReports {
  /** In order of their headlines. */
  readonly reports: readonly Report[];
  /** Release behind `Linux version`, of the first boot in the file, or null. */
  readonly version: string | null;
  /** What the lines of the reports say about the machine. */
  readonly machine: MachineHints;
}

/** Feeds a log block by block; call `end` once. */
export class KernelLogReader {
  readonly #recognisers: readonly ReportRecogniser[];
  readonly #skips: SkipCounter;
  #open: Open[] = [];
  readonly #reports: Report[] = [];
  #silence = 0;
  #chars = 0;
  /** The beginning of a line that may have been cut. */
  #parts: LogLine[] = [];
  #cutRaw: { readonly raw: string; readonly no: number } | null = null;
  #version: string | null = null;
  readonly #machine = new MachineHints();

  constructor(recognisers: readonly ReportRecogniser[], skips: SkipCounter) {
    this.#recognisers = recognisers;
    this.#skips = skips;
  }

  /** Reads the next block. Between reports only the trigger words are looked for. */
  block(block: TextBlock): void {
    const { text } = block;
    let at = 0;
    let no = block.firstLine;
    const trigger = this.#chars < EXCERPT_CHARS ? TRIGGER : HEADLINE_TRIGGER;
    this.#chars += text.length;
    while (at <= text.length) {
      const idle = this.#open.length === 0 && this.#parts.length === 0 && this.#cutRaw === null;
      if (idle) {
        trigger.lastIndex = at;
        const hit = trigger.exec(text);
        if (hit === null) break;
        const start = hit.index === 0 ? 0 : text.lastIndexOf('\n', hit.index - 1) + 1;
        for (let end = text.indexOf('\n', at); end !== -1 && end < start; end = text.indexOf('\n', end + 1))
          no++;
        at = start;
      }
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline;
      const raw = text.slice(at, end);
      if (!idle || WORTH_READING.test(raw)) this.#raw(raw, no);
      at = end + 1;
      no++;
    }
  }

  /** Ends everything that is still open and hands over. */
  end(): KernelLogReports {
    const cut = this.#cutRaw;
    this.#cutRaw = null;
    if (cut !== null) for (const line of peelLine(cut.raw, cut.no)) this.#line(line);
    this.#giveUp();
    for (const open of this.#open) this.#close(open, true);
    this.#open = [];
    this.#reports.sort((a, b) => a.line - b.line);
    return { reports: this.#reports, version: this.#version, machine: this.#machine };
  }

  #raw(raw: string, no: number): void {
    const cut = this.#cutRaw;
    this.#cutRaw = null;
    const whole = cut === null ? raw : `${cut.raw.trimEnd()} ${raw.replace(/^[>|\s]+/, '')}`;
    if (this.#open.length > 0 && whole.length < 1_000 && CUT_FRAME.test(whole)) {
      this.#cutRaw = { raw: whole, no: cut?.no ?? no };
      return;
    }
    for (const line of peelLine(whole, cut?.no ?? no))
      this.#line(line.text.length > MAX_MESSAGE ? { ...line, text: line.text.slice(0, MAX_MESSAGE) } : line);
  }

  /** Puts together what a mail client cut; what does not become whole is dispatched as it came. */
  #line(line: LogLine): void {
    const parts = this.#parts;
    const text = line.text.trim();
    if (parts.length === 0) {
      if (isCut(text) || (this.#open.length > 0 && isCutColumns(text))) this.#parts = [line];
      else this.#dispatch(line);
      return;
    }
    const head = parts[0]!;
    const goesOn =
      parts.length < LONGEST_CUT &&
      !isHeadline(text) &&
      (line.timeNs === null || line.timeNs === head.timeNs);
    if (goesOn) {
      const whole = [...parts, line]
        .map((part) => part.text.trim())
        .filter((part) => part !== '')
        .join(' ');
      if (!isCut(whole) && !isCutColumns(whole)) {
        this.#parts = [];
        this.#dispatch({ ...head, text: whole });
        return;
      }
      parts.push(line);
      return;
    }
    this.#giveUp();
    this.#line(line);
  }

  #giveUp(): void {
    const parts = this.#parts;
    this.#parts = [];
    for (const part of parts) this.#dispatch(part);
  }

  #dispatch(line: LogLine): void {
    if (line.text.includes('lockdep is turned off')) this.#skips.count('lockdep_off', line.no);
    const taker = this.#offer(line);
    if (taker) {
      this.#machine.note(line.text);
      this.#silence = 0;
      return;
    }
    if (this.#openNew(line)) {
      this.#machine.note(line.text);
      this.#silence = 0;
      return;
    }
    this.#watch(line);
    if (this.#open.length > 0 && ++this.#silence > MAX_SILENCE) {
      for (const open of this.#open) this.#close(open, false);
      this.#open = [];
      this.#silence = 0;
    }
  }

  /** Offers a line to the open reports, the newest first. True if one took it. */
  #offer(line: LogLine): boolean {
    for (let i = 0; i < this.#open.length; i++) {
      const open = this.#open[i]!;
      if (line.caller !== null && open.caller !== null && line.caller !== open.caller) continue;
      const fed = line.no - open.begin > open.maxLines ? 'over' : open.parser.feed(line);
      switch (fed) {
        case 'taken':
          if (open.foreign > 0) open.interleaved = true;
          open.foreign = 0;
          // If an older report goes on behind this line, this line stood inside it.
          for (const older of this.#open.slice(i + 1))
            if (line.caller === null || older.caller === null || line.caller === older.caller)
              older.foreign++;
          return true;
        case 'last':
          this.#open.splice(i, 1);
          this.#close(open, false);
          return true;
        case 'over':
          this.#open.splice(i, 1);
          this.#close(open, false);
          i--;
          break;
        case 'foreign':
          if (!OF_THE_REPORT.test(line.text)) open.foreign++;
          break;
        default: {
          const never: never = fed;
          throw new Error(`report parser answered ${String(never)}`);
        }
      }
    }
    return false;
  }

  #openNew(line: LogLine): boolean {
    for (const recogniser of this.#recognisers) {
      const parser = recogniser.open(line);
      if (parser === null) continue;
      if (this.#open.length >= MAX_OPEN) {
        const oldest = this.#open.pop();
        if (oldest !== undefined) this.#close(oldest, true);
      }
      this.#open.unshift({
        parser,
        caller: line.caller,
        begin: line.no,
        maxLines: parser.maxLines ?? MAX_LINES,
        foreign: 0,
        interleaved: false,
      });
      return true;
    }
    return false;
  }

  #watch(line: LogLine): void {
    const text = line.text;
    if (this.#version === null && text.includes('Linux version '))
      this.#version = /Linux version (\d+\.\d+\S*)/.exec(text)?.[1] ?? null;
  }

  #close(open: Open, cutOff: boolean): void {
    const report = open.parser.finish();
    if (open.interleaved) this.#skips.count('report_interleaved', open.begin);
    if (report === null) return;
    if (cutOff && (report.problems ?? []).length > 0) this.#skips.count('report_cut_off', report.line);
    const { problems = [] } = report;
    if (problems.includes('held-unparsed')) this.#skips.count('held_lock_unreadable', report.line);
    if (this.#reports.length < MAX_REPORTS) this.#reports.push(report);
    else this.#skips.count('too_many_reports', report.line);
  }
}
