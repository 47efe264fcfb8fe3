// The Store over SQLite: each method one transaction, each failure of the database a StoreTrouble.
import type { Capture } from '../schema/capture.js';
import type { Defect } from '../schema/forms.js';
import type { CaptureId, Signature, WitnessId } from '../schema/ids.js';
import type { TriageState, Witness } from '../schema/witness.js';
import { openCampaignFile, packCampaign } from './campaign-file.js';
import { holdsCampaign, lockCampaign, saveFigures, unlockCampaign } from './campaign-lock.js';
import {
  loadCampaign,
  loadCampaignFigures,
  loadCampaigns,
  newSignatures,
  saveCheckpoint,
} from './campaign-table.js';
import {
  addCapture,
  capturePack,
  captureSummaries,
  loadCapture,
  loadPrograms,
  putPrograms,
} from './capture-table.js';
import { merge, type OpenToMerge, openToMerge } from './merge.js';
import { cannedQueries, queryReadOnly } from './queries.js';
import { loadMarks, loadSignatureRows, type Marks, type SignatureRow } from './signature-index.js';
import { type Database, openReadable } from './sqlite.js';
import type {
  Campaign,
  CampaignFiguresRow,
  CampaignOwner,
  CampaignSummary,
  CannedQuery,
  CaptureSummary,
  Checkpoint,
  FindWitness,
  LockCampaign,
  MergeResult,
  PutWitness,
  QueryLimits,
  QueryResult,
  Sighting,
  Store,
  StoredProgram,
  TriageEntry,
  TriageResult,
  TriedChange,
  WitnessFilter,
  WitnessMatch,
} from './store.js';
import { triage, triageLog, undup } from './triage-table.js';
import { guarded } from './trouble.js';
import { verify } from './verify.js';
import {
  findMatching,
  findSimilar,
  findWitness,
  loadWitnesses,
  putChanges,
  putWitness,
} from './witness-table.js';

export class SqliteStore implements Store {
  readonly path: string;
  readonly mode: 'read' | 'write';
  readonly #db: Database;
  readonly #busyTimeoutMs: number;
  /** Connection that cannot write, for users' queries; opened when the first one comes. */
  #reader: Database | null;

  /** `db` is open, ours, and of the newest version. */
  constructor(db: Database, path: string, mode: 'read' | 'write', busyTimeoutMs: number) {
    this.#db = db;
    this.path = path;
    this.mode = mode;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#reader = mode === 'read' ? db : null;
  }

