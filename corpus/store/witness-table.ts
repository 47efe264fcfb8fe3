// Witnesses, their signatures and sightings: what is stored, what is only counted, and how they are found again.
import { BASES } from '../schema/capture.js';
import type { CaptureId, Signature, WitnessId } from '../schema/ids.js';
import { GRADES, type Witness, type WitnessKind, type WitnessTask } from '../schema/witness.js';
import { canonicalJson } from '../text/json.js';
import { sha256 } from './sha256.js';
import { type Database, sqliteCode } from './sqlite.js';
import type { FindWitness, PutWitness, Sighting, TriedChange, WitnessFilter, WitnessMatch } from './store.js';
import { instant, unsealed } from './trouble.js';

interface WitnessRow {
  readonly id: WitnessId;
  readonly body: string;
  readonly body_sha256: string | null;
  readonly state: Witness['state'];
  readonly found_at: string;
  /** JSON array of the captures of its sightings, oldest first. */
  readonly seen_in: string;
}

/** Words of a witness for the full-text search, one text per column. */
function searchTexts(witness: Witness): { lock: string; class: string; task: string; site: string } {
  const holds = witness.tasks.flatMap((t: WitnessTask) =>
    t.wants === null ? t.holds : [...t.holds, t.wants],
  );
  const words = (list: readonly (string | null)[]): string =>
    [...new Set(list.filter((word) => word !== null))].join(' ');
  return {
    lock: words(holds.map((h) => h.lock)),
    class: words(holds.map((h) => h.class)),
    task: words([...witness.tasks.map((t) => t.name), ...(witness.bystanders ?? [])]),
    site: words(holds.map((h) => h.site)),
  };
}

/** What a signature is called: its kind, and its cycle of classes. */
export function titleOf(kind: WitnessKind, cycle: readonly string[]): string {
  return `${kind} ${cycle.join(cycle.length === 2 ? ' <-> ' : ' -> ')}`;
}

/** Best first; the earliest of equals. */
const BEST_FIRST = 'grade_rank, steps, basis_rank, preemptions, seq';

