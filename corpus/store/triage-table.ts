// Triage: the append-only log of what people decided about a signature.
import type { Signature } from '../schema/ids.js';
import type { TriageState } from '../schema/witness.js';
import type { Database } from './sqlite.js';
import type { FindWitness, TriageEntry, TriageResult } from './store.js';
import { instant } from './trouble.js';
import { findWitness, loadWitness } from './witness-table.js';

interface TriageRow extends Omit<TriageEntry, 'dupOf' | 'fixedIn'> {
  readonly dup_of: Signature | null;
  readonly fixed_in: string | null;
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
  const fixedIn = state === 'fixed' ? versionIn(note) : null;
  const entry: TriageEntry = { signature, state, note, link: linkIn(note), dupOf, fixedIn, who, at };
  append(db, entry);
  return { ok: true, entry, witness: loadWitness(db, id) };
}

/** Appends one row, and its note to the full-text index; the caller has opened a transaction. */
export function append(db: Database, entry: TriageEntry): void {
  const { signature, state, note, link, dupOf, fixedIn, who, at } = entry;
  db.prepare(
    'INSERT INTO triage (signature, state, note, link, dup_of, fixed_in, who, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  ).run(signature, state, note, link, dupOf, fixedIn, who, instant(at));
  if (note !== null)
    db.prepare(
      `UPDATE search SET note = trim(note || ' ' || :note)
       WHERE rowid IN (SELECT seq FROM witness WHERE signature = :signature)`,
    ).run({ note, signature });
}

/** Appends the decision that stood before the last `dup`; the caller has opened a transaction. */
export function undup(
  db: Database,
  prefix: string,
  note: string | null,
  who: string,
  at: string,
): TriageResult {
  const found = findWitness(db, prefix);
  if (found.found !== 'one') return { ok: false, problem: notFound(prefix, found) };
  const { id, signature } = found.witness;
  const log = triageLog(db, signature);
  if (log.at(-1)?.state !== 'dup')
    return {
      ok: false,
      problem: {
        title: `${prefix} IS NO DUPLICATE`,
        facts: [`Its state is ${found.witness.state}. Nothing was changed.`],
        next: `relock query history ${prefix}`,
      },
    };
  const before = log.findLast((entry) => entry.state !== 'dup');
  const entry: TriageEntry = {
    signature,
    state: before?.state ?? 'open',
    note: note === null ? 'undup' : `undup: ${note}`,
    link: linkIn(note),
    dupOf: null,
    fixedIn: before?.fixedIn ?? null,
    who,
    at,
  };
  append(db, entry);
  return { ok: true, entry, witness: loadWitness(db, id) };
}

/** The kernel version at the start of a note: `7.1-rc2`, `v6.12.94`. */
function versionIn(note: string | null): string | null {
  return note?.trim().match(/^v?(\d+\.\d+[\w.+-]*)/)?.[1] ?? null;
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
      `SELECT signature, state, note, link, dup_of, fixed_in, who, at FROM triage WHERE signature = ?
       ORDER BY at, seq`,
    )
    .all(signature) as TriageRow[];
  return rows.map(({ dup_of, fixed_in, ...row }) => ({ ...row, dupOf: dup_of, fixedIn: fixed_in }));
}
