// Forms: the JSON objects that `relock --json` prints, one interface per schema name (contract.md section 2).
import type { Capture, Severity } from './capture.js';
import type { EventRow } from './event.js';
import type { EditOutcome } from './patch.js';
import type { Report } from './report.js';
import type { CampaignFigures } from './statistics.js';
import type { Witness } from './witness.js';

/** Trouble as a user is told it: a title, the facts, and the command to type next. */
export interface Problem {
  readonly title: string;
  readonly facts: readonly string[];
  readonly next: string;
  /** What it is about: a file, an id; stands at the right of the title. */
  readonly about?: string;
}

/** What any command prints with `--json` when it fails with exit code 2 or 4. */
export interface ErrorForm {
  readonly error: Problem;
}

/** One counter of skipped input. */
export interface SkipForm {
  readonly stat: string;
  readonly severity: Severity;
  readonly count: number;
  /** 1-based line of the first one, or null if it belongs to no line. */
  readonly first_line: number | null;
  readonly advice: string;
}

/** One imported file, summed up. */
export interface CaptureForm {
  /** sha256 of the imported bytes, 64 lower-case hex digits. */
  readonly id: string;
  readonly file: string;
  readonly format: string;
  readonly arch: string | null;
  readonly kernel: string | null;
  readonly platform: readonly string[];
  /** Number of events. */
  readonly events: number;
  /** Records read per source event name, whether used or not. */
  readonly by_event: Readonly<Record<string, number>>;
  readonly tasks: number;
  readonly locks: number;
  readonly classes: number;
  readonly reports: readonly Report[];
  readonly skipped: readonly SkipForm[];
  /** Number of annotations (contention pairs, debug features, phases of a test), if any. */
  readonly notes?: number;
  /** True if this content had been imported before. */
  readonly already: boolean;
}

/** What was taken over from another database. */
export interface MergedForm {
  readonly file: string;
  readonly captures: number;
  readonly programs: number;
  readonly witnesses: number;
  readonly sightings: number;
  readonly decisions: number;
  readonly campaigns: number;
  /** Ids of witnesses that do not replay and were left. */
  readonly refused: readonly string[];
  /** Names of campaigns that are other ones here. */
  readonly left_campaigns: readonly string[];
}

/** `relock import --json`. */
export interface ImportForm {
  readonly schema: 'relock.import/1';
  readonly captures: readonly CaptureForm[];
  /** Databases that were merged. */
  readonly merged?: readonly MergedForm[];
  /** Files that could not be read, if others could. */
  readonly errors?: readonly Problem[];
  /** The worst of them, or that nothing was recognised: what the exit code stands for. */
  readonly error?: Problem;
}

/** `relock fuzz --json`. */
export interface FuzzForm {
  readonly schema: 'relock.fuzz/1';
  readonly campaign: string;
  readonly execs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly features: number;
  readonly witnesses: readonly Witness[];
  /** Signatures that this run found first. */
  readonly new: number;
  /** The command that goes on with this campaign. */
  readonly resume: string;
}

/** `relock worker --json`, when it has ended. */
export interface WorkerForm {
  readonly schema: 'relock.worker/1';
  /** Address of the queue, without its password. */
  readonly queue: string;
  /** Jobs that it did. */
  readonly jobs: number;
}

/** `relock ls --json`. */
export interface LsForm {
  readonly schema: 'relock.ls/1';
  readonly witnesses: readonly Witness[];
}

export const CYCLE_STATUSES = ['confirmed', 'refuted', 'open'] as const;
export type CycleStatus = (typeof CYCLE_STATUSES)[number];

/** One lock-order cycle of `relock predict`. */
export interface CycleForm {
  readonly classes: readonly string[];
  readonly tasks: readonly string[];
  readonly status: CycleStatus;
  /** One sentence: the refutation, or what stands behind the status. */
  readonly why: string;
  /** Id of the witness that confirms it, or null. */
  readonly witness: string | null;
  /** True if every schedule was covered. */
  readonly complete: boolean;
}

/** `relock predict --json`. */
export interface PredictForm {
  readonly schema: 'relock.predict/1';
  readonly cycles: readonly CycleForm[];
  /** The witnesses that the cycles name. */
  readonly witnesses?: readonly Witness[];
}

