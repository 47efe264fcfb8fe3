// The store's interface: what can be asked of a relock database and what can be put into it.

import type { Capture, Skip } from '../schema/capture.js';
import type { Cell, Defect, Problem } from '../schema/forms.js';
import type { CaptureId, ProgramId, Signature, WitnessId } from '../schema/ids.js';
import type { LoweredProgram } from '../schema/program.js';
import type { TriageState, Witness, WitnessKind } from '../schema/witness.js';
import type { Marks, SignatureRow } from './signature-index.js';

/**
 * Thrown by every method when the database itself fails (locked, full, damaged, read-only): the problem in the form
 * a user is told. A plain Error from a method is a bug in relock.
 */
export class StoreTrouble extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super([problem.title, ...problem.facts].join('; '));
    this.name = 'StoreTrouble';
    this.problem = problem;
  }
}

/** A capture without its events: what lists and summaries need. */
export interface CaptureSummary {
  readonly id: CaptureId;
  readonly file: string;
  readonly bytes: number;
  readonly format: string;
  readonly arch: string | null;
  readonly kernel: string | null;
  readonly platform: readonly string[];
  readonly events: number;
  readonly tasks: number;
  readonly locks: number;
  readonly classes: number;
  readonly reports: number;
  readonly skipped: readonly Skip[];
  /** ISO 8601, UTC. */
  readonly importedAt: string;
}

/** A lowered program with its text and where it came from. */
export interface StoredProgram {
  /** sha256 of `litmus`, 64 hex digits. */
  readonly id: ProgramId;
  /** Canonical litmus text. */
  readonly litmus: string;
  /** The capture it was lowered from. */
  readonly capture: CaptureId;
  readonly lowered: LoweredProgram;
}

/** When, where and in which search a witness or its signature was seen. */
export interface Sighting {
  /** Name of the campaign, or null (predict, check). */
  readonly campaign: string | null;
  /** As `Date.toISOString` writes it. */
  readonly at: string;
}

/**
 * What became of a witness:
 * `new`: the first of its signature; `known-signature`: its signature is known, and this one is stored as well only if
 * it is better in some respect (grade, basis, steps, preemptions) than each one stored for the same lock model;
 * `seen`: this very witness is stored already.
 */
export interface PutWitness {
  readonly outcome: 'new' | 'known-signature' | 'seen';
  /** The witness in the database to show for this one: itself, or the best of its signature. */
  readonly show: WitnessId;
  /** State of the signature with this sighting counted: `regressed` if it had been fixed. */
  readonly state: Witness['state'];
}

export interface WitnessFilter {
  readonly state?: Witness['state'];
  /** Full text over lock, class, task, site and triage note: `zpci AND rescan`; else the words as they are. */
  readonly search?: string;
  readonly campaign?: string;
  readonly capture?: CaptureId;
  readonly signature?: Signature;
  readonly limit?: number;
}

export type FindWitness =
  | { readonly found: 'one'; readonly witness: Witness }
  | { readonly found: 'none' }
  | { readonly found: 'ambiguous'; readonly matches: readonly WitnessMatch[] };

export interface WitnessMatch {
  readonly id: WitnessId;
  readonly signature: Signature;
  readonly kind: WitnessKind;
  readonly cycle: readonly string[];
}

/** One change that was tried on the program of a witness, by complete search. */
export interface TriedChange {
  /** `rule`, `order`, `release` or `irqs-off`. */
  readonly how: string;
  /** Of a rule: the class and the rule. */
  readonly class: string | null;
  readonly rule: string | null;
  /** The change in words. */
  readonly change: string;
  readonly cures: boolean;
}

/** What a merge took over, in numbers. */
export interface Merged {
  readonly captures: number;
  readonly programs: number;
  readonly witnesses: number;
  readonly sightings: number;
  readonly decisions: number;
  readonly campaigns: number;
  /** Ids of witnesses that do not replay here: they and what hangs on them were left. */
  readonly refused: readonly string[];
  /** Names of campaigns that are other ones here: left alone. */
  readonly leftCampaigns: readonly string[];
}

export type MergeResult =
  | { readonly ok: true; readonly merged: Merged }
  | { readonly ok: false; readonly problem: Problem };

