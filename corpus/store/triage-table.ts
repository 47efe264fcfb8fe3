// Triage: the append-only log of what people decided about a signature.
import type { Signature } from '../schema/ids.js';
import type { TriageState } from '../schema/witness.js';
import type { Database } from './sqlite.js';
import type { FindWitness, TriageEntry, TriageResult } from './store.js';
import { instant } from './trouble.js';
import { findWitness, loadWitness } from './witness-table.js';

interface TriageRow extends Omit<TriageEntry, 'dupOf'> {
  readonly dup_of: Signature | null;
}

/** Appends a decision; the caller has opened a transaction. */
export function triage(
  db: Database,
  prefix: string,
  state: TriageState,
  note: string | null,
  who: string,
  at: string,
): TriageResult {
  instant(at);
  const found = findWitness(db, prefix);
  if (found.found !== 'one') return { ok: false, problem: notFound(prefix, found) };
  const { id, signature } = found.witness;
  const dupOf = state === 'dup' ? namedIn(db, note) : null;
  if (dupOf === signature)
    return {
      ok: false,
      problem: {
        title: `${prefix} CANNOT BE A DUPLICATE OF ITSELF`,
        facts: [`Both name signature ${signature}. Nothing was changed.`],
        next: `relock triage ${prefix} dup OTHER-ID`,
      },
    };
  const entry: TriageEntry = { signature, state, note, link: linkIn(note), dupOf, who, at };
  db.prepare(
    'INSERT INTO triage (signature, state, note, link, dup_of, who, at) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(signature, state, note, entry.link, dupOf, who, at);
  if (note !== null)
    db.prepare(
      `UPDATE search SET note = trim(note || ' ' || :note)
       WHERE rowid IN (SELECT seq FROM witness WHERE signature = :signature)`,
    ).run({ note, signature });
  return { ok: true, entry, witness: loadWitness(db, id) };
}

/** The signature that the first word of a note names by id, if it names exactly one. */
function namedIn(db: Database, note: string | null): Signature | null {
  const word = note?.trim().split(/\s+/)[0] ?? '';
  if (word.length < 4) return null;
  const found = findWitness(db, word);
  return found.found === 'one' ? found.witness.signature : null;
}

function linkIn(note: string | null): string | null {
  return note?.match(/https?:\/\/[^\s<>]+/)?.[0] ?? null;
}

function notFound(prefix: string, found: Exclude<FindWitness, { found: 'one' }>) {
  if (found.found === 'none')
    return { title: `NO WITNESS ${prefix}`, facts: ['No id and no signature begins so.'], next: 'relock ls' };
  return {
    title: `${prefix} IS AMBIGUOUS`,
    facts: found.matches.map((m) => `${m.id}  ${m.kind}  ${m.cycle.join(' <-> ')}`),
    next: `relock triage ${found.matches[0]?.id ?? 'ID'} ...`,
  };
}

/** Oldest first. */
export function triageLog(db: Database, signature: Signature): TriageEntry[] {
  const rows = db
    .prepare(
      'SELECT signature, state, note, link, dup_of, who, at FROM triage WHERE signature = ? ORDER BY seq',
    )
    .all(signature) as TriageRow[];
  return rows.map(({ dup_of, ...row }) => ({ ...row, dupOf: dup_of }));
}
