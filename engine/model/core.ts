// Core: the data of a machine, for the functions that work on it.
import type { Compiled } from './compile.js';
import type { Layout } from './layout.js';

export interface Core {
  readonly compiled: Compiled;
  readonly layout: Layout;
  readonly stateWords: Int32Array;
  /** All tasks, as a mask. */
  readonly allTasks: number;
}

/** Value of `units` after `signal-all`. */
export const FOR_EVER = -1;
