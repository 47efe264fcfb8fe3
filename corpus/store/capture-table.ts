// Captures and the programs lowered from them, with the rows by which they are queried.
import { decodeCapture } from '../pack/pack.js';
import type { Capture, Skip } from '../schema/capture.js';
import type { CaptureId, ProgramId } from '../schema/ids.js';
import type { LoweredProgram } from '../schema/program.js';
import { canonicalJson } from '../text/json.js';
import { captureRows, edgeRows } from './rows.js';
import { sha256 } from './sha256.js';
import type { Database } from './sqlite.js';
import { type CaptureSummary, type StoredProgram, StoreTrouble } from './store.js';
import { instant, unsealed } from './trouble.js';

/** SQLite's limit for one value (SQLITE_MAX_LENGTH, as better-sqlite3 compiles it). */
const MAX_PACK_BYTES = 1_000_000_000;

interface CaptureRow extends Omit<CaptureSummary, 'platform' | 'skipped' | 'importedAt'> {
  readonly platform: string;
  readonly imported_at: string;
}

interface ProgramRow {
  readonly id: ProgramId;
  readonly litmus: string;
  readonly capture: CaptureId;
  readonly lowered: string;
  readonly lowered_sha256: string | null;
}

/** Stores a capture and its rows; the caller has opened a transaction. */
export function addCapture(
  db: Database,
  capture: Capture,
  pack: Uint8Array,
  at: string,
  importMs: number | null = null,
): 'stored' | 'already' {
  if (db.prepare('SELECT 1 FROM capture WHERE id = ?').get(capture.id) !== undefined) return 'already';
  if (pack.length > MAX_PACK_BYTES)
    throw new StoreTrouble({
      title: 'CAPTURE IS TOO LARGE',
      about: capture.file,
      facts: [
        `Packed it has ${pack.length} bytes; a database can hold ${MAX_PACK_BYTES} in one piece. Nothing was stored.`,
      ],
      next: `Cut the recording in time and import the parts: split -n l/4 ${capture.file} part-; relock import part-*`,
    });
  const rows = captureRows(capture);
  db.prepare(
    `INSERT INTO capture (id, file, bytes, format, arch, kernel, platform, events, tasks, locks, classes, gaps,
                          imported_at, import_ms, pack)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(capture.id, ...rows.capture, instant(at), importMs === null ? null : Math.round(importMs), pack);
  const report = db.prepare(
    `INSERT INTO report (capture, n, kind, line, task, pid, wants, holds, title)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const row of rows.reports) report.run(capture.id, ...row);
  const skip = db.prepare(
    'INSERT INTO skip (capture, stat, severity, count, first_line, advice) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (const row of rows.skips) skip.run(capture.id, ...row);
  const use = db.prepare(
    `INSERT INTO class_use (capture, class, kind, acquisitions, contended, longest_hold_ns)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  for (const row of rows.classes) use.run(capture.id, ...row);
  return 'stored';
}

/** All, or those of `ids`. */
export function captureSummaries(db: Database, ids: readonly CaptureId[] | null = null): CaptureSummary[] {
  const only = canonicalJson(ids ?? []);
  const where = (column: string) =>
    ids === null ? 'WHERE :only IS NOT NULL' : `WHERE ${column} IN (SELECT value FROM json_each(:only))`;
  const skips = new Map<CaptureId, Skip[]>();
  const skipRows = db
    .prepare(
      `SELECT capture, stat, severity, count, first_line, advice FROM skip ${where('capture')} ORDER BY capture, stat`,
    )
    .all({ only }) as (Skip & { readonly capture: CaptureId })[];
  for (const { capture, ...skip } of skipRows) {
    const list = skips.get(capture);
    if (list === undefined) skips.set(capture, [skip]);
    else list.push(skip);
  }
  const rows = db
    .prepare(
      `SELECT id, file, bytes, format, arch, kernel, platform, events, tasks, locks, classes, imported_at,
              (SELECT count(*) FROM report WHERE report.capture = capture.id) AS reports
       FROM capture ${where('id')} ORDER BY seq`,
    )
    .all({ only }) as CaptureRow[];
  return rows.map(({ platform, imported_at, ...row }) => ({
    ...row,
    platform: JSON.parse(platform) as string[],
    skipped: skips.get(row.id) ?? [],
    importedAt: imported_at,
  }));
}

export function capturePack(db: Database, id: CaptureId): Uint8Array | null {
  const pack = db.prepare('SELECT pack FROM capture WHERE id = ?').pluck().get(id) as Uint8Array | undefined;
  return pack ?? null;
}

export function loadCapture(db: Database, id: CaptureId): Capture | null {
  const pack = capturePack(db, id);
  if (pack === null) return null;
  const decoded = decodeCapture(pack);
  if (decoded.ok) return decoded.capture;
  const { title, facts, next } = decoded.problem;
  throw new StoreTrouble({ title, facts: [`Capture ${id}.`, ...facts], next });
}

/** Stores programs and their lock order; the caller has opened a transaction. */
export function putPrograms(db: Database, programs: readonly StoredProgram[]): void {
  const program = db.prepare(
    'INSERT OR IGNORE INTO program (id, name, tasks, locks, ops, litmus) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const source = db.prepare(
    `INSERT OR IGNORE INTO program_source (program, capture, episode, basis, happened, lowered, lowered_sha256)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const edge = db.prepare(
    `INSERT INTO order_edge (source, n, class_held, class_wanted, mode, ctx, task, site_held, site_wanted, line)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const { id, litmus, capture, lowered } of programs) {
    if (id !== sha256(litmus))
      throw new Error(`store: program id ${id} is not the sha256 of its litmus text`);
    const { name, tasks, locks } = lowered.program;
    const ops = tasks.reduce((sum, task) => sum + task.body.length, 0);
    program.run(id, name, tasks.length, locks.length, ops, litmus);
    const body = canonicalJson(lowered);
    const put = source.run(
      id,
      capture,
      lowered.episode ?? -1,
      lowered.basis,
      lowered.happened ? 1 : 0,
      body,
      sha256(body),
    );
    if (put.changes === 0) continue;
    for (const row of edgeRows(lowered.program)) edge.run(put.lastInsertRowid, ...row);
  }
}

export function loadPrograms(db: Database, capture: CaptureId | null): StoredProgram[] {
  const rows = db
    .prepare(
      `SELECT program.id, program.litmus, source.capture, source.lowered, source.lowered_sha256
       FROM program_source source JOIN program ON program.id = source.program
       WHERE :capture IS NULL OR source.capture = :capture ORDER BY source.seq`,
    )
    .all({ capture }) as ProgramRow[];
  return rows.map(({ lowered, lowered_sha256, ...row }) => ({
    ...row,
    lowered: unsealed<LoweredProgram>(lowered, lowered_sha256, `program ${row.id}`),
  }));
}
