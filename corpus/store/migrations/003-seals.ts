// Migration 3: checksums beside the JSON bodies of programs and witnesses, so that a flipped byte is found and named.

/** Null in rows that an older version wrote: nothing can be said of those. */
export const SEALS = `
ALTER TABLE program_source ADD COLUMN lowered_sha256 TEXT;
ALTER TABLE witness ADD COLUMN body_sha256 TEXT;
`;
