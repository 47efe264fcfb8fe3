// Program: what can be run - a few task bodies of atomic ops over locks and flags (litmus form, contract.md section 3).
import type { Basis } from './capture.js';
import type { LockKind, LockMode, LockRule, WwPolicy } from './lock.js';
import type { NamedGenome } from './schedule.js';

export interface ProgramLock {
  /** Name inside the program, unique. */
  readonly id: string;
  readonly kind: LockKind;
  /** Units of a semaphore; 1 for every other kind. */
  readonly units: number;
  /** Class as the kernel prints it. */
  readonly class: string;
  /** Overrides in effect, sorted; never both of a contradicting pair. */
  readonly rules: readonly LockRule[];
  /** Of a ww_mutex that obeys acquire contexts; absent: contexts mean nothing to it. */
  readonly ww?: WwPolicy;
}

export interface ProgramFlag {
  readonly id: string;
  readonly set: boolean;
  /**
   * The lock whose object the flag speaks of (`bound_A` of A): where locks of two programs are one object, such flags are
   * one, too. Not part of the litmus text.
   */
  readonly of?: string;
}

/** Guard of an op: it is skipped (a step that does nothing) unless the flag has the wanted value. */
export interface Guard {
  readonly flag: string;
  readonly when: boolean;
}

export type OpAction =
  | { readonly do: 'lock'; readonly lock: string; readonly mode: LockMode; readonly attempt: boolean }
  | { readonly do: 'unlock'; readonly lock: string }
  | { readonly do: 'wait'; readonly lock: string }
  | { readonly do: 'signal'; readonly lock: string }
  | { readonly do: 'signal-all'; readonly lock: string }
  | { readonly do: 'sync'; readonly lock: string }
  | { readonly do: 'fork'; readonly task: string }
  | { readonly do: 'join'; readonly task: string }
  | { readonly do: 'set'; readonly flag: string }
  | { readonly do: 'clear'; readonly flag: string }
  | { readonly do: 'require'; readonly flag: string; readonly value: boolean }
  | { readonly do: 'irqs'; readonly on: boolean }
  | { readonly do: 'bh'; readonly on: boolean }
  /** `begin`: an acquire context is opened, its stamp younger than all before; else the one that is open is closed. */
  | { readonly do: 'ww'; readonly begin: boolean };

/** One atomic step of a task. */
export type Op = OpAction & {
  readonly guard: Guard | null;
  /** Function that a reader would name for this step, or null; the comment behind an op in litmus text. */
  readonly site: string | null;
  /** Whole call chain, innermost first; empty if not known. Not part of the litmus text. */
  readonly frames: readonly string[];
  /** 1-based line in the file it came from, or null. Not part of the litmus text. */
  readonly line: number | null;
};

export interface ProgramTask {
  /** Unique inside the program; letters, digits and `_-.:/+` only. */
  readonly name: string;
  /** What it runs (`remove_store`), or null. */
  readonly function: string | null;
  readonly cpu: number | null;
  readonly irq: 'hard' | 'soft' | null;
  /** Task after whose end this one starts, or null. */
  readonly after: string | null;
  readonly body: readonly Op[];
}

export interface Program {
  readonly name: string;
  readonly locks: readonly ProgramLock[];
  readonly flags: readonly ProgramFlag[];
  readonly tasks: readonly ProgramTask[];
}

/** A program made from an episode, with what it rests on. */
export interface LoweredProgram {
  readonly program: Program;
  /** EpisodeId in the capture, or null for a program that the file carried outright. */
  readonly episode: number | null;
  readonly basis: Basis;
  /** See `Episode.happened`. */
  readonly happened: boolean;
  /** The step-by-step schedule that led to the state that was observed (task indices), or null. */
  readonly observedSchedule: readonly number[] | null;
  readonly assumes: readonly string[];
  readonly ruledOut: readonly string[];
  /** Tasks that only queue behind the others in an observed dump, by name. */
  readonly bystanders: readonly string[];
  readonly expect: readonly Expectation[] | null;
  readonly genome: NamedGenome | null;
  /** Orders between its tasks that the recording proves; the program says them too (`after`, `join`, `wait`). */
  readonly orders?: readonly MustOrder[];
  /** True if locks were told apart by address: two of one class in this capture are not taken for one object. */
  readonly byAddress?: true;
  /** For a program put together of others: what each brings. A witness that needs less rests on less. */
  readonly parts?: readonly ProgramPart[];
  /** For a program put together of others: the locks that are one object by assumption only. */
  readonly presumes?: readonly Presumption[];
}

/** The tasks that one recording or program gave to a program. */
export interface ProgramPart {
  /** Names of tasks. */
  readonly tasks: readonly string[];
  /** Ids of captures; parts without a common one make a program composed. */
  readonly captures: readonly string[];
  readonly basis: Basis;
  readonly assumes: readonly string[];
}

/** That a lock of a program is one object to several groups of its tasks. */
export interface Presumption {
  /** The sentence in `assumes`. */
  readonly text: string;
  readonly basis: Basis;
  /** Id of the lock. */
  readonly lock: string;
  /** Names of the tasks that use it, one list for each instance that was recorded. */
  readonly users: readonly (readonly string[])[];
}

/** Why one task of a program must be done, or past its request, before another one gets to its own. */
export interface MustOrder {
  /** Names of tasks. */
  readonly before: string;
  readonly after: string;
  /** One sentence without a full stop. */
  readonly why: string;
}

/** One `expect` line of a litmus text. `expect none` is an empty list. */
export interface Expectation {
  readonly kind: 'deadlock' | 'stranded' | 'violated';
  /** Task names, sorted. */
  readonly tasks: readonly string[];
}
