// Patches: what a kernel patch does to the locks of functions, as edits of programs (docs/patches.md).
import type { LockRule } from './lock.js';

/** The names under which one function may stand on a call chain: its own, and those it may have been folded into. */
export type FunctionNames = readonly string[];

/** A flag that edits speak of. */
export interface PatchFlag {
  readonly name: string;
  /** Class of the lock whose object has this flag (each device is bound or not), or null for one flag in all. */
  readonly of: string | null;
  /** Instead of a class: the locks that this function takes, whatever class a driver gave them. */
  readonly takenIn: FunctionNames | null;
  readonly set: boolean;
}

/** One line of a patch. */
export type PatchEdit = {
  /** The line as written, for reports. */
  readonly text: string;
  readonly line: number;
} & (
  | { readonly do: 'rule'; readonly class: string; readonly rules: readonly LockRule[] }
  /** Take the lock around each call of a function; `inside`: only on chains with that one. */
  | {
      readonly do: 'take';
      readonly class: string;
      readonly around: readonly FunctionNames[];
      readonly inside: FunctionNames | null;
    }
  /** These functions no longer take the lock. */
  | { readonly do: 'drop'; readonly class: string; readonly inside: readonly FunctionNames[] }
  /** `inside` calls `call` before it takes the lock, so that what was done under the lock is done before. */
  | {
      readonly do: 'call';
      readonly call: FunctionNames;
      readonly class: string;
      readonly inside: FunctionNames;
    }
  /** Set or clear a flag in a function: before it takes a lock of a class, or at its end. */
  | {
      readonly do: 'flag';
      readonly flag: string;
      readonly value: boolean;
      readonly inside: FunctionNames;
      readonly before: string | null;
    }
  /** What these functions do is done only while the flag has the value. */
  | {
      readonly do: 'guard';
      readonly functions: readonly FunctionNames[];
      readonly flag: string;
      readonly value: boolean;
    }
);

export interface Patch {
  readonly name: string;
  readonly flags: readonly PatchFlag[];
  readonly edits: readonly PatchEdit[];
}

/** What one edit did to some programs. */
export interface EditOutcome {
  readonly text: string;
  /** Where it was applied: task and function, each once. */
  readonly applied: readonly string[];
  /** Why it was not applied where it might have been, each once; what is so already among them. */
  readonly passed: readonly string[];
}
