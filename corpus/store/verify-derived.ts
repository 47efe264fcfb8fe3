// Checks the rows that are derived from something else in the database: computed anew, they must be the same.
import type { Capture } from '../schema/capture.js';
import type { Defect } from '../schema/forms.js';
import type { CaptureId } from '../schema/ids.js';
import type { LoweredProgram } from '../schema/program.js';
import type { Witness } from '../schema/witness.js';
import { canonicalJson } from '../text/json.js';
import { parseLitmus } from '../text/litmus.js';
import { canonicalProgram } from '../text/program-id.js';
import { captureRows, edgeRows } from './rows.js';
import { sha256 } from './sha256.js';
import type { Database } from './sqlite.js';
import { titleOf } from './witness-table.js';

/** SQLite hands out integers as bigint where they do not fit; both sides are compared as text. */
function sameText(rows: readonly unknown[]): string {
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
}

/** Compares one table's rows of one owner with what they should be. */
function compare(
  db: Database,
  sql: string,
  owner: string | number,
  expected: readonly (readonly unknown[])[],
): boolean {
  const rows = db.prepare(sql).raw().all(owner);
  return sameText(rows) === sameText(expected);
}

/** The rows of a capture: its own columns, and those of its reports, skips and classes. */
export function derivedOfCapture(db: Database, id: CaptureId, capture: Capture): Defect[] {
  const rows = captureRows(capture);
  const checks: readonly (readonly [
    table: string,
    sql: string,
    expected: readonly (readonly unknown[])[],
  ])[] = [
    [
      'capture',
      `SELECT file, bytes, format, arch, kernel, platform, events, tasks, locks, classes, gaps
         FROM capture WHERE id = ?`,
      [rows.capture],
    ],
    [
      'report',
      `SELECT n, kind, line, task, pid, wants, holds, title FROM report WHERE capture = ? ORDER BY n`,
      rows.reports,
    ],
    [
      'skip',
      'SELECT stat, severity, count, first_line, advice FROM skip WHERE capture = ? ORDER BY stat',
      [...rows.skips].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
    ],
    [
      'class_use',
      `SELECT class, kind, acquisitions, contended, longest_hold_ns FROM class_use
        WHERE capture = ? ORDER BY class`,
      [...rows.classes].sort((a, b) => Buffer.compare(Buffer.from(String(a[0])), Buffer.from(String(b[0])))),
    ],
  ];
  return checks
    .filter(([, sql, expected]) => !compare(db, sql, id, expected))
    .map(([table]) => ({
      what: 'capture',
      id,
      problem: `its rows in ${table} are not what its packed events say`,
    }));
}

/** Lowered programs against the litmus text under which they are stored, and their lock order against themselves. */
export function derivedOfPrograms(db: Database): Defect[] {
  const defects: Defect[] = [];
  const rows = db
    .prepare(
      `SELECT s.seq, s.program, s.episode, s.basis, s.happened, s.lowered, s.lowered_sha256, p.litmus, p.name, p.tasks, p.locks, p.ops
         FROM program_source s JOIN program p ON p.id = s.program ORDER BY s.seq`,
    )
    .iterate() as Iterable<{
    readonly seq: number;
    readonly program: string;
    readonly episode: number;
    readonly basis: string;
    readonly happened: number;
    readonly lowered: string;
    readonly lowered_sha256: string | null;
    readonly litmus: string;
    readonly name: string;
    readonly tasks: number;
    readonly locks: number;
    readonly ops: number;
  }>;
  for (const row of rows) {
    const say = (problem: string): void => {
      defects.push({ what: 'program', id: row.program, problem });
    };
    if (row.lowered_sha256 !== null && sha256(row.lowered) !== row.lowered_sha256) {
      say('its JSON body does not fit its checksum (sha256)');
      continue;
    }
    let lowered: LoweredProgram;
    try {
      lowered = JSON.parse(row.lowered) as LoweredProgram;
      if (canonicalJson(lowered) !== row.lowered) say('its JSON body is not in canonical form');
      const { program } = lowered;
      // Both printed by this version: the canonical text of an older one may have been spelled otherwise.
      const text = parseLitmus(row.litmus);
      if (!text.ok || canonicalProgram(text.value.program) !== canonicalProgram(program))
        say('its JSON body and its litmus text differ');
      const ops = program.tasks.reduce((sum, task) => sum + task.body.length, 0);
      const columns = [lowered.episode ?? -1, lowered.basis, lowered.happened ? 1 : 0];
      if (sameText(columns) !== sameText([row.episode, row.basis, row.happened]))
        say('its JSON body and its columns differ');
      if (
        row.name !== program.name ||
        row.tasks !== program.tasks.length ||
        row.locks !== program.locks.length ||
        row.ops !== ops
      )
        say('its name or its counts are not those of its litmus text');
      if (
        !compare(
          db,
          `SELECT n, class_held, class_wanted, mode, ctx, task, site_held, site_wanted, line
             FROM order_edge WHERE source = ? ORDER BY n`,
          row.seq,
          edgeRows(program),
        )
      )
        say('its rows in order_edge are not what its tasks do');
    } catch (error) {
      say(`its JSON body cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return defects;
}

/** What a signature's row says against the witnesses that it stands for. */
export function derivedOfSignatures(db: Database): Defect[] {
  const rows = db
    .prepare(
      `SELECT g.signature, g.kind, g.title, g.cycle, w.body FROM signature g JOIN witness w ON w.id = g.best_witness`,
    )
    .all() as {
    readonly signature: string;
    readonly kind: string;
    readonly title: string;
    readonly cycle: string;
    readonly body: string;
  }[];
  return rows.flatMap(({ signature, kind, title, cycle, body }) => {
    let witness: Witness;
    try {
      witness = JSON.parse(body) as Witness;
    } catch {
      // The check of the witness itself tells.
      return [];
    }
    const right =
      kind === witness.kind &&
      sameText([...(JSON.parse(cycle) as string[])].sort()) === sameText([...witness.cycle].sort()) &&
      title === titleOf(witness.kind, JSON.parse(cycle) as string[]);
    return right
      ? []
      : [{ what: 'signature', id: signature, problem: 'its row and its best witness differ' }];
  });
}