/** One triage decision; the log of them is append-only. */
export interface TriageEntry {
  readonly signature: Signature;
  readonly state: TriageState;
  readonly note: string | null;
  /** First http(s) address in the note, or null. */
  readonly link: string | null;
  /** The signature that this one is a duplicate of (`dup ID`), or null. */
  readonly dupOf: Signature | null;
  /** Of `fixed`: the kernel version that the note begins with (`7.1-rc2`), or null. */
  readonly fixedIn: string | null;
  readonly who: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export type TriageResult =
  | { readonly ok: true; readonly entry: TriageEntry; readonly witness: Witness }
  | { readonly ok: false; readonly problem: Problem };

/** What a running campaign hands over to be kept; `state` is whatever it needs to go on (see pack/checkpoint.ts). */
export interface Checkpoint {
  readonly seed: number;
  readonly execs: number;
  readonly steps: number;
  /** Working time in all, not counting pauses. */
  readonly seconds: number;
  readonly features: number;
  /** Entries in the fuzzer's queue. */
  readonly seeds: number;
  /** Signatures that this campaign found first, in all. */
  readonly newSignatures: number;
  /** Version of the lock model: `kernel/4`. */
  readonly model: string;
  readonly state: Uint8Array;
  /** All statistics of the moment as a JSON object (corpus/schema/statistics.ts); `{}` if left out. */
  readonly figures?: string;
}

/** The process that works on a campaign. */
export interface CampaignOwner {
  /** Made up anew by each process. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in any form that tells two processes of one pid apart. */
  readonly began: string;
}

export type LockCampaign =
  | {
      readonly ok: true;
      /** The dead process whose lock was taken over, or null. */
      readonly stale: CampaignOwner | null;
    }
  | {
      readonly ok: false;
      readonly holder: CampaignOwner;
      /** ISO 8601, UTC: its last sign of life. */
      readonly since: string;
    };

/** The figures of a campaign as it runs, or as it was left. */
export interface CampaignFiguresRow {
  readonly campaign: string;
  readonly at: string;
  /** JSON object: corpus/schema/statistics.ts. */
  readonly figures: string;
  /** Of the process that holds the lock, or null. */
  readonly owner: CampaignOwner | null;
}

export interface CampaignSummary extends Omit<Checkpoint, 'state' | 'figures'> {
  readonly name: string;
  /** ISO 8601, UTC: first and last checkpoint. */
  readonly startedAt: string;
  readonly updatedAt: string;
}

export interface Campaign extends CampaignSummary {
  readonly state: Uint8Array;
}

export interface QueryLimits {
  /** Rows beyond this are left off and `truncated` is set. */
  readonly maxRows: number;
  /** Asked before each row; true ends the query with `truncated` set. */
  readonly expired?: () => boolean;
}

export type QueryResult =
  | {
      readonly ok: true;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      readonly truncated: boolean;
    }
  | { readonly ok: false; readonly problem: Problem };

/** A canned query: `NAME.sql` in corpus/store/queries. */
export interface CannedQuery {
  readonly name: string;
  /** Its first comment. */
  readonly title: string;
  readonly sql: string;
  /** Named parameters without the colon, in order of appearance. */
  readonly parameters: readonly string[];
}

/**
 * An open database. Times come in as `Date.toISOString` writes them (UTC, milliseconds); there is no clock inside. Every method that writes is one
 * transaction; `atomically` joins several. Methods throw StoreTrouble if the database fails.
 */
export interface Store {
  readonly path: string;
  readonly mode: 'read' | 'write';
  close(): void;
  /** Runs `work` in one transaction: all of it is stored or, if it throws, nothing. Not for async work. */
  atomically<T>(work: () => T): T;

  /** Stores a capture with its packed bytes (`encodeCapture`). The same content twice stores nothing. */
  /** `importMs`: how long reading it took, for the query `slowest-import`. */
  addCapture(capture: Capture, pack: Uint8Array, at: string, importMs?: number): 'stored' | 'already';
  /** Captures in order of import, all or those of `ids`. */
  captures(ids?: readonly CaptureId[]): CaptureSummary[];
  /** The whole capture, or null; throws StoreTrouble if its bytes are damaged. */
  capture(id: CaptureId): Capture | null;
  /** The packed bytes as they were stored, or null. */
  capturePack(id: CaptureId): Uint8Array | null;