  close(): void {
    guarded(this.path, () => {
      if (this.#reader !== null && this.#reader !== this.#db) this.#reader.close();
      this.#db.close();
    });
  }

  atomically<T>(work: () => T): T {
    // IMMEDIATE: whoever will write asks for the write lock at once, so that busy_timeout can wait for it. Within
    // another transaction this is a savepoint.
    return guarded(this.path, () => this.#db.transaction(work).immediate());
  }

  #read<T>(work: () => T): T {
    return guarded(this.path, work);
  }

  addCapture(capture: Capture, pack: Uint8Array, at: string, importMs?: number): 'stored' | 'already' {
    return this.atomically(() => addCapture(this.#db, capture, pack, at, importMs ?? null));
  }
  captures(ids?: readonly CaptureId[]): CaptureSummary[] {
    return this.#read(() => captureSummaries(this.#db, ids ?? null));
  }
  capture(id: CaptureId): Capture | null {
    return this.#read(() => loadCapture(this.#db, id));
  }
  capturePack(id: CaptureId): Uint8Array | null {
    return this.#read(() => capturePack(this.#db, id));
  }

  putPrograms(programs: readonly StoredProgram[]): void {
    this.atomically(() => putPrograms(this.#db, programs));
  }
  programs(filter: { readonly capture?: CaptureId } = {}): StoredProgram[] {
    return this.#read(() => loadPrograms(this.#db, filter.capture ?? null));
  }

  putWitness(witness: Witness, sighting: Sighting): PutWitness {
    return this.atomically(() => putWitness(this.#db, witness, sighting));
  }
  witnesses(filter: WitnessFilter = {}): Witness[] {
    return this.#read(() => loadWitnesses(this.#db, filter));
  }
  findWitness(prefix: string): FindWitness {
    return this.#read(() => findWitness(this.#db, prefix));
  }
  triage(prefix: string, state: TriageState, note: string | null, who: string, at: string): TriageResult {
    return this.atomically(() => triage(this.#db, prefix, state, note, who, at));
  }
  undup(prefix: string, note: string | null, who: string, at: string): TriageResult {
    return this.atomically(() => undup(this.#db, prefix, note, who, at));
  }
  similar(witness: Witness, most: number): WitnessMatch[] {
    return this.#read(() => findSimilar(this.#db, witness, most));
  }
  putChanges(witness: WitnessId, changes: readonly TriedChange[]): void {
    this.atomically(() => putChanges(this.#db, witness, changes));
  }
  merge(path: string, accept: (witness: Witness) => boolean): MergeResult {
    return this.#take(openToMerge(path, this.path, this.#busyTimeoutMs), accept);
  }
  exportCampaign(name: string): Uint8Array | null {
    return this.#read(() => packCampaign(this.#db, name));
  }
  mergeCampaign(bytes: Uint8Array, about: string, accept: (witness: Witness) => boolean): MergeResult {
    return this.#take(openCampaignFile(bytes, about), accept);
  }
  #take(other: OpenToMerge, witness: (witness: Witness) => boolean): MergeResult {
    if (!other.ok) return other;
    const accept = { witness, campaign: () => true };
    try {
      return { ok: true, merged: this.atomically(() => merge(this.#db, other.db, accept)) };
    } finally {
      other.db.close();
    }
  }
  matching(search: string): Signature[] {
    return this.#read(() => findMatching(this.#db, search));
  }
  marks(): Marks {
    return this.#read(() => loadMarks(this.#db));
  }
  signatureRows(since: Marks | null): SignatureRow[] {
    return this.#read(() => loadSignatureRows(this.#db, since));
  }
  triageLog(signature: Signature): TriageEntry[] {
    return this.#read(() => triageLog(this.#db, signature));
  }

  saveCheckpoint(name: string, checkpoint: Checkpoint, at: string): void {
    this.atomically(() => saveCheckpoint(this.#db, name, checkpoint, at));
  }
  campaign(name: string): Campaign | null {
    return this.#read(() => loadCampaign(this.#db, name));
  }
  campaigns(): CampaignSummary[] {
    return this.#read(() => loadCampaigns(this.#db));
  }

  lockCampaign(
    name: string,
    owner: CampaignOwner,
    at: string,
    isAlive: (owner: CampaignOwner, at: string) => boolean,
  ): LockCampaign {
    return this.atomically(() => lockCampaign(this.#db, name, owner, at, isAlive));
  }
  unlockCampaign(name: string, token: string): void {
    this.atomically(() => unlockCampaign(this.#db, name, token));
  }
  saveFigures(name: string, token: string, figures: string, at: string): boolean {
    return this.atomically(() => {
      if (!holdsCampaign(this.#db, name, token, at)) return false;
      saveFigures(this.#db, name, figures, at);
      return true;
    });
  }
  campaignFigures(): CampaignFiguresRow[] {
    return this.#read(() => loadCampaignFigures(this.#db));
  }
  newSignatures(campaign: string): number {
    return this.#read(() => newSignatures(this.#db, campaign));
  }
  captureCount(): number {
    return this.#read(() => this.#db.prepare('SELECT count(*) FROM capture').pluck().get() as number);
  }

  queryReadOnly(
    sql: string,
    parameters: Readonly<Record<string, string>> | readonly string[],
    limits: QueryLimits,
  ): QueryResult {
    return this.#read(() => {
      this.#reader ??= openReadable(this.path, this.#busyTimeoutMs);
      return queryReadOnly(this.#reader, this.path, sql, parameters, limits);
    });
  }
  cannedQueries(): CannedQuery[] {
    return cannedQueries();
  }
  verify(): Defect[] {
    return this.#read(() => {
      // A connection of its own: on one that has used the full-text index before another process changed it, SQLite's
      // integrity check compares old figures with new pages and reports damage that is not there (seen with 3.53.2).
      const db = openReadable(this.path, this.#busyTimeoutMs);
      try {
        return verify(db);
      } finally {
        db.close();
      }
    });
  }
}
