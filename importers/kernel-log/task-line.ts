// The line by which the kernel introduces a task's stack: `task:COMM state:D ... pid:N`, and its older forms.

export interface TaskLine {
  readonly comm: string;
  readonly pid: number;
  /** One letter, or null. */
  readonly state: string | null;
}

/** kernel/sched/core.c sched_show_task() since 5.10: fields came and went, `pid:` and `state:` stayed. */
const NAMED = /^task:(.*?) *state:(\S) .*?\bpid: *(\d+)\b/;
/** The same before 5.10: `%-15.15s %c`, for old kernels the program counter, then stack, pid, parent, flags. */
const COLUMNS =
  /^(\S.{0,15}?) +([RSDTtXxZPIKWN?]) +(?:(?:running task|\([A-Z]+\)|[0-9a-f]{8,16}|\?) +)?(\d+) +(\d+) +(\d+) +0x[0-9a-f]{1,16}(?: +\d+)?$/;
/** Before 4.11 the flags were printed with blanks in place of the program counter on one line less: `comm D 1 0 1234 1 0x0`. */
const OLD_COLUMNS = /^(\S.{0,15}?) +([RSDTtXZPIKWN]) [0-9a-f]{8,16} +(\d+) +(\d+) +(\d+)(?: +0x[0-9a-f]+)?$/;

/** Reads a task's introduction; null if the message is none. */
export function parseTaskLine(message: string): TaskLine | null {
  const text = message.trim().replaceAll('\t', ' ');
  if (text.startsWith('task:')) {
    const named = NAMED.exec(text);
    if (named === null) return null;
    return { comm: (named[1] ?? '').trim(), pid: Number(named[3]), state: named[2] ?? null };
  }
  if (text.length < 12 || text.length > 100) return null;
  const columns = COLUMNS.exec(text) ?? OLD_COLUMNS.exec(text);
  if (columns === null) return null;
  return { comm: columns[1] ?? '', pid: Number(columns[4]), state: columns[2] ?? null };
}

/** Who printed a stack: `CPU: 2 UID: 0 PID: 1318 Comm: ntpd Not tainted 6.13.0-rc1 #631`. */
export interface CpuLine {
  readonly cpu: number;
  readonly pid: number | null;
  readonly comm: string | null;
  readonly kernel: string | null;
}

const CPU_LINE =
  /^CPU: (\d+)(?: UID: \d+)? PID: (\d+)(?: Comm: (.*?))?(?: (?:Kdump: loaded )?(?:Not tainted|Tainted:? ?[^\d]*?) ?(\d+\.\d+\S*)?.*|)$/;
/** `Not tainted 6.1.0 #1`, `Tainted: G        W  OE     6.1.0-rc1+ #1`. */
const TAINT_LINE = /(?:Not tainted|Tainted: .*?) (\d+\.\d+(?:\.\d+)?[\w.+~-]*)/;

/** Reads dump_stack_print_info()'s first line; null if the message is none. */
export function parseCpuLine(message: string): CpuLine | null {
  const text = message.trim();
  if (!text.startsWith('CPU: ')) return null;
  const cpu = CPU_LINE.exec(text);
  if (cpu === null) return null;
  return {
    cpu: Number(cpu[1]),
    pid: Number(cpu[2]),
    comm: cpu[3] ?? null,
    kernel: kernelOf(text),
  };
}

/** The kernel release behind the taint flags of a message, or null. */
export function kernelOf(message: string): string | null {
  return TAINT_LINE.exec(message)?.[1] ?? null;
}
