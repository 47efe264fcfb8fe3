// Migration 6: indices for references that SQLite looks up from the other end.

/**
 * A new witness of a new signature is awaited by that signature (a deferred reference): without an index SQLite reads
 * all signatures to find it, and storing becomes slower with every bug.
 */
export const FOREIGN_KEY_INDICES = `
CREATE INDEX signature_best ON signature (best_witness);
CREATE INDEX triage_dup ON triage (dup_of);
`;
