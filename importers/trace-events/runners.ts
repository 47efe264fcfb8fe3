// Who runs: tasks by pid, the idle task of each CPU, interrupt pieces by CPU, level and entry.
import { NONE } from '../../corpus/schema/ids.js';
import { shortList } from './lists.js';
import type { Lock } from './locks.js';

/** Index into CONTEXTS: the interrupt level of a record. */
export type Level = 0 | 1 | 2 | 3;

/** A request that has not been answered for certain. */
export interface Pending {
  lock: Lock;
  /** Index into LOCK_MODES. */
  mode: number;
  requestRow: number;
  /** Row of the acquisition that was inferred, or -1. */
  inferredRow: number;
  /** True once a slow path showed: the acquisition will be seen, or never came. */
  contended: boolean;
}

/** State of one task or interrupt piece while records are read. */
export interface Runner {
  pid: number;
  readonly level: Level;
  readonly cpu: number;
  /** For interrupt pieces: who was interrupted. */
  readonly interrupted: Runner | null;
  /** TaskId in the builder, or NONE while nothing was said of it. */
  task: number;
  name: string | null;
  /** True if the name is that of the task as the recorder printed it, not what another task's event called it. */
  named: boolean;
  epoch: number;
  readonly pending: Pending[];
  /** Locks held, of any source. */
  held: number;
  locked: boolean;
  dead: boolean;
  /** True from its leaving the CPU of its own will to its next event of a lock. */
  asleep: boolean;
  /** For interrupt pieces: true once the capture has heard of it. */
  entered: boolean;
  /** Rows that the last record made: [firstRow, endRow). A stack printed behind it is theirs. */
  firstRow: number;
  endRow: number;
  entryFunction: string | null;
  /** The lock that it was last seen to ask for through a probe, until a lock event tells the same with a name. */
  asked: Lock | null;
  /** For `calls.ts`: what is known of the calls that this runner is inside of. */
  calls: unknown;
}

function newRunner(
  pid: number,
  level: Level,
  cpu: number,
  interrupted: Runner | null,
  epoch: number,
): Runner {
  return {
    pid,
    level,
    cpu,
    interrupted,
    task: NONE,
    name: null,
    named: false,
    epoch,
    pending: shortList(),
    held: 0,
    locked: false,
    dead: false,
    asleep: false,
    entered: false,
    firstRow: 0,
    endRow: 0,
    entryFunction: null,
    asked: null,
    calls: null,
  };
}

/** A power of two. */
const RECENT = 64;
/** Tasks that are told apart; more than any machine has at a time (pid_max is 4 Mi, and most of it is never used). */
const MOST_TASKS = 1 << 17;

interface Cpu {
  readonly idle: Runner;
  /** Open pieces by level, index 1..3. */
  readonly open: (Runner | null)[];
  /** Pieces of entries that took no lock: one for each level, for the wake-ups of interrupts. */
  readonly plain: (Runner | null)[];
  top: number;
}

/** Runners by pid and CPU. */
export class Runners {
  /** True once there is no room for more tasks. */
  isFull = false;
  readonly #byPid = new Map<number, Runner>();
  readonly #cpus = new Map<number, Cpu>();
  /** The runners looked up last, by the low bits of the pid: a record of one CPU follows one of another. */
  readonly #recent: (Runner | null)[] = new Array<Runner | null>(RECENT).fill(null);
  #lastCpuNumber = -2;
  #lastCpu: Cpu | null = null;

  #cpu(cpu: number): Cpu {
    if (cpu === this.#lastCpuNumber && this.#lastCpu !== null) return this.#lastCpu;
    let state = this.#cpus.get(cpu);
    if (state === undefined) {
      const idle = newRunner(0, 0, cpu, null, 0);
      idle.name = cpu >= 0 ? `swapper/${cpu}` : 'swapper';
      idle.named = true;
      state = { idle, open: [null, null, null, null], plain: [null, null, null, null], top: 0 };
      this.#cpus.set(cpu, state);
    }
    this.#lastCpuNumber = cpu;
    this.#lastCpu = state;
    return state;
  }

  /** The task of that pid; pid 0 is the idle task of the CPU. */
  task(pid: number, cpu: number): Runner {
    if (pid === 0) return this.#cpu(cpu).idle;
    const slot = pid & (RECENT - 1);
    const recent = this.#recent[slot]!;
    if (recent !== null && recent.pid === pid) return recent;
    let runner = this.#byPid.get(pid);
    if (runner === undefined) {
      runner = newRunner(pid, 0, -1, null, 0);
      this.#byPid.set(pid, runner);
      if (this.#byPid.size >= MOST_TASKS) this.isFull = true;
    }
    this.#recent[slot] = runner;
    return runner;
  }

  /** A new task under that pid: the old one, if any, has ended. */
  renew(pid: number): Runner {
    const runner = newRunner(pid, 0, -1, null, 0);
    this.#byPid.set(pid, runner);
    this.#recent[pid & (RECENT - 1)] = runner;
    return runner;
  }

  /** Gives the runner known under `unknown` its pid. Null if there is none, or the pid is another's already. */
  adopt(unknown: number, pid: number): Runner | null {
    const runner = this.#byPid.get(unknown);
    if (runner === undefined || pid === 0 || this.#byPid.has(pid)) return null;
    this.#byPid.delete(unknown);
    runner.pid = pid;
    this.#byPid.set(pid, runner);
    this.#recent.fill(null);
    return runner;
  }

  /** The deepest interrupt level that is open on the CPU. */
  top(cpu: number): number {
    return this.#cpu(cpu).top;
  }

  /** Closes the pieces above `level` on the CPU, and hands each to `closed`. */
  leave(cpu: number, level: number, closed: (piece: Runner) => void): void {
    const state = this.#cpu(cpu);
    for (let l = state.top; l > level; l--) {
      const piece = state.open[l];
      if (piece !== null && piece !== undefined) closed(piece);
      state.open[l] = null;
    }
    state.top = level;
  }

  /** Notes that the CPU is at that level now. */
  enter(cpu: number, level: number): void {
    const state = this.#cpu(cpu);
    if (level > state.top) state.top = level;
  }

  /** The piece that runs at that level on the CPU, for an event of a lock: one of its own for each entry. */
  piece(cpu: number, level: Level, pid: number, epoch: number): Runner {
    const state = this.#cpu(cpu);
    let piece = state.open[level];
    if (piece === null || piece === undefined) {
      piece = newRunner(pid, level, cpu, this.task(pid, cpu), epoch);
      state.open[level] = piece;
      if (level > state.top) state.top = level;
    }
    return piece;
  }

  /** The piece for an event that needs no held set: the open one, or one that stands for all entries of the CPU and level. */
  anyPiece(cpu: number, level: Level, pid: number, epoch: number): Runner {
    const state = this.#cpu(cpu);
    const open = state.open[level];
    if (open !== null && open !== undefined) return open;
    let plain = state.plain[level];
    if (plain === null || plain === undefined) {
      plain = newRunner(pid, level, cpu, null, epoch);
      state.plain[level] = plain;
    }
    return plain;
  }

  /** The piece that is open at that level, or null. */
  openPiece(cpu: number, level: number): Runner | null {
    return this.#cpu(cpu).open[level] ?? null;
  }

  cpus(): Iterable<number> {
    return this.#cpus.keys();
  }

  /** All tasks by pid, for the end of the recording. */
  all(): Iterable<Runner> {
    return this.#byPid.values();
  }
  *pieces(): Generator<Runner> {
    for (const state of this.#cpus.values()) {
      yield state.idle;
      for (const piece of state.open) if (piece !== null) yield piece;
    }
  }
}