/** One file of `relock check`. */
export interface CheckFileForm {
  readonly file: string;
  readonly format: string;
  readonly verdict: 'deadlock' | 'none' | 'open';
  /** True if every schedule was covered, so that `none` is a proof within the model. */
  readonly complete: boolean;
  /** The `expect` lines of a litmus file, as text, or null for every other format. */
  readonly expected: readonly string[] | null;
  /** Whether what was found equals `expected`; null where nothing is expected. */
  readonly ok: boolean | null;
  /** Covered: run one by one, or gone by the search to an end or to where another had been before. */
  readonly schedules: number;
  readonly states: number;
  readonly witnesses: readonly Witness[];
  /** For the verdict `open`: what is left open, a sentence each. */
  readonly why?: readonly string[];
  /** Cycles of the lock order that cannot come to be, and why not; none of litmus texts. */
  readonly refuted?: readonly RefutedForm[];
}

/** A cycle of the lock order that `check` refuted. */
export interface RefutedForm {
  readonly classes: readonly string[];
  readonly tasks: readonly string[];
  readonly why: string;
}

/** `relock check --json`. */
export interface CheckForm {
  readonly schema: 'relock.check/1';
  readonly files: readonly CheckFileForm[];
}

/** `relock replay --json`. */
export interface ReplayForm {
  readonly schema: 'relock.replay/1';
  readonly reproduced: boolean;
  /** How the run ended, in words: `deadlock remover setter`. */
  readonly verdict: string;
  readonly steps: number;
}

/** `relock whatif --json`: deadlocks of the programs as they are, and as they would be. */
export interface WhatifForm {
  readonly schema: 'relock.whatif/1';
  /** Found in the programs as they are, and not in the changed ones. */
  readonly gone: readonly Witness[];
  /** Found in both; the witness is of the changed programs. */
  readonly stays: readonly Witness[];
  readonly new: readonly Witness[];
  /** True if both searches were complete and left nothing open. */
  readonly complete: boolean;
  /** What each edit applied to, in the order given: of `--set`, then of the patches. */
  readonly edits: readonly EditOutcome[];
  /** Cycles of the changed programs that could be neither confirmed nor refuted. */
  readonly undecided: readonly {
    readonly classes: readonly string[];
    readonly tasks: readonly string[];
    readonly why: string;
  }[];
  /** Programs looked at, and how many of them were changed. */
  readonly programs: number;
  readonly changed: number;
  /** Programs of recordings that do not say in which function a lock is taken: no patch can speak of them. */
  readonly without_sites: number;
}

/** One program behind a cell of a matrix: a litmus file, what it expects, and what a search of all schedules found. */
export interface MatrixProgramForm {
  /** From the project's root. */
  readonly file: string;
  /** True for the program that asks whether a window is open beside the row's own two paths. */
  readonly window: boolean;
  /** Ends as `expect` lines have them. */
  readonly expected: readonly string[];
  readonly found: readonly string[];
  readonly ok: boolean;
  readonly complete: boolean;
  readonly states: number;
  /** One for each end found, replayed. */
  readonly witnesses: readonly Witness[];
}

/** One row in one version. */
export interface MatrixCellForm {
  readonly version: string;
  /** `violated` where nothing but violations was found. */
  readonly verdict: 'none' | 'deadlock' | 'violated';
  /** `self`, `AB-BA`, `cycle`, `race`, `window`, `stranded`; empty for none. */
  readonly words: readonly string[];
  /** What is said of it elsewhere, with its mark: [T] in the mails, [A] derived from them. */
  readonly says: string;
  /** Why the search is right where it disagrees with that, or null. */
  readonly differs: string | null;
  /** True if every program ends as its file expects. */
  readonly ok: boolean;
  readonly complete: boolean;
  readonly programs: readonly MatrixProgramForm[];
}

/** `relock matrix --json`. */
export interface MatrixForm {
  readonly schema: 'relock.matrix/1';
  readonly name: string;
  readonly versions: readonly { readonly tag: string; readonly title: string; readonly source: string }[];
  readonly rows: readonly {
    readonly id: string;
    readonly title: string;
    readonly source: string;
    readonly cells: readonly MatrixCellForm[];
  }[];
  readonly ok: boolean;
  readonly complete: boolean;
}

/** A value of a database row. Blobs come as the text `blob of N bytes`. */
export type Cell = string | number | null;

