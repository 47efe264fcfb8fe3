// Recognises the drawings by which maintainers explain a deadlock: tables, one list a thread, and annotated call chains.
import type { Report } from '../../corpus/schema/report.js';
import type { Fed, LogLine, ReportParser, ReportRecogniser } from '../kernel-log/line.js';
import { indentOf } from '../kernel-log/lockdep/scenario-rows.js';
import { parseCell } from './cells.js';
import { type ColumnHead, isRule, parseHeads, parseSection } from './heads.js';
import { recoverColumns } from './lost-columns.js';
import { type PlacedCell, placeCells } from './rows.js';
import { type Sequence, sequenceOf } from './sequence.js';

/** Blank lines that may stand inside a drawing. */
const MAX_BLANKS = 1;
/** Lines of prose that may stand between one thread's list and the next one's. */
const MAX_PROSE = 6;
const MAX_CELLS = 400;

function reportOf(
  title: string,
  line: number,
  endLine: number,
  heads: readonly ColumnHead[],
  sequence: Sequence,
  problems: readonly string[],
): Report {
  const waiting = sequence.ends.find((end) => end.wants !== null && end.holds.length > 0);
  return {
    kind: 'scenario',
    line,
    task: null,
    pid: null,
    wants: waiting?.wants ?? null,
    holds: waiting?.holds ?? [],
    chain: [],
    scenario: sequence.steps,
    held: [],
    blocked: [],
    title,
    endLine,
    kernel: null,
    facts: { columns: heads.map((head) => head.label).join(' | ') },
    backtrace: [],
    problems,
  };
}

/** Columns side by side under `CPU0 (f)    CPU1 (g)`. */
class TableParser implements ReportParser {
  readonly #heads: readonly ColumnHead[];
  readonly #title: string;
  readonly #line: number;
  readonly #barred: boolean;
  readonly #cells: PlacedCell[] = [];
  #endLine: number;
  #blanks = 0;
  #ended = false;

  constructor(first: LogLine, heads: readonly ColumnHead[]) {
    this.#heads = heads;
    this.#title = heads.map((head) => head.title).join(' | ');
    this.#line = first.no;
    this.#endLine = first.no;
    this.#barred = /[|\u2502]/.test(first.text);
  }

