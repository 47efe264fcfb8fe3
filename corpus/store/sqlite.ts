// The one file that imports better-sqlite3: opens connections and names what SQLite complains of.
import { existsSync, readFileSync, statSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';

export type Database = SqliteDatabase.Database;
/** A value that can be bound or read. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/**
 * Opens a file. Nothing is read yet: a file that is no database fails at the first statement.
 *
 * @throws SqliteError with a `code` (see `sqliteCode`).
 */
export function openFile(path: string, readonly: boolean, busyTimeoutMs: number): Database {
  const db = new SqliteDatabase(path, { readonly, fileMustExist: readonly, timeout: busyTimeoutMs });
  // Without it INSERT OR REPLACE would delete rows behind the back of the triggers that keep tables append-only.
  db.pragma('recursive_triggers = ON');
  db.pragma('foreign_keys = ON');
  return db;
}

/**
 * Opens a copy of a database file in memory, for files in folders where SQLite cannot make the -shm file that WAL
 * mode needs (read-only media). Bytes 18 and 19 of the header say WAL; a database in memory cannot have that.
 */
export function openImage(file: Uint8Array): Database {
  const image = Buffer.from(file);
  if (image[18] === 2) image[18] = 1;
  if (image[19] === 2) image[19] = 1;
  const db = new SqliteDatabase(image, { readonly: true });
  db.pragma('query_only = ON');
  return db;
}

/** An empty database in memory, for comparisons. */
export function openEmpty(): Database {
  return new SqliteDatabase(':memory:');
}

/** A database in memory, filled from the bytes of another, to be changed at will. */
export function openScratch(file: Uint8Array): Database {
  const image = Buffer.from(file);
  if (image[18] === 2) image[18] = 1;
  if (image[19] === 2) image[19] = 1;
  const db = new SqliteDatabase(image);
  db.pragma('foreign_keys = ON');
  return db;
}

/** SQLite's name for the error (`SQLITE_BUSY`), or null if the error is not SQLite's. */
export function sqliteCode(error: unknown): string | null {
  return error instanceof SqliteDatabase.SqliteError ? error.code : null;
}

/** A read-only connection; where SQLite cannot keep its side files (read-only media), one to a copy in memory. */
export function openReadable(file: string, timeout: number): Database {
  const db = openFile(file, true, timeout);
  try {
    db.pragma('schema_version');
    return db;
  } catch (error) {
    db.close();
    const code = sqliteCode(error) ?? '';
    const walIsEmpty = !existsSync(`${file}-wal`) || statSync(`${file}-wal`).size === 0;
    if ((code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_READONLY')) && walIsEmpty)
      return openImage(readFileSync(file));
    throw error;
  }
}
