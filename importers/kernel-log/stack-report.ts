// The parser of all reports that are a headline, some facts, held locks and a stack dump.
import type { BlockedTask, Report, ReportKind } from '../../corpus/schema/report.js';
import { isHeadline } from './headlines.js';
import type { Fed, LogLine, ReportParser } from './line.js';
import { createHeldList } from './lockdep/held-list.js';
import { heldOf, reportOf } from './report-draft.js';
import { kernelOf, parseCpuLine, parseTaskLine } from './task-line.js';
import { TraceReader } from './trace-reader.js';

type Fact = string | number | boolean | null;

/** What is known of a report while it is being read; a kind's own lines change it. */
export interface StackDraft {
  readonly kind: ReportKind;
  readonly title: string;
  task: string | null;
  pid: number | null;
  readonly facts: Record<string, Fact>;
  readonly blocked: BlockedTask[];
}

/** What one kind of report adds to the common form. */
export interface StackReportForm {
  /** Reads a line of this kind's own into the draft; true if it was one. */
  detail(text: string, draft: StackDraft): boolean;
  /** True for a headline that belongs into this report (a warning that is told in two lines); asked before its trace. */
  continues?(text: string): boolean;
  /** True where every `CPU: n PID: m Comm: x` line may belong to another task than the reported one. */
  readonly manyTasks?: boolean;
  /** Lines of others that may stand in a row inside the report. */
  readonly patience?: number;
  /** True if the report is worth keeping; where absent always. */
  keep?(draft: StackDraft): boolean;
}

class StackReport implements ReportParser {
  readonly #line: LogLine;
  readonly #form: StackReportForm;
  readonly #draft: StackDraft;
  readonly #held = createHeldList();
  readonly #trace = new TraceReader();
  #kernel: string | null;
  #end: number;
  #strangers = 0;

  constructor(line: LogLine, draft: StackDraft, form: StackReportForm) {
    this.#line = line;
    this.#draft = draft;
    this.#form = form;
    this.#end = line.no;
    this.#kernel = kernelOf(line.text);
  }

  feed(line: LogLine): Fed {
    const text = line.text.trim();
    if (text === '') return 'taken';
    const fed = this.#feed(text, line);
    if (fed === 'taken') {
      this.#end = line.no;
      this.#strangers = 0;
    } else if (fed === 'foreign' && ++this.#strangers > (this.#form.patience ?? 12)) return 'over';
    return fed;
  }

  #feed(text: string, line: LogLine): Fed {
    if (isHeadline(text)) {
      if (this.#trace.begun || this.#form.continues?.(text) !== true) return 'over';
      return 'taken';
    }
    if (this.#form.detail(text, this.#draft)) return 'taken';
    if (this.#held.feed(line) === 'taken') return 'taken';
    const task = parseTaskLine(text);
    // What a stall dumps beside its own stack: sched_show_task() of blocked readers and of the grace-period thread.
    if (task !== null && this.#form.manyTasks === true) return 'taken';
    if (task !== null) {
      if (this.#trace.begun || (this.#draft.pid !== null && this.#draft.pid !== task.pid)) return 'over';
      this.#draft.pid ??= task.pid;
      this.#draft.task ??= task.comm;
      return 'taken';
    }
    const cpu = parseCpuLine(text);
    if (cpu !== null) {
      this.#kernel ??= cpu.kernel;
      if (this.#form.manyTasks !== true) {
        // The same report never dumps two tasks; another CPU line begins another dump.
        if (this.#trace.ended || (this.#draft.pid !== null && this.#trace.begun)) return 'over';
        this.#draft.pid ??= cpu.pid;
        this.#draft.task ??= cpu.comm;
      }
      return 'taken';
    }
    switch (this.#trace.feed(text)) {
      case 'frame':
      case 'header':
      case 'end':
        return 'taken';
      case 'decoration':
        this.#kernel ??= kernelOf(text);
        return 'taken';
      case 'other':
        break;
    }
    const release = /^(\d+\.\d+\S*) #\d+/.exec(text);
    if (release !== null) {
      this.#kernel ??= release[1] ?? null;
      return 'taken';
    }
    // A stamp-less line behind a stack is prose, or the wrapped end of a line.
    if (this.#trace.begun && line.timeNs === null && this.#line.timeNs !== null) this.#strangers += 3;
    if (this.#trace.ended && this.#form.manyTasks !== true) return 'over';
    return 'foreign';
  }

  finish(): Report | null {
    const draft = this.#draft;
    if (this.#form.keep?.(draft) === false) return null;
    const held = heldOf(this.#held.lists());
    return reportOf({
      kind: draft.kind,
      line: this.#line.no,
      title: draft.title,
      task: draft.task ?? held[0]?.task ?? null,
      pid: draft.pid ?? held[0]?.pid ?? null,
      held,
      blocked: draft.blocked,
      backtrace: this.#trace.frames,
      kernel: this.#kernel,
      endLine: this.#end,
      facts: draft.facts,
      problems: held.some((list) => list.locks.length !== list.count) ? ['held-count-mismatch'] : [],
    });
  }
}

/** A parser of a stack report whose headline was `line`. */
export function stackReport(
  line: LogLine,
  known: {
    readonly kind: ReportKind;
    readonly task?: string | null;
    readonly pid?: number | null;
    readonly facts?: Readonly<Record<string, Fact>>;
  },
  form: StackReportForm,
): ReportParser {
  return new StackReport(
    line,
    {
      kind: known.kind,
      title: line.text.trim(),
      task: known.task ?? null,
      pid: known.pid ?? null,
      facts: { ...known.facts },
      blocked: [],
    },
    form,
  );
}
