// Records of a tracer inside other texts: a buffer dumped into the kernel log, a trace shown on a console or quoted in a mail.
import type { CaptureBuilder } from '../builder.js';
import { peelLine } from '../kernel-log/prefix.js';
import type { TextBlock } from '../text-blocks.js';
import { TraceTextReader } from './reader.js';

/** kernel/trace/trace.c ftrace_dump_one(): what stands before the first record. */
const DUMP = 'Dumping ftrace buffer:';
const RULE = /^-{33}\s*$/;
/** Lines of others inside a dump, in a row, behind which it is taken to have ended without its rule. */
const MOST_FOREIGN = 200;
/** `comm-pid [cpu] flags time: event`, whatever stands before it; losses between such lines; calls of function_graph. */
const RECORD =
  /-\d+ +(?:\(\s*(?:\d+|-+)\) )?\[\d{3,4}\] +(?:[dDXbB.][nNplLbB.][zZhHs.][0-9a-f.]\S{0,4} +)?\d+\.\d{6,9}: +[\w<]|^(?:[>| ]*)CPU:\d+ \[(?:LOST \d|\d+ EVENTS|EVENTS)|^[>| ]{0,12}\d{1,3}\) +(?:[+!#*@$] *)?(?:[\d.]+ us)? +\| .*(?:\(\);|\{|\})\s*$/gm;
const QUOTES = /^(?:[>|] ?)+/;
/** Texts longer than this are logs that nobody wrote by hand; only dumps are looked for in them. */
const PROSE_CHARS = 8 << 20;

/** Looks for records of a tracer in a text that is no trace as a whole. */
export class TracesInside {
  readonly #reader: TraceTextReader;
  #dumping = false;
  #rules = 0;
  #foreign = 0;
  #chars = 0;
  /** Number of the last line that was handed on: a stack may follow. */
  #last = -1;

  constructor(builder: CaptureBuilder) {
    this.#reader = new TraceTextReader(builder, 'inside');
  }

  block(block: TextBlock): void {
    const { text } = block;
    const prose = this.#chars < PROSE_CHARS;
    this.#chars += text.length;
    if (!this.#dumping && !text.includes(DUMP) && !this.#follows(block)) {
      if (!prose) return;
      RECORD.lastIndex = 0;
      if (!RECORD.test(text)) return;
    }
    let no = block.firstLine;
    for (let from = 0; from <= text.length; no++) {
      let to = text.indexOf('\n', from);
      if (to === -1) to = text.length;
      this.#line(text.slice(from, to), no, prose);
      from = to + 1;
    }
  }

  #follows(block: TextBlock): boolean {
    return this.#last !== -1 && this.#last >= block.firstLine - 1;
  }

  #line(raw: string, no: number, prose: boolean): void {
    if (this.#dumping) {
      for (const line of peelLine(raw, no)) this.#dumped(line.text, no);
      return;
    }
    if (raw.includes(DUMP)) {
      this.#dumping = true;
      this.#rules = 0;
      this.#foreign = 0;
      return;
    }
    if (!prose) return;
    RECORD.lastIndex = 0;
    const follows = this.#last === no - 1;
    const line = raw.replace(QUOTES, '');
    if (!(follows && /^\s{0,2}=> /.test(line)) && !RECORD.test(raw)) return;
    if (this.#reader.tries(line, no)) this.#last = no;
  }

  #dumped(text: string, no: number): void {
    if (RULE.test(text)) {
      if (++this.#rules >= 2) this.#endDump();
      return;
    }
    if (this.#reader.tries(text, no)) {
      this.#foreign = 0;
      return;
    }
    if (++this.#foreign > MOST_FOREIGN) this.#endDump();
  }

  #endDump(): void {
    this.#dumping = false;
    this.#reader.lost();
  }

  /** Hands over what was found; call once, when the builder has everything else. */
  end(): void {
    this.#reader.finish();
  }
}