/** Stores a witness or counts it as seen; the caller has opened a transaction. */
export function putWitness(db: Database, witness: Witness, sighting: Sighting): PutWitness {
  const { outcome, id } = storeWitness(db, witness, sighting);
  const { signature } = witness;
  switch (outcome) {
    case 'seen': {
      const own = signatureOf(db, id) ?? signature;
      addSightings(db, witness, own, id, sighting);
      return { outcome: 'seen', show: id, state: stateOf(db, own) };
    }
    case 'no-better':
      addSightings(db, witness, signature, null, sighting);
      return { outcome: 'known-signature', show: id, state: stateOf(db, signature) };
    case 'stored':
    case 'stored-as-first':
      addSightings(db, witness, signature, id, sighting);
      return {
        outcome: outcome === 'stored' ? 'known-signature' : 'new',
        show: id,
        state: stateOf(db, signature),
      };
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** What became of a witness, and the one to show for it: itself, or one that is as good. */
export interface StoredWitness {
  readonly outcome: 'seen' | 'no-better' | 'stored' | 'stored-as-first';
  readonly id: WitnessId;
}

function signatureOf(db: Database, id: WitnessId): Signature | undefined {
  return db.prepare('SELECT signature FROM witness WHERE id = ?').pluck().get(id) as Signature | undefined;
}

/** Stores a witness without a sighting, unless it or one as good is there; the caller has opened a transaction. */
export function storeWitness(db: Database, witness: Witness, sighting: Sighting): StoredWitness {
  const { id, signature } = witness;
  instant(sighting.at);
  if (id !== sha256(witness.litmus).slice(0, 12))
    throw new Error(`store: witness id ${id} is not the start of the sha256 of its litmus text`);
  if (signatureOf(db, id) !== undefined) return { outcome: 'seen', id };
  const known = db.prepare('SELECT 1 FROM signature WHERE signature = ?').get(signature) !== undefined;
  const grade = GRADES.indexOf(witness.grade);
  const basis = BASES.indexOf(witness.basis);
  if (known) {
    const asGood = db
      .prepare(
        `SELECT id FROM witness
         WHERE signature = :signature AND model = :model AND grade_rank <= :grade AND basis_rank <= :basis
           AND steps <= :steps AND preemptions <= :preemptions ORDER BY ${BEST_FIRST} LIMIT 1`,
      )
      .pluck()
      .get({
        signature,
        model: witness.model,
        grade,
        basis,
        steps: witness.steps,
        preemptions: witness.preemptions,
      }) as WitnessId | undefined;
    if (asGood !== undefined) return { outcome: 'no-better', id: asGood };
  } else {
    db.prepare(
      'INSERT INTO signature (signature, kind, title, cycle, best_witness) VALUES (?, ?, ?, ?, ?)',
    ).run(signature, witness.kind, titleOf(witness.kind, witness.cycle), canonicalJson(witness.cycle), id);
  }
  const { state: _state, found_at: _foundAt, ...body } = witness;
  const text = canonicalJson(body);
  const put = db
    .prepare(
      `INSERT INTO witness (id, signature, kind, basis, grade, basis_rank, grade_rank, model, preemptions, steps,
                            litmus, body, body_sha256, campaign, found_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      id,
      signature,
      witness.kind,
      witness.basis,
      witness.grade,
      basis,
      grade,
      witness.model,
      witness.preemptions,
      witness.steps,
      witness.litmus,
      text,
      sha256(text),
      sighting.campaign,
      sighting.at,
    );
  const words = searchTexts(witness);
  const notes = db
    .prepare("SELECT coalesce(group_concat(note, ' '), '') FROM triage WHERE signature = ?")
    .pluck()
    .get(signature) as string;
  db.prepare('INSERT INTO search (rowid, lock, class, task, site, note) VALUES (?, ?, ?, ?, ?, ?)').run(
    put.lastInsertRowid,
    words.lock,
    words.class,
    words.task,
    words.site,
    notes,
  );
  db.prepare(
    `UPDATE signature SET best_witness =
       (SELECT id FROM witness WHERE signature = :signature ORDER BY ${BEST_FIRST} LIMIT 1)
     WHERE signature = :signature`,
  ).run({ signature });
  return { outcome: known ? 'stored' : 'stored-as-first', id };
}

function addSightings(
  db: Database,
  witness: Witness,
  signature: Signature,
  id: WitnessId | null,
  sighting: Sighting,
): void {
  const insert = db.prepare(
    'INSERT INTO sighting (signature, witness, capture, campaign, at) VALUES (?, ?, ?, ?, ?)',
  );
  const captures: readonly (CaptureId | null)[] = witness.captures.length === 0 ? [null] : witness.captures;
  for (const capture of captures) insert.run(signature, id, capture, sighting.campaign, sighting.at);
}

function stateOf(db: Database, signature: Signature): Witness['state'] {
  return db
    .prepare('SELECT state FROM signatures WHERE signature = ?')
    .pluck()
    .get(signature) as Witness['state'];
}

/** Rows of witnesses `w` with their signature's state; sightings that stored no witness count for the best one. */
const SELECT_WITNESS = `
  SELECT w.id, w.body, w.body_sha256, s.state, w.found_at,
         (SELECT json_group_array(capture) FROM
           (SELECT capture FROM sighting x
             WHERE x.signature = w.signature AND x.capture IS NOT NULL
               AND (x.witness = w.id OR (x.witness IS NULL AND w.id = s.best_witness))
             GROUP BY capture ORDER BY min(x.seq))) AS seen_in
  FROM witness w JOIN signatures s ON s.signature = w.signature`;

function witnessOf(row: WitnessRow): Witness {
  const body = unsealed<Omit<Witness, 'state' | 'found_at'>>(row.body, row.body_sha256, `witness ${row.id}`);
  const captures = new Set<CaptureId>([...body.captures, ...(JSON.parse(row.seen_in) as CaptureId[])]);
  return { ...body, captures: [...captures], state: row.state, found_at: row.found_at };
}

export function loadWitnesses(db: Database, filter: WitnessFilter): Witness[] {
  const where: string[] = [];
  const values: Record<string, string | number> = { limit: filter.limit ?? -1 };
  if (filter.state !== undefined) {
    where.push('s.state = :state');
    values['state'] = filter.state;
  }
  if (filter.signature !== undefined) {
    where.push('w.signature = :signature');
    values['signature'] = filter.signature;
  }
  if (filter.campaign !== undefined) {
    where.push(
      `EXISTS (SELECT 1 FROM sighting y WHERE y.signature = w.signature AND y.campaign = :campaign
                 AND (y.witness = w.id OR (y.witness IS NULL AND w.id = s.best_witness)))`,
    );
    values['campaign'] = filter.campaign;
  }
  if (filter.capture !== undefined) {
    where.push(
      `EXISTS (SELECT 1 FROM sighting y WHERE y.signature = w.signature AND y.capture = :capture
                 AND (y.witness = w.id OR (y.witness IS NULL AND w.id = s.best_witness)))`,
    );
    values['capture'] = filter.capture;
  }
  if (filter.search !== undefined) {
    where.push('w.seq IN (SELECT rowid FROM search WHERE search MATCH :search)');
    values['search'] = searchExpression(db, filter.search);
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  const rows = db
    .prepare(`${SELECT_WITNESS} ${condition} ORDER BY w.found_at DESC, w.seq DESC LIMIT :limit`)
    .all(values) as WitnessRow[];
  return rows.map(witnessOf);
}

/** Signatures of the witnesses that a search finds. */
export function findMatching(db: Database, text: string): Signature[] {
  return db
    .prepare(
      'SELECT DISTINCT signature FROM witness WHERE seq IN (SELECT rowid FROM search WHERE search MATCH ?)',
    )
    .pluck()
    .all(searchExpression(db, text)) as Signature[];
}

/** The text as an FTS5 expression if it is one (`zpci AND rescan`), else its words, all wanted (`&dev->mutex`). */
function searchExpression(db: Database, text: string): string {
  try {
    db.prepare('SELECT rowid FROM search WHERE search MATCH ? LIMIT 1').get(text);
    return text;
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_ERROR') throw error;
    const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
    // An expression of no words is an error in FTS5; one empty phrase matches nothing.
    return words.length === 0 ? '""' : words.map((word) => `"${word.replaceAll('"', '""')}"`).join(' ');
  }
}

export function loadWitness(db: Database, id: WitnessId): Witness {
  const row = db.prepare(`${SELECT_WITNESS} WHERE w.id = ?`).get(id) as WitnessRow | undefined;
  if (row === undefined) throw new Error(`store: no witness ${id}`);
  return witnessOf(row);
}

/** Ids are hex digits, so all that begin with some text lie between it and it with a `g`: an index finds them. */
export const FIND_BY_PREFIX = `
  SELECT w.id, w.signature, w.kind, s.cycle FROM witness w JOIN signature s ON s.signature = w.signature
   WHERE w.seq IN (SELECT seq FROM witness WHERE id >= :wanted AND id < :beyond
                   UNION SELECT y.seq FROM signature x JOIN witness y ON y.id = x.best_witness
                          WHERE x.signature >= :wanted AND x.signature < :beyond)
   ORDER BY w.seq LIMIT 100`;

/** Signatures that share a class with one, most shared first; of very many only some thousand are weighed. */
export const FIND_SIMILAR = `
  SELECT g.best_witness AS id, g.signature, g.kind, g.cycle
  FROM (SELECT signature, count(*) AS shared
        FROM (SELECT c.signature FROM signature_class c
               WHERE c.class IN (SELECT value FROM json_each(:classes)) AND c.signature <> :signature LIMIT 4000)
        GROUP BY signature ORDER BY shared DESC, signature LIMIT :most) hit
  JOIN signature g ON g.signature = hit.signature
  ORDER BY hit.shared DESC, g.signature`;

/** The best witness of each signature that shares a class of the cycle. */
export function findSimilar(db: Database, witness: Witness, most: number): WitnessMatch[] {
  const rows = db
    .prepare(FIND_SIMILAR)
    .all({ classes: canonicalJson(witness.cycle), signature: witness.signature, most }) as (Omit<
    WitnessMatch,
    'cycle'
  > & { readonly cycle: string })[];
  return rows.map((row) => ({ ...row, cycle: JSON.parse(row.cycle) as string[] }));
}

/** Once for each witness. */
export function putChanges(db: Database, witness: WitnessId, changes: readonly TriedChange[]): void {
  if (db.prepare('SELECT 1 FROM change_tried WHERE witness = ? LIMIT 1').get(witness) !== undefined) return;
  const insert = db.prepare(
    'INSERT INTO change_tried (witness, n, how, class, rule, change, cures) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const [n, { how, class: name, rule, change, cures }] of changes.entries())
    insert.run(witness, n, how, name, rule, change, cures ? 1 : 0);
}

export function findWitness(db: Database, prefix: string): FindWitness {
  const wanted = prefix.toLowerCase();
  if (!/^[0-9a-f]{1,64}$/.test(wanted)) return { found: 'none' };
  const rows = db.prepare(FIND_BY_PREFIX).all({ wanted, beyond: `${wanted}g` }) as (Omit<
    WitnessMatch,
    'cycle'
  > & { readonly cycle: string })[];
  const exact = rows.find((row) => row.id === wanted) ?? rows.find((row) => row.signature === wanted);
  const only = exact ?? (rows.length === 1 ? rows[0] : undefined);
  if (only !== undefined) return { found: 'one', witness: loadWitness(db, only.id) };
  if (rows.length === 0) return { found: 'none' };
  const matches = rows.map((row) => ({ ...row, cycle: JSON.parse(row.cycle) as string[] }));
  return { found: 'ambiguous', matches };
}