  /** Stores programs of captures that are stored; the same program of the same episode is stored once. */
  putPrograms(programs: readonly StoredProgram[]): void;
  /** In order of storing, all or those of one capture. */
  programs(filter?: { readonly capture?: CaptureId }): StoredProgram[];

  /** Stores a replayed witness and its sighting (one per capture of the witness). */
  putWitness(witness: Witness, sighting: Sighting): PutWitness;
  /** Newest first, with the triage state of now; `captures` are its own, then those where it was seen again. */
  witnesses(filter?: WitnessFilter): Witness[];
  /** By the start of an id, or of a signature (then its best witness). */
  findWitness(prefix: string): FindWitness;
  /** Signatures of the witnesses that a full-text search finds; the text as in `WitnessFilter.search`. */
  matching(search: string): Signature[];
  /** How far the append-only tables have come. */
  marks(): Marks;
  /** The rows of lists: of all signatures, or of those that changed since the marks. */
  signatureRows(since: Marks | null): SignatureRow[];
  /** Appends a decision about the signature of a witness (by the start of either id). */
  triage(prefix: string, state: TriageState, note: string | null, who: string, at: string): TriageResult;
  /** Parts what `dup` joined: appends the state that the signature had before it. */
  undup(prefix: string, note: string | null, who: string, at: string): TriageResult;
  /** Oldest first. */
  triageLog(signature: Signature): TriageEntry[];
  /** Witnesses (the best of each signature) that share a class of the cycle, those that share most first. */
  similar(witness: Witness, most: number): WitnessMatch[];
  /** Notes what single changes were tried on a stored witness; once for each witness, later calls store nothing. */
  putChanges(witness: WitnessId, changes: readonly TriedChange[]): void;
  /**
   * Takes over what another database holds and this one does not; the other one is never written to. `accept` says of
   * each witness that would be stored whether it replays.
   */
  merge(path: string, accept: (witness: Witness) => boolean): MergeResult;
  /** A campaign file: the campaign with its captures, programs, witnesses and figures; null if there is none of that name. */
  exportCampaign(name: string): Uint8Array | null;
  /** The same as `merge` from the bytes of a campaign file; `about` is what the file is called. */
  mergeCampaign(bytes: Uint8Array, about: string, accept: (witness: Witness) => boolean): MergeResult;

  /** Writes the campaign's figures and state, and the row of this minute in `coverage`. */
  saveCheckpoint(name: string, checkpoint: Checkpoint, at: string): void;
  campaign(name: string): Campaign | null;
  /** Last worked on first. */
  campaigns(): CampaignSummary[];

  /**
   * Takes the campaign for one process, unless another that `isAlive` has it. `isAlive` is given the holder and the
   * time of its last sign of life.
   */
  lockCampaign(
    name: string,
    owner: CampaignOwner,
    at: string,
    isAlive: (owner: CampaignOwner, at: string) => boolean,
  ): LockCampaign;
  unlockCampaign(name: string, token: string): void;
  /** A sign of life with the figures of now; false if the lock is another's by now, and then nothing is written. */
  saveFigures(name: string, token: string, figures: string, at: string): boolean;
  /** Last worked on first. */
  campaignFigures(): CampaignFiguresRow[];
  /** Signatures that the campaign found first. */
  newSignatures(campaign: string): number;
  /** Changes whenever a capture was stored, by whichever process. */
  captureCount(): number;

  /**
   * Runs one SELECT on a connection that cannot write. Named parameters by name, `?` by position. A query that
   * produces no row cannot be ended by `expired`.
   */
  queryReadOnly(
    sql: string,
    parameters: Readonly<Record<string, string>> | readonly string[],
    limits: QueryLimits,
  ): QueryResult;
  cannedQueries(): CannedQuery[];
  /** What is wrong: file structure, references, checksums, ids that do not fit their content. Empty if all is well. */
  verify(): Defect[];
}

export interface OpenOptions {
  /** `write` makes the file if it is missing; `read` never changes it, except to bring an older version up to date. */
  readonly mode: 'write' | 'read';
  /** How long to wait for another process that writes; 5000 if left out. */
  readonly busyTimeoutMs?: number;
}

export type OpenStore =
  | { readonly ok: true; readonly store: Store }
  | { readonly ok: false; readonly problem: Problem };
