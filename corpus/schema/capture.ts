// Capture: everything that one imported file said, as interned strings and columns of numbers.
import type { EventColumns } from './event.js';
import type { CaptureId } from './ids.js';
import type { LockKind } from './lock.js';
import type { Program } from './program.js';
import type { Report } from './report.js';

/** Version of the stored form; goes up with every change that an older reader would misread. */
export const CAPTURE_VERSION = 1;

export type Severity = 'info' | 'notice' | 'data-loss' | 'error';

/** One counter of what was skipped, with what to do about it. */
export interface Skip {
  readonly stat: string;
  readonly severity: Severity;
  readonly count: number;
  readonly first_line: number | null;
  readonly advice: string;
}

/** A thread of execution. A chain link of a lockdep report is a task too: nobody knows its name. */
export interface CaptureTask {
  /** `comm`, or the entry function of a call chain whose task is not known. */
  readonly name: string;
  readonly pid: number | null;
  /** The function that says what the task is doing (`remove_store`), or null. */
  readonly function: string | null;
  /** False where a report shows a call chain without saying who ran it. */
  readonly named: boolean;
  /** `task`, or the interrupt in whose context it runs. */
  readonly runs: 'task' | 'softirq' | 'hardirq';
}

/** A lock class as the kernel prints it. */
export interface CaptureClass {
  readonly name: string;
  readonly kind: LockKind;
  /** True if there is exactly one instance: a lock with static storage (`pci_rescan_remove_lock`). */
  readonly single: boolean;
  /** True for what stands in the lock column and is no lock: a variable or a block of an STD trace. */
  readonly variable?: true;
}

/** A lock instance. */
export interface CaptureLock {
  /** ClassId. */
  readonly class: number;
  /** Hex digits without 0x, or null if the log does not say. */
  readonly address: string | null;
}

/** A place in the code: the call chain, and the function that a reader would name. */
export interface CaptureSite {
  /** Function outside the lock primitives that takes the lock (`sriov_numvfs_store`). */
  readonly at: string;
  /** Whole call chain, innermost first; StringIds. */
  readonly frames: readonly number[];
}

/**
 * Something that a file tells beside lock events: an entry of a debug feature, a contention pair, the phase of a test run.
 * It stands in the timeline for people to read; no conclusion rests on it.
 */
export interface Note {
  /** Stable word for its kind: `s390dbf`, `zpci`, `contention`, `class-usage`, `phase`, `xid`, ... */
  readonly what: string;
  /** 1-based line or byte offset, as for events. */
  readonly where: number;
  /** Microseconds on the clock that `clock` names, or null. Exact to 2^53. */
  readonly timeUs: number | null;
  /** `boot`, or `utc` (since 1970), or null where no time is known. */
  readonly clock: 'boot' | 'utc' | null;
  readonly cpu: number | null;
  readonly text: string;
  /** Facts under stable names; see docs/formats.md. */
  readonly facts: Readonly<Record<string, string | number | null>>;
}

/** How far a claim goes beyond the recording (contract.md, "basis"). */
export const BASES = ['observed', 'recorded', 'aliased', 'composed'] as const;
export type Basis = (typeof BASES)[number];

/** Begins an assumption that nothing in the log supports: a witness that carries one leaves the verdict open (ADR 0004). */
export const BEYOND_THE_LOG = 'ASSUMED BEYOND THE LOG: ';

/**
 * Events that belong together: one report, one dump, one stretch of a trace without losses. No conclusion crosses
 * an episode. The lowering makes one program of each episode that says who holds and wants what.
 */
export interface Episode {
  /** What it was read from, for titles: `circular`, `hung-task`, ... */
  readonly origin: string;
  /** Index into `Capture.reports` of the report it stands for, or null. */
  readonly report: number | null;
  /** Indices of further reports that it was put together from. */
  readonly alsoReports: readonly number[];
  readonly basis: Basis;
  /** True if the state shown is one that happened (a dump), so that last requests are waits that were seen. */
  readonly happened: boolean;
  /** True if what a task holds at the end it never gives back: it went to user space, or exited, with the lock held. */
  readonly leaks?: boolean;
  /** What must be true beyond what the log says, one sentence each. */
  readonly assumes: readonly string[];
  /** What was checked and found not to stand in the way, one sentence each. */
  readonly ruledOut: readonly string[];
}

/** One imported file. Immutable; named by its content. */
export interface Capture {
  readonly version: number;
  readonly id: CaptureId;
  /** As named on the command line. */
  readonly file: string;
  /** Size of the imported bytes before decompression. */
  readonly bytes: number;
  /** Id of the importer: `kernel-log`, `litmus`, `scenario`, ... */
  readonly format: string;
  readonly arch: string | null;
  readonly kernel: string | null;
  readonly platform: readonly string[];
  readonly provenance: 'line' | 'byte';
  /** Records read per source event name, whether used or not. */
  readonly byEvent: Readonly<Record<string, number>>;
  readonly reports: readonly Report[];
  readonly skipped: readonly Skip[];
  readonly strings: readonly string[];
  readonly tasks: readonly CaptureTask[];
  readonly classes: readonly CaptureClass[];
  readonly locks: readonly CaptureLock[];
  readonly sites: readonly CaptureSite[];
  readonly episodes: readonly Episode[];
  readonly events: EventColumns;
  /** Programs that the file carries outright (litmus text). */
  readonly programs: readonly Program[];
  /** What the file tells beside events, in file order; absent where there is nothing. */
  readonly notes?: readonly Note[];
}