/** `relock query --json`. */
export interface QueryForm {
  readonly schema: 'relock.query/1';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** True if rows were left off at the row limit. */
  readonly truncated?: boolean;
}

/** `relock triage --json`: the witness with its new state. */
export interface ShowForm {
  readonly schema: 'relock.show/1';
  readonly witness: Witness;
}

/** One thing that is wrong in a database. */
export interface Defect {
  /** `file`, `capture`, `program`, `witness`, `signature`, `campaign`, `search`, `row`. */
  readonly what: string;
  /** Id or name of what it is about, or the empty string for the file as a whole. */
  readonly id: string;
  readonly problem: string;
}

/** `relock verify-db --json`. */
export interface VerifyForm {
  readonly schema: 'relock.verify-db/1';
  readonly ok: boolean;
  readonly captures: number;
  readonly witnesses: number;
  readonly replayed: number;
  readonly defects: readonly Defect[];
}

/** One campaign of `relock status`. */
export interface CampaignForm {
  readonly name: string;
  readonly seed: number;
  readonly execs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly features: number;
  /** ISO 8601, UTC. */
  readonly started_at: string;
  readonly updated_at: string;
  /** True while a process works on it. */
  readonly running?: boolean;
  /** All statistics, as of two seconds ago or of its end. */
  readonly figures?: CampaignFigures;
}

/** `relock status --json`. */
export interface StatusForm {
  readonly schema: 'relock.status/1';
  readonly campaigns: readonly CampaignForm[];
}

/** One event of a capture in JSON. */
export interface EventDocument extends Omit<EventRow, 'timeNs'> {
  /** Nanoseconds on the capture's own clock as decimal digits (they exceed what a JSON number holds), or null. */
  readonly timeNs: string | null;
}

/** A whole capture in JSON: what is packed in the database, with its event columns as rows. */
export interface CaptureDocument extends Omit<Capture, 'events'> {
  readonly schema: 'relock.capture/1';
  readonly events: readonly EventDocument[];
}

/** `relock serve --json`: printed once it listens. */
export interface ServeForm {
  readonly schema: 'relock.serve/1';
  readonly url: string;
}

/** A probe of a function, for a kernel without lockdep. */
export interface RecordProbeForm {
  readonly event: string;
  readonly function: string;
  /** True if it fires when the function returns. */
  readonly returns: boolean;
  /** Its line in kprobe_events. */
  readonly line: string;
}

/** One way to record: shell lines, the last of which imports what was recorded. */
export interface RecordWayForm {
  readonly way: 'trace-cmd' | 'tracefs' | 'bpftrace';
  readonly says: string;
  readonly lines: readonly string[];
  /** What the lines leave behind. */
  readonly file: string;
}

/** `relock record --json`: commands that record what relock needs. */
export interface RecordForm {
  readonly schema: 'relock.record/1';
  /** As `uname -m` names it. */
  readonly arch: string;
  /** `uname -r` of this machine; null where the commands are for another one. */
  readonly kernel: string | null;
  /** True if the commands are for a kernel with lock:* events. */
  readonly lockdep: boolean;
  readonly lockdep_from: string;
  /** Whether lock:lock_acquired is there; null if nobody knows or without lockdep. */
  readonly lock_stat: boolean | null;
  /** Whether functions can be probed (CONFIG_KPROBE_EVENTS); null if nobody knows. */
  readonly kprobes: boolean | null;
  /** SYSTEM:NAME. */
  readonly events: readonly string[];
  readonly probes: readonly RecordProbeForm[];
  readonly ways: readonly RecordWayForm[];
  readonly notes: readonly string[];
}

/** `relock completion --json`. */
export interface CompletionForm {
  readonly schema: 'relock.completion/1';
  readonly shell: string;
  readonly text: string;
}

/** Everything that `--json` prints. `relock show ID --form json` prints the witness as such. */
export type Form =
  | ImportForm
  | FuzzForm
  | WorkerForm
  | LsForm
  | PredictForm
  | CheckForm
  | ReplayForm
  | WhatifForm
  | MatrixForm
  | QueryForm
  | ShowForm
  | VerifyForm
  | StatusForm
  | ServeForm
  | RecordForm
  | CompletionForm
  | Witness
  | ErrorForm;
