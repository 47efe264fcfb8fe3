// Stacks read from /proc/PID/stack, each behind whatever line names its task.
import type { Report } from '../../corpus/schema/report.js';
import { parseFrame } from '../kernel-log/frame.js';
import type { LogLine } from '../kernel-log/line.js';
import { reportOf } from '../kernel-log/report-draft.js';
import { blockedOf, type ListedTask, listedTask } from './listed-task.js';

/** fs/proc/base.c proc_pid_stack(): `[<0>] func+0x1/0x2 [mod]`; before 5.x the address was printed, or zeroes. */
const FRAME = /^\[<(?:0x)?[0-9a-f]{1,16}>\] /;
/** `== /proc/955/task/957`, `$ sudo cat /proc/230/stack`, `==> /proc/1/stack <==`, `/proc/12/stack:`. */
const FROM_PROC = /\/proc\/(\d+)(?:\/task\/(\d+))?/;
/** Lists of D-state tasks by scripts and `ps`: `1234 D bash`, `PID: 1234 comm: bash`, `kworker/u8:1 (1234)`, `2341 khugepaged D`. */
const NAMED: readonly (readonly [pattern: RegExp, pid: number, comm: number, state: number])[] = [
  [/^(\d{1,7}) +([DSRTZI])[<+slN]* +(?:\S+ +)?(\S+)$/, 1, 3, 2],
  [/^(\d{1,7}) +(\S+) +([DSRTZI])[<+slN]*$/, 1, 2, 3],
  [/\bpid:? *(\d{1,7})\b.*?\b(?:comm|command|name):? *"?([\w/:.<>-]+)/i, 1, 2, 0],
  [/\b(?:comm|command|name):? *"?([\w/:.<>-]+)"?.*?\bpid:? *(\d{1,7})\b/i, 2, 1, 0],
  [/^(\S+) \((\d{1,7})\)(?: ([DSRTZI]))?:?$/, 2, 1, 3],
];

/** Reads lines; frames that no line names a task for belong to a task without number. */
export class ProcStacks {
  readonly #tasks: ListedTask[] = [];
  #current: ListedTask | null = null;
  /** True while the lines of a stack come. */
  #inStack = false;
  #named: { readonly pid: number; readonly comm: string | null; readonly state: string | null } | null = null;
  #lastLine = 0;
  #unnamed = 0;

  get modules(): ReadonlySet<string> {
    return new Set(this.#tasks.flatMap((task) => [...task.modules]));
  }
  get stacks(): number {
    return this.#tasks.length;
  }

  line({ text, no }: LogLine): boolean {
    const trimmed = text.trim();
    if (FRAME.test(trimmed)) {
      // `[<0>] 0xffffffffffffffff` ended the stacks of old kernels.
      const frame = parseFrame(trimmed);
      if (!this.#inStack) this.#open(no);
      this.#inStack = true;
      if (frame !== null && this.#current !== null) {
        this.#current.frames.push(frame.func);
        if (frame.module !== null) this.#current.modules.add(frame.module);
      }
      this.#lastLine = no;
      return true;
    }
    this.#inStack = false;
    const proc = FROM_PROC.exec(trimmed);
    if (proc !== null) {
      const pid = Number(proc[2] ?? proc[1]);
      // A list of names may say who it is before `cat` says it again.
      this.#named = this.#named?.pid === pid ? this.#named : { pid, comm: null, state: null };
      return true;
    }
    for (const [pattern, pid, comm, state] of NAMED) {
      const named = pattern.exec(trimmed);
      if (named === null) continue;
      this.#named = {
        pid: Number(named[pid]),
        comm: named[comm] ?? null,
        state: state === 0 ? null : (named[state] ?? null),
      };
      return true;
    }
    return false;
  }

  #open(no: number): void {
    const named = this.#named;
    this.#named = null;
    if (named === null) this.#unnamed++;
    const pid = named?.pid ?? 0;
    this.#current = listedTask({
      comm: named?.comm ?? (named === null ? `stack-${this.#unnamed}` : `pid-${pid}`),
      pid,
      line: no,
      state: named?.state ?? null,
    });
    this.#tasks.push(this.#current);
  }

  /** One report of all stacks, or none if no stack was met. */
  end(): Report[] {
    const [first] = this.#tasks;
    if (first === undefined) return [];
    const blocked = blockedOf(this.#tasks);
    const [hung] = blocked;
    return [
      reportOf({
        kind: hung === undefined ? 'other-lock' : 'hung-task',
        line: first.line,
        title: `${blocked.length} of ${this.#tasks.length} stacks of /proc blocked in a lock`,
        task: hung?.task ?? null,
        pid: hung?.pid ?? null,
        blocked,
        endLine: this.#lastLine,
      }),
    ];
  }
}
