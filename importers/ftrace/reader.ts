// Lines of ftrace and report text to records: layouts, losses, headers, markers with newlines, function_graph.
import type { CaptureBuilder } from '../builder.js';
import { readGraphLine, readPlainGraphLine } from './graph.js';
import { readDefaultHead, readLatencyHead, readVerboseHead } from './head.js';
import { KnownLines } from './known-lines.js';
import { TraceRecords } from './records.js';

/** `CPU:1 [LOST 22197 EVENTS]`, `CPU:0 [2468 EVENTS DROPPED]`, behind the name of an instance in reports of several. */
const LOST = /^(?:\s*[\w.-]+: )?\s*CPU:(\d+) \[(?:LOST )?(?:(\d+) )?EVENTS(?: DROPPED)?\]/;
/** What bpftrace prints among the lines of the script of `relock record`. */
const BPFTRACE_LOST = /^Lost (\d+) events$/;
const BPFTRACE_ATTACHES = /^Attach(?:ing|ed) \d+ probes?(?:\.\.\.)?$/;
const BUFFER_STARTED = /^#+ CPU (\d+) buffer started #+/;
const ENTRIES = /entries-in-buffer\/entries-written: (\d+)\/(\d+)/;
const TRACER = /^# tracer: (\S+)/;
const LATENCY_KERNEL = /latency trace v[\d.]+ on (\S+)/;
const RAW = /^\d+ \d+ \d+ (?:# |type:|\w)/;
const HEX = /^[0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{16}\b/;
const BARE_EVENT = /^(?:[a-z]\w+: \S|\w+ <-\w+|<stack trace>)/;
/** Instance names stand before the task in reports of several buffers: `  fmt:  comm-pid`. */
const INSTANCE = /^\s*[\w.-]+:\s+(?=\S.*-\d+\s+\[\d{3,}\])/;

type Layout = 'default' | 'latency' | 'verbose' | 'graph';

/** Reads the lines of one recording. `finish` must be called at the end. */
export class TraceTextReader {
  readonly #builder: CaptureBuilder;
  readonly #records: TraceRecords;
  readonly #known: KnownLines;
  #layout: Layout = 'default';
  #tracer: string | null = null;
  #isReport = false;
  /** The lines are picked from another text, and what cannot be read is none of ours. */
  readonly #inside: boolean;

  constructor(builder: CaptureBuilder, from: 'whole' | 'inside' = 'whole') {
    this.#builder = builder;
    this.#inside = from === 'inside';
    this.#records = new TraceRecords(builder, this.#inside);
    this.#known = new KnownLines(this.#records);
  }

  /** Reads one line if it is a record or goes on with one; false if it is none of a trace. */
  tries(line: string, where: number): boolean {
    const before = this.#records.understood;
    this.line(line, 0, line.length, where);
    return this.#records.understood > before;
  }

  /** What comes next does not go on with what was before. */
  lost(): void {
    this.#records.lost();
    this.#layout = 'default';
  }

  /** Reads all lines of a block. */
  block(text: string, firstLine: number): void {
    let line = firstLine;
    const { length } = text;
    for (let from = 0; from <= length; line++) {
      let to = text.indexOf('\n', from);
      if (to === -1) to = length;
      this.line(text, from, to, line);
      from = to + 1;
    }
  }

  /** Reads all lines of a block of ASCII; returns how many. What was read before is found again by its bytes. */
  bytes(bytes: Buffer, firstLine: number): number {
    const known = this.#known;
    const { stack } = this.#records;
    const limit = bytes.length;
    known.block(bytes);
    let line = firstLine;
    for (let from = 0; from <= limit; line++) {
      let end = -1;
      if (this.#layout === 'default') {
        if (stack.open === 'stack' || stack.open === 'user-stack') end = known.frame(from);
        if (end < 0) end = known.record(from, line);
      } else if (this.#layout === 'graph' && stack.open === null) end = known.call(from, line);
      if (end < 0) end = this.#newLine(bytes, from, line);
      from = end + 1;
    }
    return line - firstLine;
  }

  /** Reads the line at `from` as text; returns where it ends. */
  #newLine(bytes: Buffer, from: number, where: number): number {
    const found = bytes.indexOf(10, from);
    const end = found === -1 ? bytes.length : found;
    const text = bytes.toString('latin1', from, end);
    this.#records.head.fixed = -1;
    this.line(text, 0, text.length, where);
    if (this.#layout === 'default') this.#known.learnHead(from, text);
    else if (this.#layout === 'graph') this.#known.learnCall(from, text);
    return end;
  }

  /** Reads the line between `from` and `to`. */
  line(text: string, from: number, end: number, where: number): void {
    let to = end;
    while (to > from && text.charCodeAt(to - 1) === 13) to--;
    if (
      this.#records.stack.open !== null &&
      this.#records.stack.open !== 'marker' &&
      this.#records.frame(text, from, to)
    )
      return;
    if (this.#layout === 'default' && readDefaultHead(this.#records.head, text, from, to)) {
      this.#records.record(text, to, where);
      return;
    }
    if (
      this.#layout === 'graph' &&
      this.#records.stack.open === null &&
      readPlainGraphLine(this.#records.graph, text, from, to, this.#records.functions)
    ) {
      this.#records.graphRecord(where);
      return;
    }
    this.#otherLine(text.slice(from, to), where);
  }

  #otherLine(line: string, where: number): void {
    if (line === '' || line.charCodeAt(0) === 12) return;
    const first = line.charCodeAt(0);
    if (first === 35 && this.#header(line, where)) return;
    if (line.includes('EVENTS')) {
      const lost = LOST.exec(line);
      if (lost !== null) {
        this.#records.understood++;
        this.#records.lost();
        this.#builder.skips.count('records_lost', where, lost[2] === undefined ? 1 : Number(lost[2]));
        return;
      }
    }
    const lostSomewhere = BPFTRACE_LOST.exec(line);
    if (lostSomewhere !== null) {
      this.#records.lostSomewhere();
      this.#builder.skips.count('records_lost', where, Number(lostSomewhere[1]));
      return;
    }
    if (!this.#isReport && /^cpus=\d+$/.test(line)) {
      this.#isReport = true;
      return;
    }
    if (/^version = \d+$/.test(line) || BPFTRACE_ATTACHES.test(line)) return;
    if (this.#layout === 'graph' || this.#tracer === 'function_graph' || this.#inside) {
      if (readGraphLine(this.#records.graph, line) && this.#records.graph.kind !== 'none') {
        if (!this.#inside) this.#layout = 'graph';
        this.#records.graphRecord(where);
        return;
      }
    }
    const head = this.#records.head;
    if (this.#layout !== 'verbose' && readLatencyHead(head, line, 0, line.length)) {
      this.#layout = 'latency';
      this.#records.record(line, line.length, where);
      return;
    }
    if (readVerboseHead(head, line, 0, line.length)) {
      this.#layout = 'verbose';
      this.#records.record(line, line.length, where);
      return;
    }
    if (this.#layout !== 'default' && readDefaultHead(head, line, 0, line.length)) {
      this.#records.record(line, line.length, where);
      return;
    }
    const instance = INSTANCE.exec(line);
    if (instance !== null) {
      const rest = line.slice(instance[0].length).padStart(line.length);
      if (readDefaultHead(head, rest, 0, rest.length)) {
        head.fixed = -1;
        this.#records.record(rest, rest.length, where);
        return;
      }
    }
    if (this.#records.stack.open === 'marker') return;
    if (
      this.#records.sawRecord &&
      readGraphLine(this.#records.graph, line) &&
      this.#records.graph.kind !== 'none'
    ) {
      this.#records.graphRecord(where);
      return;
    }
    this.#unread(line, where);
  }

  #unread(line: string, where: number): void {
    if (this.#inside) return;
    const { skips } = this.#builder;
    if (/^ ?[A-Z]{0,2}$/.test(line)) return;
    if (RAW.test(line) || HEX.test(line)) skips.count('trace_in_raw_form', where);
    else if (!this.#records.sawRecord && BARE_EVENT.test(line)) skips.count('trace_without_context', where);
    else skips.count('trace_line_unreadable', where);
  }

  #header(line: string, where: number): boolean {
    const started = BUFFER_STARTED.exec(line);
    if (started !== null) {
      // What this CPU did before is not known, and it may have held what others waited for.
      this.#records.lost();
      return true;
    }
    if (!/^#(?: |$|\|| {2,})/.test(line)) return false;
    const tracer = TRACER.exec(line);
    if (tracer !== null) {
      this.#tracer = tracer[1] ?? null;
      this.#layout = this.#tracer === 'function_graph' ? 'graph' : 'default';
    }
    const entries = ENTRIES.exec(line);
    if (entries !== null) {
      const overwritten = Number(entries[2]) - Number(entries[1]);
      if (overwritten > 0) this.#builder.skips.count('records_overwritten', where, overwritten);
    }
    const kernel = LATENCY_KERNEL.exec(line);
    if (kernel?.[1] !== undefined) this.#builder.kernel(kernel[1]);
    return true;
  }

  /** Settles what waits for the end, and hands counts and machine to the builder. */
  finish(): void {
    this.#records.finish();
  }
}
