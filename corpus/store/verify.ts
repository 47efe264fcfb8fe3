// Checks a whole database: file structure, references, checksums, and ids that must fit their content.
import { decodeCapture } from '../pack/pack.js';
import type { Defect } from '../schema/forms.js';
import type { CaptureId } from '../schema/ids.js';
import type { Witness } from '../schema/witness.js';
import { canonicalJson } from '../text/json.js';
import { sha256 } from './sha256.js';
import { type Database, openEmpty } from './sqlite.js';
import { derivedOfCapture, derivedOfPrograms, derivedOfSignatures } from './verify-derived.js';
import { schemaDefects } from './verify-schema.js';

/** What is wrong; empty if all is well. Replaying the witnesses is up to the caller, who has an engine. */
export function verify(db: Database): Defect[] {
  // One snapshot for all checks, whoever writes meanwhile.
  return db.transaction(() => verifySnapshot(db))();
}

function verifySnapshot(db: Database): Defect[] {
  const structure = (db.pragma('integrity_check') as { readonly integrity_check: string }[])
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok')
    .map((problem) => ({ what: 'file', id: '', problem }));
  // Reading on in a damaged file only makes SQLite throw.
  if (structure.length > 0) return structure;
  // Nor can rows be asked for where a table or a view is not what it was.
  const fresh = openEmpty();
  const schema = schemaDefects(db, fresh);
  fresh.close();
  if (schema.length > 0) return schema;
  return [
    ...references(db),
    ...captures(db),
    ...programs(db),
    ...derivedOfPrograms(db),
    ...witnesses(db),
    ...derivedOfSignatures(db),
    ...campaigns(db),
    ...orphans(db),
  ];
}

function references(db: Database): Defect[] {
  const rows = db.pragma('foreign_key_check') as {
    readonly table: string;
    readonly rowid: number | null;
    readonly parent: string;
  }[];
  return rows.map(({ table, rowid, parent }) => ({
    what: 'row',
    id: rowid === null ? table : `${table} ${rowid}`,
    problem: `refers to a row of ${parent} that is not there`,
  }));
}

function captures(db: Database): Defect[] {
  const defects: Defect[] = [];
  const rows = db.prepare('SELECT id, events, pack FROM capture ORDER BY seq').iterate() as Iterable<{
    readonly id: CaptureId;
    readonly events: number;
    readonly pack: Uint8Array;
  }>;
  for (const { id, events, pack } of rows) {
    const decoded = decodeCapture(pack);
    if (!decoded.ok)
      defects.push({
        what: 'capture',
        id,
        problem: [decoded.problem.title, ...decoded.problem.facts].join(' '),
      });
    else if (decoded.capture.id !== id)
      defects.push({ what: 'capture', id, problem: `its bytes are those of capture ${decoded.capture.id}` });
    else if (decoded.capture.events.kind.length !== events)
      defects.push({
        what: 'capture',
        id,
        problem: `has ${decoded.capture.events.kind.length} events, the row says ${events}`,
      });
    else defects.push(...derivedOfCapture(db, id, decoded.capture));
  }
  return defects;
}

function programs(db: Database): Defect[] {
  const rows = db.prepare('SELECT id, litmus FROM program ORDER BY seq').iterate() as Iterable<{
    readonly id: string;
    readonly litmus: string;
  }>;
  const defects: Defect[] = [];
  for (const { id, litmus } of rows)
    if (sha256(litmus) !== id)
      defects.push({ what: 'program', id, problem: 'its id is not the sha256 of its litmus text' });
  return defects;
}

function witnesses(db: Database): Defect[] {
  const rows = db
    .prepare('SELECT id, signature, litmus, body, body_sha256 FROM witness ORDER BY seq')
    .iterate() as Iterable<{
    readonly id: string;
    readonly signature: string;
    readonly litmus: string;
    readonly body: string;
    readonly body_sha256: string | null;
  }>;
  const defects: Defect[] = [];
  for (const { id, signature, litmus, body, body_sha256 } of rows) {
    if (sha256(litmus).slice(0, 12) !== id)
      defects.push({
        what: 'witness',
        id,
        problem: 'its id is not the start of the sha256 of its litmus text',
      });
    if (body_sha256 !== null && sha256(body) !== body_sha256) {
      defects.push({ what: 'witness', id, problem: 'its JSON body does not fit its checksum (sha256)' });
      continue;
    }
    const witness = JSON.parse(body) as Witness;
    if (witness.id !== id || witness.signature !== signature || witness.litmus !== litmus)
      defects.push({ what: 'witness', id, problem: 'its JSON body and its columns differ' });
    if (canonicalJson(witness) !== body)
      defects.push({ what: 'witness', id, problem: 'its JSON body is not in canonical form' });
  }
  return defects;
}

function campaigns(db: Database): Defect[] {
  const rows = db.prepare('SELECT name, state, state_sha256 FROM campaign ORDER BY name').all() as {
    readonly name: string;
    readonly state: Uint8Array;
    readonly state_sha256: string;
  }[];
  return rows
    .filter((row) => sha256(row.state) !== row.state_sha256)
    .map((row) => ({
      what: 'campaign',
      id: row.name,
      problem: 'its checkpoint does not fit its checksum (sha256)',
    }));
}

/** Rows that nothing leads to, which no foreign key can forbid. Each query gives what, id, problem. */
const ORPHANS: readonly string[] = [
  `SELECT 'signature', signature, 'has no witness' FROM signature
    WHERE NOT EXISTS (SELECT 1 FROM witness WHERE witness.signature = signature.signature)`,
  `SELECT 'signature', g.signature, 'its best witness is one of another signature'
     FROM signature g JOIN witness w ON w.id = g.best_witness WHERE w.signature <> g.signature`,
  `SELECT 'witness', id, 'has no sighting' FROM witness
    WHERE NOT EXISTS (SELECT 1 FROM sighting WHERE sighting.witness = witness.id)`,
  `SELECT 'search', id, 'a witness is missing from the full-text index' FROM witness
    WHERE seq NOT IN (SELECT rowid FROM search)`,
  `SELECT 'search', rowid, 'the full-text index names a witness that is not there' FROM search
    WHERE rowid NOT IN (SELECT seq FROM witness)`,
  `SELECT 'program', id, 'comes from no capture' FROM program
    WHERE NOT EXISTS (SELECT 1 FROM program_source s WHERE s.program = program.id)`,
];

function orphans(db: Database): Defect[] {
  return ORPHANS.flatMap((sql) =>
    (db.prepare(sql).raw().all() as [string, string | number, string][]).map(([what, id, problem]) => ({
      what,
      id: String(id),
      problem,
    })),
  );
}