  feed(line: LogLine): Fed {
    if (this.#ended) return 'over';
    if (line.text.trim() === '') {
      if (++this.#blanks <= MAX_BLANKS || this.#cells.length === 0) return 'taken';
      return this.#over();
    }
    if (isRule(line.text) && this.#cells.length === 0) return 'taken';
    const cells = placeCells(line.text, this.#heads, this.#barred, line.no);
    if (cells === null || this.#cells.length > MAX_CELLS) return this.#over();
    this.#blanks = 0;
    this.#cells.push(...cells);
    this.#endLine = line.no;
    if (!cells.some(({ cell }) => cell.is === 'deadlock')) return 'taken';
    this.#ended = true;
    return 'last';
  }

  finish(): Report | null {
    const flat = this.#cells.every((cell) => cell.column === 0) && this.#heads.length > 1;
    const cells = flat ? recoverColumns(this.#cells, this.#heads.length) : this.#cells;
    if (cells === null) return null;
    const sequence = sequenceOf(cells, this.#heads);
    if (sequence === null) return null;
    const problems = flat ? ['scenario-mangled'] : [];
    return reportOf(this.#title, this.#line, this.#endLine, this.#heads, sequence, problems);
  }

  #over(): Fed {
    this.#ended = true;
    return 'over';
  }
}

const ARROW = /^\s*(?:->|→|=>|└─*>?|\+->|\\_)\s*[A-Za-z_]\w*\(/u;

/** One list a thread, under `Thread A:` or as call chains of arrows, one below the other. */
class ListParser implements ReportParser {
  readonly #line: number;
  readonly #heads: ColumnHead[] = [];
  readonly #cells: PlacedCell[] = [];
  readonly #arrows: boolean;
  #endLine: number;
  #prose = 0;
  #gap = false;
  #ended = false;

  constructor(first: LogLine, head: ColumnHead | null) {
    this.#line = first.no;
    this.#endLine = first.no;
    this.#arrows = head === null;
    if (head === null) {
      this.#heads.push(pathHead(1, first.text));
      this.#row(first);
    } else this.#heads.push(head);
  }

  feed(line: LogLine): Fed {
    if (this.#ended) return 'over';
    const text = line.text;
    if (text.trim() === '') {
      this.#gap = true;
      return 'taken';
    }
    const head = this.#arrows ? null : parseSection(text);
    if (head !== null) {
      if (this.#heads.some((other) => other.title === head.title)) return this.#over();
      this.#heads.push(head);
      this.#endLine = line.no;
      this.#gap = false;
      this.#prose = 0;
      return 'taken';
    }
    if (this.#arrows ? ARROW.test(text) : !this.#gap || indentOf(text) > (this.#heads.at(-1)?.at ?? 0)) {
      if (this.#arrows && this.#gap) this.#startChain(text);
      if (this.#cells.length < MAX_CELLS && this.#row(line)) {
        this.#endLine = line.no;
        this.#gap = false;
        this.#prose = 0;
        return 'taken';
      }
    }
    this.#gap = true;
    return ++this.#prose > MAX_PROSE ? this.#over() : 'foreign';
  }

  finish(): Report | null {
    const used = this.#heads.filter((_, column) => this.#cells.some((cell) => cell.column === column));
    const columns = this.#heads.map((head) => used.indexOf(head));
    const cells = this.#cells.map((cell) => ({ ...cell, column: columns[cell.column] ?? 0 }));
    const named = used.map((head, column) => {
      const called = head.function ?? firstCall(cells, column);
      const label = head.label === head.title ? (called ?? head.title) : head.label;
      return { ...head, function: called, label };
    });
    const sequence = sequenceOf(cells, named);
    if (sequence === null) return null;
    const title = named.map((head) => (this.#arrows ? head.label : head.title)).join(' | ');
    return reportOf(title, this.#line, this.#endLine, named, sequence, []);
  }

  #startChain(text: string): void {
    this.#heads.push(pathHead(this.#heads.length + 1, text));
    this.#gap = false;
  }

  #row(line: LogLine): boolean {
    const cell = parseCell(line.text);
    if (cell === null) return false;
    if (cell.is !== 'skip')
      this.#cells.push({ column: this.#heads.length - 1, indent: indentOf(line.text), cell, line: line.no });
    return true;
  }

  #over(): Fed {
    this.#ended = true;
    return 'over';
  }
}

/** The head of a call chain that has none. */
function pathHead(n: number, text: string): ColumnHead {
  return { title: `path ${n}`, label: `path ${n}`, function: null, at: indentOf(text) };
}

/** The first function of a column: what its thread runs. */
function firstCall(cells: readonly PlacedCell[], column: number): string | null {
  for (const { cell, column: at } of cells) {
    if (at !== column) continue;
    if (cell.is === 'call') return cell.function;
    if (cell.is === 'lock' && cell.caller !== null) return cell.caller;
  }
  return null;
}

/** Lines in which this finds nothing can begin no drawing: most lines of a log. Prefixes and quoting do not matter. */
export const MAY_BEGIN =
  /(?:CPU|cpu|[Tt]hread|THREAD|[Tt]ask|TASK|[Pp]roc|Context|Path)\s?#?[0-9A-H]\b|\b[TP]\d\b|\w\(\)(?: {3,}|\s*\|\s*)[a-z_]\w*\(\)|(?:->|→|=>|└|\\_)\s*[A-Za-z_]\w*\(/u;

/** Opens a parser for every drawing of a deadlock. What shows no deadlock in the end yields no report. */
export const drawnTables: ReportRecogniser = {
  open(line: LogLine): ReportParser | null {
    if (line.timeNs !== null || line.text.length > 200 || !MAY_BEGIN.test(line.text)) return null;
    const heads = parseHeads(line.text);
    if (heads !== null) return new TableParser(line, heads);
    const section = parseSection(line.text);
    if (section !== null) return new ListParser(line, section);
    if (ARROW.test(line.text) && parseCell(line.text) !== null) return new ListParser(line, null);
    return null;
  },
};
