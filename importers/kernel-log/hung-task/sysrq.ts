// Dumps of task stacks that were asked for: sysrq-w, sysrq-t, and pasted pieces of them.
import type { BlockedTask, HeldLocks, Report } from '../../../corpus/schema/report.js';
import { isHeadline } from '../headlines.js';
import type { Fed, LogLine, ReportParser, ReportRecogniser } from '../line.js';
import { createHeldList } from '../lockdep/held-list.js';
import { heldOf, reportOf } from '../report-draft.js';
import { parseTaskLine } from '../task-line.js';
import { TraceReader } from '../trace-reader.js';

/** drivers/tty/sysrq.c: `sysrq: Show Blocked State`, before 4.19 `SysRq : Show Blocked State`. */
const HEADLINE = /^(?:sysrq|SysRq) ?: (Show (?:Blocked )?State)\b/;
const COLUMN_HEADS = /^task +PC +stack +pid +father/;
const END = /^(?:Sched Debug Version|Showing all locks held|Showing busy workqueues|runnable tasks:)/;
const PATIENCE = 40;

class TaskStacks implements ReportParser {
  readonly maxLines = 1_000_000;
  readonly #line: LogLine;
  readonly #title: string;
  readonly #blocked: BlockedTask[] = [];
  /** s390 and old kernels print a task's locks behind its stack. */
  #held = createHeldList();
  readonly #lists: HeldLocks[] = [];
  #current: { task: Omit<BlockedTask, 'frames'>; trace: TraceReader } | null = null;
  #end: number;
  #strangers = 0;

  constructor(line: LogLine, title: string, first: boolean) {
    this.#line = line;
    this.#title = title;
    this.#end = line.no;
    if (first) this.#task(line.text);
  }

  #task(text: string): boolean {
    const task = parseTaskLine(text);
    if (task === null) return false;
    this.#close();
    this.#current = {
      task: { task: task.comm, pid: task.pid, seconds: null, state: task.state },
      trace: new TraceReader(),
    };
    return true;
  }

  #close(): void {
    this.#lists.push(...heldOf(this.#held.lists()).filter((list) => list.locks.length > 0));
    this.#held = createHeldList();
    const current = this.#current;
    if (current !== null && current.task.state === 'D')
      this.#blocked.push({ ...current.task, frames: current.trace.frames });
    this.#current = null;
  }

  feed(line: LogLine): Fed {
    const text = line.text.trim();
    if (text === '') return 'taken';
    // khungtaskd may speak up in the middle of a dump.
    if (text.startsWith('INFO: task ')) return 'foreign';
    if (END.test(text) || isHeadline(text)) return 'over';
    let ours = COLUMN_HEADS.test(text) || this.#task(text) || this.#held.feed(line) === 'taken';
    if (!ours && this.#current !== null) {
      const trace = this.#current.trace;
      const what = trace.feed(text);
      ours = what !== 'other' && !(what === 'header' && trace.ended);
    }
    if (ours) {
      this.#end = line.no;
      this.#strangers = 0;
      return 'taken';
    }
    return ++this.#strangers > PATIENCE ? 'over' : 'foreign';
  }

  finish(): Report | null {
    this.#close();
    const asked = HEADLINE.test(this.#line.text.trim());
    if (!asked && this.#blocked.length === 0) return null;
    return reportOf({
      kind: 'other-lock',
      line: this.#line.no,
      title: this.#title,
      held: this.#lists,
      blocked: this.#blocked,
      endLine: this.#end,
    });
  }
}

export const sysrqRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    const head = HEADLINE.exec(text);
    if (head !== null) return new TaskStacks(line, `sysrq: ${head[1] ?? ''}`, false);
    // A piece of such a dump whose headline was left out.
    if (text.startsWith('task:') && parseTaskLine(text)?.state === 'D')
      return new TaskStacks(line, text, true);
    return null;
  },
};
