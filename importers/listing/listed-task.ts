// A task as a debugger or /proc lists it: who, in which state, and its stack.
import type { BlockedTask } from '../../corpus/schema/report.js';
import { primitiveOf } from '../kernel-log/episodes/primitives.js';

/** One listed task; frames and stack addresses are filled in while its stack is read. */
export interface ListedTask {
  comm: string;
  readonly pid: number;
  /** 1-based line of its headline. */
  readonly line: number;
  /** Hex digits of its task_struct, or null. */
  readonly address: string | null;
  /** `D`, `S`, `R`, ... or null. */
  state: string | null;
  seconds: number | null;
  /** Function names, innermost first. */
  readonly frames: string[];
  readonly modules: Set<string>;
  /** Lowest and highest stack address that a frame names. */
  lowest: bigint | null;
  highest: bigint | null;
}

export function listedTask(
  known: { readonly comm: string; readonly pid: number; readonly line: number } & Partial<ListedTask>,
): ListedTask {
  return {
    address: null,
    state: null,
    seconds: null,
    frames: [],
    modules: new Set(),
    lowest: null,
    highest: null,
    ...known,
  };
}

/** Tasks up to this many are listed because somebody asked for each of them. */
const ASKED_FOR = 8;

/**
 * The tasks of a listing that are blocked: those in D state; where the state is not told those that sleep inside a lock
 * primitive, and in a short listing all that sleep.
 */
export function blockedOf(tasks: readonly ListedTask[]): BlockedTask[] {
  return tasks
    .filter((task) => {
      if (task.frames.length === 0) return false;
      if (task.state !== null) return task.state === 'D';
      if (primitiveOf(task.frames) !== null) return true;
      return tasks.length <= ASKED_FOR && task.frames.some((frame) => /^(?:__)?schedule(?:_|$)/.test(frame));
    })
    .map(({ comm, pid, seconds, state, frames, line }) => ({
      task: comm,
      pid,
      seconds,
      state,
      frames: [...frames],
      line,
    }));
}
