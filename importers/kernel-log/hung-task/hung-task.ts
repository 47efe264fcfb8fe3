// Reports of khungtaskd: `INFO: task COMM:PID blocked for more than N seconds.`, its stack, and who owns what it waits for.
import type { BlockedOn, BlockedTask, Report } from '../../../corpus/schema/report.js';
import { isHeadline } from '../headlines.js';
import type { Fed, LogLine, ReportParser, ReportRecogniser } from '../line.js';
import { createHeldList } from '../lockdep/held-list.js';
import { heldOf, reportOf } from '../report-draft.js';
import { kernelOf, parseTaskLine } from '../task-line.js';
import { TraceReader } from '../trace-reader.js';

/** kernel/hung_task.c check_hung_task(); 6.20 says `blocked in I/O wait for more than`. */
const HEADLINE = /^INFO: task (.+):(\d+) blocked(?: in I\/O wait)? for more than (\d+) seconds?/;
/** kernel/hung_task.c debug_show_blocker(), 6.16 and later; 6.17 adds `<reader>`/`<writer>` for rw-semaphores. */
const OWNED =
  /^INFO: task (.+):(\d+)(?: <(\w+)>)? (?:is )?blocked on an? ([\w-]+),? (likely (?:last held by|owned by(?: (?:writer|reader)s?)?)) (?:task )?(.+):(\d+)(?: <(\w+)>)?\.?$/;
const OWNER_UNKNOWN =
  /^INFO: task (.+):(\d+)(?: <\w+>)? (?:is )?blocked on an? ([\w-]+),? but the (?:last holder|owner) is not found/;
const PREAMBLE =
  /^(?:Not tainted|Tainted:|"?echo 0 ?>|"?echo 0|.*hung_task_timeout_secs|disables this message|seconds\.?$|Blocked by coredump|Future hung task reports are suppressed)/;
/** Lines of others in a row after which a report with a stack counts as over, and one that still waits for its stack. */
const PATIENCE = 10;
const PATIENCE_FOR_STACK = 1_000;

/** One stack of the report: the hung task's, or the owner's. */
interface Stack {
  readonly comm: string;
  readonly pid: number;
  readonly seconds: number | null;
  state: string | null;
  readonly trace: TraceReader;
}

class HungTask implements ReportParser {
  readonly #line: LogLine;
  readonly #stacks: Stack[];
  readonly #held = createHeldList();
  #blockedOn: BlockedOn | null = null;
  #kernel: string | null;
  #end: number;
  #strangers = 0;
  /** True while another task's stack is being printed in between. */
  #away = false;

  constructor(line: LogLine, comm: string, pid: number, seconds: number) {
    this.#line = line;
    this.#end = line.no;
    this.#kernel = kernelOf(line.text);
    this.#stacks = [{ comm, pid, seconds, state: null, trace: new TraceReader() }];
  }

  feed(line: LogLine): Fed {
    const text = line.text.trim();
    if (text === '') return 'taken';
    const fed = this.#feed(text, line);
    if (fed === 'taken') {
      this.#end = line.no;
      this.#strangers = 0;
    } else if (fed === 'foreign') {
      const begun = this.#stacks[0]!.trace.begun;
      if (++this.#strangers > (begun ? PATIENCE : PATIENCE_FOR_STACK)) return 'over';
    }
    return fed;
  }

  #feed(text: string, line: LogLine): Fed {
    const current = this.#stacks.at(-1)!;
    if (this.#owner(text)) return 'taken';
    if (isHeadline(text)) return 'over';
    const task = parseTaskLine(text);
    if (task !== null) {
      // A second dump of the same task belongs to the next report.
      if (current.trace.begun) return 'over';
      this.#away = task.pid !== current.pid;
      if (this.#away) return 'foreign';
      current.state = task.state;
      return 'taken';
    }
    if (this.#away) return 'foreign';
    if (this.#held.feed(line) === 'taken') {
      current.trace.end();
      return 'taken';
    }
    switch (current.trace.feed(text)) {
      case 'frame':
        // Frames behind a whole stack are somebody else's.
        return current.trace.ended ? 'foreign' : 'taken';
      case 'header':
        return current.trace.ended ? 'over' : 'taken';
      case 'end':
        return 'taken';
      case 'decoration':
        this.#kernel ??= kernelOf(text);
        return 'taken';
      case 'other':
        break;
    }
    if (!current.trace.begun && PREAMBLE.test(text)) {
      this.#kernel ??= kernelOf(text);
      return 'taken';
    }
    if (PREAMBLE.test(text)) return 'taken';
    // A stamp-less line behind a stack is prose, or the wrapped end of a line.
    if (current.trace.begun && line.timeNs === null && this.#line.timeNs !== null) this.#strangers += 2;
    return 'foreign';
  }

  #owner(text: string): boolean {
    const waiter = this.#stacks[0]!;
    const owned = OWNED.exec(text);
    if (owned !== null) {
      if (Number(owned[2]) !== waiter.pid) return false;
      const comm = owned[6] ?? '';
      const pid = Number(owned[7]);
      const role = owned[8] === undefined ? '' : ` ${owned[8]}`;
      this.#blockedOn = { type: owned[4] ?? '', task: comm, pid, relation: `${owned[5] ?? ''}${role}` };
      waiter.trace.end();
      if (this.#stacks.length === 1)
        this.#stacks.push({ comm, pid, seconds: null, state: null, trace: new TraceReader() });
      return true;
    }
    const unknown = OWNER_UNKNOWN.exec(text);
    if (unknown === null || Number(unknown[2]) !== waiter.pid) return false;
    this.#blockedOn = { type: unknown[3] ?? '', task: null, pid: null, relation: 'owner not found' };
    waiter.trace.end();
    return true;
  }

  finish(): Report | null {
    const waiter = this.#stacks[0]!;
    const blocked: BlockedTask[] = this.#stacks
      .filter((stack, i) => i === 0 || stack.trace.begun || stack.state !== null)
      .map(({ comm, pid, seconds, state, trace }) => ({
        task: comm,
        pid,
        seconds,
        state,
        frames: trace.frames,
      }));
    return reportOf({
      kind: 'hung-task',
      line: this.#line.no,
      title: this.#line.text.trim(),
      task: waiter.comm,
      pid: waiter.pid,
      held: heldOf(this.#held.lists()),
      blocked,
      blockedOn: this.#blockedOn,
      kernel: this.#kernel,
      endLine: this.#end,
      problems: waiter.trace.begun ? [] : ['no-frames'],
    });
  }
}

export const hungTaskRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    if (!text.startsWith('INFO: task ')) return null;
    const head = HEADLINE.exec(text);
    if (head === null) return null;
    return new HungTask(line, head[1] ?? '', Number(head[2]), Number(head[3]));
  },
};
