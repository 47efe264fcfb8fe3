// Sessions of crash(8) and drgn, whole or pasted into a mail: stacks, states, owners of mutexes.
import type { Report } from '../../corpus/schema/report.js';
import type { LogLine } from '../kernel-log/line.js';
import { reportOf } from '../kernel-log/report-draft.js';
import { blockedOf, type ListedTask, listedTask } from './listed-task.js';
import { heldByPastes, type ListedMutex, ownerTask } from './mutex-paste.js';

/** crash `bt`, and drgn-tools `bt`, which adds the state: `PID: 1  TASK: ffff.. [D] CPU: 3!  COMMAND: "x"`. */
const TASK =
  /^PID: *(\d+) +TASK: *([0-9a-f]{4,16}) *(?:\[(\w)\])? *CPU: *\d+!? +COMMAND: *"?([^"]*?)["*]? *$/;
/** ` #0 [ffffb5a1c0a7bd40] __schedule at ffffffffa1b7d0c2 [mod]`; drgn-tools says 0x before the address and file:line behind. */
const FRAME =
  /^[! ]*# *(\d+) +\[([0-9a-f]{6,16})\] +(?:\(via [\w.]+\) )?([A-Za-z_.$][\w.$]*(?: [a-z]\w*)?)(?:\+(?:0x)?[0-9a-f]+)? (?:\[([\w-]+)\] )?at (?:0x)?[0-9a-f?]+(?: \[([\w-]+)\])?(?: .*)?$/;
/** The same without numbers, as people trim it. */
const BARE_FRAME = /^ *([A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+)? at (?:0x)?[0-9a-f]{6,16}(?: \[([\w-]+)\])?$/;
/** drgn's own stack traces: `#0  context_switch (./kernel/sched/core.c:5378:2)`, `#1  schedule+0x30/0x100`. */
const DRGN_FRAME =
  /^#(\d+) +([A-Za-z_.$][\w.$]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?(?: \([\w./+-]+:\d+(?::\d+)?\))?$/;
/** The prompt `>>> ` looks like quoting and is peeled. */
const DRGN_ASKED = /^(?:>>> )?(?:[\w.]+ = |print\()?(?:\w+\.)*stack_trace\((?:.*?\b)?(\d+)\)+$/;
const EXCEPTION = /^ *\[exception RIP: ([A-Za-z_][\w.]*)(?:\+(?:0x)?[0-9a-f]+)?\]/;
const PROMPT = /^crash(?:-\w+)?> ?(.*)$/;
/** `ps`: PID PPID CPU TASK ST %MEM VSZ RSS COMM. */
const PS =
  /^>? *(\d+) +\d+ +\d+ +([0-9a-f]{8,16}) +(RU|IN|UN|ZO|ST|TR|DE|SW|WA|PA|ID|NE) +[\d.]+ +\d+ +\d+ +\[?(.+?)\]? *$/;
const STATES: Readonly<Record<string, string>> = {
  RU: 'R',
  IN: 'S',
  UN: 'D',
  ZO: 'Z',
  ST: 'T',
  TR: 't',
  ID: 'I',
};

/** `struct mutex ffff..`, `struct mutex.owner,wait_list 0xffff..`, `p pci_rescan_remove_lock`, `p &x->lock`. */
const ASKED_MUTEX = /\bmutex\b(?:\.[\w.,]+)? +(?:-x +)?(?:0x)?([0-9a-f]{8,16}|[A-Za-z_]\w*)/;
const PRINTED = /^(?:p|print|px) +(?:-x +)?\*?&?([A-Za-z_][\w.>-]*)/;
/** `pci_rescan_remove_lock = $3 = {`, as gdb echoes it. */
const ECHO = /^([A-Za-z_]\w*) = (?:\$\d+ = )?\{/;
const OWNER = /\b(\w*)\.?owner\.counter = (-?\d+|0x[0-9a-f]+)/;
const COUNTER = /^ *counter = (-?\d+|0x[0-9a-f]+),?$/;
const LINK = /^ *(?:next|prev) = (0x[0-9a-f]+),?/;
/** drgn-tools `lock`: `Mutex: 0xffff..`, `Mutex OWNER: comm PID : n`, and a line for each waiter. */
const DRGN_MUTEX = /^(Mutex|Semaphore): 0x([0-9a-f]+)(?: \(object symbol: (\w[\w.+]*)\))?/;
const DRGN_OWNER = /^Mutex OWNER: (.*?) PID *: *(\d+)/;
const DRGN_WAITER = /^ *\[ *\d+\] *: +cpu: +\d+ +(.*?) +(\d+) +([A-Z]) +(\d+) (\d\d):(\d\d):(\d\d)\.\d+/;

/** Lines that are not a frame behind which a stack is over. */
const PATIENCE = 40;

/** Reads a session line by line. */
export class DebuggerSession {
  readonly #tasks: ListedTask[] = [];
  readonly #states = new Map<number, string>();
  readonly #mutexes: ListedMutex[] = [];
  #current: ListedTask | null = null;
  #mutex: ListedMutex | null = null;
  /** The member of `struct mutex` whose fields are being printed. */
  #member: 'owner' | 'wait_list' | null = null;
  /** What the next brace would print, as the command said. */
  #asked: { readonly name: string | null; readonly address: string | null } | null = null;
  /** `foreach UN bt` lists D states only. */
  #onlyBlocked = false;
  #strangers = 0;
  #lastLine = 0;
  kernel: string | null = null;
  machine: string | null = null;
  /** Stacks, process lines and mutexes that were read, by name. */
  readonly counts = new Map<string, number>();

  /** Modules named behind frames. */
  get modules(): ReadonlySet<string> {
    return new Set(this.#tasks.flatMap((task) => [...task.modules]));
  }

  get isEmpty(): boolean {
    return this.#tasks.length === 0 && this.#mutexes.length === 0;
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Takes a line; false if it has no meaning here. */
  line({ text, no }: LogLine): boolean {
    const taken = this.#head(text, no) || this.#frame(text) || this.#mutexLine(text, no);
    if (taken) {
      this.#strangers = 0;
      this.#lastLine = no;
    } else if (++this.#strangers > PATIENCE) {
      this.#current = null;
      this.#mutex = null;
    }
    return taken;
  }

  #head(text: string, no: number): boolean {
    const prompt = PROMPT.exec(text);
    if (prompt !== null) {
      this.#command(prompt[1] ?? '', no);
      return true;
    }
    const task = TASK.exec(text);
    if (task !== null) {
      this.#count('bt');
      this.#open(
        listedTask({
          comm: task[4] ?? '',
          pid: Number(task[1]),
          line: no,
          address: task[2] ?? null,
          state: task[3] ?? (this.#onlyBlocked ? 'D' : null),
        }),
      );
      return true;
    }
    const asked = DRGN_ASKED.exec(text);
    if (asked !== null) {
      this.#count('stack_trace');
      const pid = Number(asked[1]);
      this.#open(listedTask({ comm: `pid-${pid}`, pid, line: no }));
      return true;
    }
    const ps = PS.exec(text);
    if (ps !== null) {
      this.#count('ps');
      const state = STATES[ps[3] ?? ''];
      if (state !== undefined) this.#states.set(Number(ps[1]), state);
      return true;
    }
    const about = /^ *(RELEASE|MACHINE): +(\S+)/.exec(text);
    if (about === null) return false;
    if (about[1] === 'RELEASE') this.kernel ??= about[2] ?? null;
    else this.machine ??= about[2] ?? null;
    return true;
  }

  #open(task: ListedTask): void {
    this.#tasks.push(task);
    this.#current = task;
    this.#mutex = null;
  }

  #command(command: string, no: number): void {
    this.#current = null;
    this.#mutex = null;
    this.#asked = null;
    if (/^\s*foreach\b/.test(command)) this.#onlyBlocked = /\bUN\b/.test(command);
    else if (/^\s*(?:bt|b)\b/.test(command)) this.#onlyBlocked = false;
    const mutex = ASKED_MUTEX.exec(command);
    if (mutex !== null) {
      const operand = mutex[1] ?? '';
      const isAddress = /^[0-9a-f]{8,16}$/.test(operand);
      this.#asked = { name: isAddress ? null : operand, address: isAddress ? operand : null };
      return;
    }
    const printed = PRINTED.exec(command);
    if (printed !== null) this.#asked = { name: printed[1] ?? null, address: null };
    else if (/\bowner\b/.test(command)) {
      const address = /\b(?:0x)?([0-9a-f]{8,16})\b/.exec(command)?.[1] ?? null;
      this.#asked = { name: null, address };
    }
    this.#lastLine = no;
  }

  #frame(text: string): boolean {
    const task = this.#current;
    if (task === null) return false;
    const frame = FRAME.exec(text);
    if (frame !== null) {
      if (Number(frame[1]) === 0 && task.frames.length > 0) task.frames.length = 0;
      this.#push(task, frame[3] ?? '', frame[4] ?? frame[5]);
      const sp = BigInt(`0x${frame[2]}`);
      if (task.lowest === null || sp < task.lowest) task.lowest = sp;
      if (task.highest === null || sp > task.highest) task.highest = sp;
      return true;
    }
    const exception = EXCEPTION.exec(text);
    if (exception !== null) {
      // What was interrupted is printed once more as the first frame behind the exception's own stack.
      return true;
    }
    const bare = BARE_FRAME.exec(text);
    if (bare !== null) {
      this.#push(task, bare[1] ?? '', bare[2]);
      return true;
    }
    const drgn = DRGN_FRAME.exec(text.trim());
    if (drgn !== null) {
      this.#push(task, drgn[2] ?? '', undefined);
      return true;
    }
    // Registers, marks of exception stacks, source lines of `bt -l`, s390's lowcore.
    return /^(?: +(?:[A-Z][\w_]+: +[0-9a-f]|\/\S+: \d+$)|-{2,3} |Call [Tt]race:| *LOWCORE INFO:| *-\w+ +:)/.test(
      text,
    );
  }

  #push(task: ListedTask, func: string, module: string | undefined): void {
    task.frames.push(func.replace(' ', '_'));
    if (module !== undefined) task.modules.add(module);
  }

  #mutexLine(text: string, no: number): boolean {
    const listed = DRGN_MUTEX.exec(text);
    if (listed !== null) {
      this.#current = null;
      this.#begin(listed[3] ?? null, listed[2] ?? null, no, listed[1] === 'Mutex' ? 'mutex' : 'semaphore');
      return true;
    }
    const inline = OWNER.exec(text);
    if (inline !== null) {
      const member = inline[1] ?? '';
      const mutex = this.#begin(member === '' ? (this.#asked?.name ?? null) : member, null, no, 'mutex');
      mutex.owner = ownerTask(inline[2] ?? '0');
      return true;
    }
    const echo = ECHO.exec(text);
    if (echo !== null) this.#asked ??= { name: echo[1] ?? null, address: null };
    if (this.#mutex === null && this.#asked === null) return this.#waiter(text);
    if (/^ *(?:struct mutex \{|owner = \{)/.test(text) && this.#asked !== null) {
      this.#begin(this.#asked.name, this.#asked.address, no, 'mutex');
      this.#asked = null;
    }
    const mutex = this.#mutex;
    if (mutex === null) return false;
    if (/^ *owner = \{/.test(text)) this.#member = 'owner';
    else if (/^ *wait_list = \{/.test(text)) this.#member = 'wait_list';
    const counter = COUNTER.exec(text);
    if (counter !== null && this.#member === 'owner') {
      mutex.owner = ownerTask(counter[1] ?? '0');
      this.#member = null;
      return true;
    }
    for (const [, address] of text.matchAll(/(?:next|prev) = (0x[0-9a-f]+)/g))
      if (this.#member === 'wait_list' && address !== undefined) mutex.waitList.push(BigInt(address));
    if (LINK.test(text)) return true;
    const owner = DRGN_OWNER.exec(text);
    if (owner !== null) {
      mutex.ownerPid = Number(owner[2]);
      this.#remember(owner[1] ?? '', mutex.ownerPid, no, null, null);
      return true;
    }
    return (
      this.#waiter(text, no) ||
      /^ *(?:[\w.]+ = |\},?$|\{$|Mutex WAITERS|Semaphore WAITERS|struct )/.test(text)
    );
  }

  #begin(name: string | null, address: string | null, line: number, type: ListedMutex['type']): ListedMutex {
    this.#count(type);
    const mutex: ListedMutex = {
      name: name?.split(/->|\./).at(-1) ?? null,
      address,
      line,
      owner: null,
      ownerPid: null,
      waitList: [],
      waiterPids: [],
      type,
    };
    this.#mutexes.push(mutex);
    this.#mutex = mutex;
    this.#member = null;
    return mutex;
  }

  #waiter(text: string, no = 0): boolean {
    const waiter = DRGN_WAITER.exec(text);
    if (waiter === null) return false;
    const [, comm = '', pid = '', state = '', days = '', hours = '', minutes = '', seconds = ''] = waiter;
    const mutex = this.#mutexes.at(-1);
    mutex?.waiterPids.push(Number(pid));
    const waited = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
    this.#remember(comm, Number(pid), no, state, waited);
    return true;
  }

  /** A task that a list of owners and waiters names; its stack may follow, or stands elsewhere in the session. */
  #remember(comm: string, pid: number, line: number, state: string | null, seconds: number | null): void {
    const known = this.#tasks.findLast((task) => task.pid === pid);
    if (known === undefined) this.#tasks.push(listedTask({ comm, pid, line, state, seconds }));
    else {
      known.state ??= state;
      known.seconds ??= seconds;
    }
  }

  /** All that the session says: one report of the blocked tasks, and one of owners and waiters where mutexes were printed. */
  end(): Report[] {
    for (const task of this.#tasks) task.state ??= this.#states.get(task.pid) ?? null;
    const seconds = new Map(
      this.#tasks.flatMap((task) => (task.seconds === null ? [] : [[task.pid, task.seconds] as const])),
    );
    for (const task of this.#tasks) task.seconds ??= seconds.get(task.pid) ?? null;
    const [first] = this.#tasks;
    if (first === undefined) return [];
    const withStack = this.#tasks.filter((task) => task.frames.length > 0);
    const blocked = blockedOf(withStack);
    const [hung] = blocked;
    const reports: Report[] = [];
    if (blocked.length > 0 || this.#mutexes.length === 0)
      reports.push(
        reportOf({
          kind: hung === undefined ? 'other-lock' : 'hung-task',
          line: (withStack[0] ?? first).line,
          title:
            hung === undefined
              ? `${withStack.length} listed stacks, none of them blocked`
              : `${blocked.length} of ${withStack.length} listed tasks blocked`,
          task: hung?.task ?? null,
          pid: hung?.pid ?? null,
          blocked,
          kernel: this.kernel,
          endLine: this.#lastLine,
          problems: withStack.length === 0 ? ['no-frames'] : [],
        }),
      );
    const held = heldByPastes(this.#mutexes, this.#tasks);
    if (held.length > 0)
      reports.push(
        reportOf({
          kind: 'locks-held',
          line: this.#mutexes[0]!.line,
          title: 'owners and waiters of the mutexes printed',
          held,
          kernel: this.kernel,
          endLine: this.#lastLine,
        }),
      );
    return reports.sort((a, b) => a.line - b.line);
  }
}
