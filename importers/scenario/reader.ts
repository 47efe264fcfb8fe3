// Reads blocks of text for hand-drawn tables of locks, wherever in the text they stand.
import type { Report } from '../../corpus/schema/report.js';
import type { LogLine, ReportParser } from '../kernel-log/line.js';
import { peelLine } from '../kernel-log/prefix.js';
import type { TextBlock } from '../text-blocks.js';
import { drawnTables, MAY_BEGIN } from './table.js';

/** Drawings stand in mails and notes. Behind this many characters a text is a log, and is looked at no further. */
const MAX_CHARS = 1 << 22;
/** Longer lines are no part of a drawing. */
const MAX_LINE = 400;

/** Feeds a text block by block; call `end` once. Quotation marks are peeled as in kernel logs. */
export class DrawnReader {
  readonly #reports: Report[] = [];
  #parser: ReportParser | null = null;
  #chars = 0;

  block(block: TextBlock): void {
    if (this.#chars > MAX_CHARS) return;
    this.#chars += block.text.length;
    let no = block.firstLine;
    for (const raw of block.text.split('\n')) {
      if (raw.length < MAX_LINE && (this.#parser !== null || MAY_BEGIN.test(raw)))
        for (const line of peelLine(raw, no)) this.#line(line);
      no++;
    }
  }

  /** The reports of all drawings that show a deadlock, in order of their lines. */
  end(): readonly Report[] {
    this.#close();
    return this.#reports;
  }

  #line(line: LogLine): void {
    if (this.#parser !== null) {
      const fed = this.#parser.feed(line);
      if (fed === 'taken') return;
      if (fed === 'last') {
        this.#close();
        return;
      }
      if (fed === 'over') this.#close();
    }
    if (this.#parser === null) this.#parser = drawnTables.open(line);
  }

  #close(): void {
    const report = this.#parser?.finish() ?? null;
    this.#parser = null;
    if (report !== null) this.#reports.push(report);
  }
}

/** Drawings that stand outside all of these reports: the kernel draws tables of the same form into its own. */
export function drawnOutside(drawn: readonly Report[], reports: readonly Report[]): readonly Report[] {
  return drawn.filter(
    (table) =>
      !reports.some((other) => table.line >= other.line && table.line <= (other.endLine ?? other.line)),
  );
}
