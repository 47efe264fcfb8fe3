// Opens a database file for reading or writing, or says in a user's words why it cannot be.
import { resolve } from 'node:path';
import type { Problem } from '../schema/forms.js';
import { cannotBe, notOurs } from './check-file.js';
import { DATABASE_VERSION, databaseVersion, migrate } from './migrations.js';
import { type Database, openFile, openReadable } from './sqlite.js';
import { SqliteStore } from './sqlite-store.js';
import type { OpenOptions, OpenStore } from './store.js';
import { problemOf } from './trouble.js';

const BUSY_TIMEOUT_MS = 5000;

/** Opens the database at `path`; see OpenOptions. Throws only for bugs in relock. */
export function openStore(path: string, options: OpenOptions): OpenStore {
  const file = resolve(path);
  const timeout = options.busyTimeoutMs ?? BUSY_TIMEOUT_MS;
  const beforehand = cannotBe(path, file, options.mode);
  if (beforehand !== null) return { ok: false, problem: beforehand };
  try {
    const opened = options.mode === 'write' ? openToWrite(file, timeout) : openToRead(file, timeout);
    if ('problem' in opened) return { ok: false, problem: opened.problem };
    return { ok: true, store: new SqliteStore(opened.db, file, options.mode, timeout) };
  } catch (error) {
    const problem = problemOf(error, path);
    if (problem === null) throw error;
    return { ok: false, problem };
  }
}

type Opened = { readonly db: Database } | { readonly problem: Problem };

function openToWrite(file: string, timeout: number): Opened {
  const db = openFile(file, false, timeout);
  try {
    const problem = notOurs(db, file);
    if (problem !== null) {
      db.close();
      return { problem };
    }
    // In WAL mode NORMAL cannot corrupt the file: a loss of power may take back the last commits, a kill of the
    // process takes back nothing. FULL would cost one fsync per commit for work that can be done again. Where WAL is
    // not to be had (network file systems) NORMAL could corrupt, so there it is FULL.
    const journal = db.pragma('journal_mode = WAL', { simple: true });
    db.pragma(journal === 'wal' ? 'synchronous = NORMAL' : 'synchronous = FULL');
    if (databaseVersion(db) < DATABASE_VERSION) migrate(db);
    return { db };
  } catch (error) {
    db.close();
    throw error;
  }
}

function openToRead(file: string, timeout: number): Opened {
  const db = openReadable(file, timeout);
  let older: boolean;
  try {
    const problem = notOurs(db, file);
    if (problem !== null) {
      db.close();
      return { problem };
    }
    older = databaseVersion(db) < DATABASE_VERSION;
  } catch (error) {
    db.close();
    throw error;
  }
  if (!older) return { db };
  db.close();
  const upgraded = openToWrite(file, timeout);
  if ('problem' in upgraded) return upgraded;
  upgraded.db.close();
  return { db: openReadable(file, timeout) };
}
