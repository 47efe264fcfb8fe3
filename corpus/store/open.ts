// Opens a database file for reading or writing, or says in a user's words why it cannot be.
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../schema/forms.js';
import { APPLICATION_ID, applicationId, DATABASE_VERSION, databaseVersion, migrate } from './migrations.js';
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

/** What can be told from the file system alone. */
function cannotBe(path: string, file: string, mode: 'read' | 'write'): Problem | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true)
    return {
      title: 'NOT A DATABASE',
      about: path,
      facts: ['It is a directory.'],
      next: `Name a file in it: --db ${path}/relock.db`,
    };
  if (mode === 'read' && (stat === undefined || stat.size === 0))
    return {
      title: 'NO DATABASE',
      about: path,
      facts: [
        stat === undefined ? 'There is no such file. Nothing was made.' : 'The file is empty.',
        'A database is made by the first import. Another one is named with --db FILE or $RELOCK_DB.',
      ],
      next: 'relock import FILE',
    };
  if (stat === undefined && !existsSync(dirname(file)))
    return {
      title: 'NO DIRECTORY FOR THE DATABASE',
      about: path,
      facts: [`There is no directory ${dirname(file)}.`],
      next: `mkdir -p ${dirname(file)}`,
    };
  return null;
}

/** Refuses databases of other programs and of newer versions; an empty database is ours to fill. */
function notOurs(db: Database, file: string): Problem | null {
  const id = applicationId(db);
  const version = databaseVersion(db);
  if (id !== APPLICATION_ID) {
    const tables = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number;
    if (id === 0 && version === 0 && tables === 0) return null;
    return {
      title: 'NOT A RELOCK DATABASE',
      about: file,
      facts: [
        `It is an SQLite database with ${tables} tables and indices, made by another program (application_id ${id}).`,
        'Nothing was changed.',
      ],
      next: 'Name another file with --db FILE',
    };
  }
  if (version > DATABASE_VERSION)
    return {
      title: 'DATABASE IS OF A NEWER VERSION',
      about: file,
      facts: [
        `It has version ${version}; this relock knows versions up to ${DATABASE_VERSION}.`,
        'Nothing was changed.',
      ],
      next: 'Update relock, or name another file with --db FILE',
    };
  return null;
}
