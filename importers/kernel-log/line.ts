// One message line of a kernel log with its prefixes peeled, and the interface of all report parsers.
import type { Report } from '../../corpus/schema/report.js';

/** A line of the log as printk was handed it. */
export interface LogLine {
  /** 1-based number of the physical line in the decoded file. */
  readonly no: number;
  /** The message: quoting, stamps, levels, host names and caller ids are gone; its own leading blanks are kept. */
  readonly text: string;
  /** Caller id of CONFIG_PRINTK_CALLER (`T123`, `C1`), or null. */
  readonly caller: string | null;
  /** Kernel stamp in ns since boot, or null. */
  readonly timeNs: bigint | null;
}

/** What a parser says about a line that it was fed. */
export type Fed =
  /** It belongs to the report; go on. */
  | 'taken'
  /** It belongs to the report and was its last. */
  | 'last'
  /** It does not belong here (another CPU's message between the lines); the report stays open. */
  | 'foreign'
  /** It does not belong here and the report ended before it. */
  | 'over';

/** Parses one report, line by line. Never throws on a bad line. */
export interface ReportParser {
  /** Lines after which the reader ends the report whatever the parser says; 4,000 if absent. */
  readonly maxLines?: number;
  feed(line: LogLine): Fed;
  /** Called once, when the report is over or the log ended. Null if nothing can be known of it. */
  finish(): Report | null;
}

/** Knows the headlines of some report kinds. */
export interface ReportRecogniser {
  /** A parser primed with the headline, or null if this line starts no report of ours. */
  open(line: LogLine): ReportParser | null;
}
