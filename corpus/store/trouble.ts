// What a user is told when the database fails: SQLite's codes as title, facts, next.
import type { Problem } from '../schema/forms.js';
import { sha256 } from './sha256.js';
import { sqliteCode } from './sqlite.js';
import { StoreTrouble } from './store.js';

/** The problem behind an SQLite error, or null if the error is a bug in relock and not the database's state. */
export function problemOf(error: unknown, path: string): Problem | null {
  const code = sqliteCode(error);
  if (code === null) return null;
  const said = `${error instanceof Error ? error.message : ''} (${code})`;
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'))
    return {
      title: 'DATABASE IS BUSY',
      about: path,
      facts: ['Another process is writing to it and did not let go in time.', said],
      next: `Wait for it and try again. To see who has it open: fuser ${path}`,
    };
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_FORMAT')
    return {
      title: 'DATABASE IS DAMAGED',
      about: path,
      facts: ['SQLite cannot read part of it.', said],
      next: `relock verify-db --db ${path}    or save what can be read: sqlite3 ${path} .recover`,
    };
  if (code === 'SQLITE_NOTADB')
    return {
      title: 'NOT A DATABASE',
      about: path,
      facts: ['The file is there, but it is not an SQLite database. Nothing was changed.', said],
      next: 'Name the database with --db FILE, or import logs with: relock import FILE',
    };
  if (code.startsWith('SQLITE_FULL'))
    return {
      title: 'NO SPACE FOR THE DATABASE',
      about: path,
      facts: [
        'The disk or the quota is full. What was being stored was not stored; the rest is intact.',
        said,
      ],
      next: `df -h ${path}`,
    };
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM' || code === 'SQLITE_AUTH')
    return {
      title: 'DATABASE CANNOT BE WRITTEN',
      about: path,
      facts: ['The file or its folder is read-only for you.', said],
      next: `Copy it and work on the copy: cp ${path} /tmp/relock.db; relock --db /tmp/relock.db ...`,
    };
  if (code.startsWith('SQLITE_CANTOPEN'))
    return {
      title: 'DATABASE CANNOT BE OPENED',
      about: path,
      facts: ['It is not a file that you may open, or its folder is read-only.', said],
      next: `ls -ld ${path}`,
    };
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_PROTOCOL' || code === 'SQLITE_NOLFS')
    return {
      title: 'DATABASE CANNOT BE READ OR WRITTEN',
      about: path,
      facts: ['The operating system reported an error for the file.', said],
      next: `Copy it to a local disk and look at it there: relock verify-db --db ${path}`,
    };
  return null;
}

/**
 * The problem behind an error of a statement of relock's own, which fits the tables that relock makes: the text of a table
 * or view is not what was written. Not for queries of users.
 */
function brokenSchema(error: unknown, path: string): Problem | null {
  const said = error instanceof Error ? error.message : '';
  if (sqliteCode(error) !== 'SQLITE_ERROR') return null;
  if (!/^(?:no such (?:column|table|module|function)|foreign key mismatch|malformed|near ")/.test(said))
    return null;
  return {
    title: 'DATABASE IS DAMAGED',
    about: path,
    facts: ['A table or a view is not as relock makes it.', said],
    next: `relock verify-db --db ${path}`,
  };
}

/** What relock writes refers to rows that it has just read; if one is not there, the row was, under another name. */
function brokenReference(error: unknown, path: string): Problem | null {
  if (sqliteCode(error) !== 'SQLITE_CONSTRAINT_FOREIGNKEY') return null;
  return {
    title: 'DATABASE IS DAMAGED',
    about: path,
    facts: [
      'What was to be stored refers to a row that is not there. It was not stored.',
      'If verify-db finds nothing wrong, please report it.',
    ],
    next: `relock verify-db --db ${path}`,
  };
}

/** Runs `work`; what the database is to blame for comes out as StoreTrouble, every other error as it is. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const problem = problemOf(error, path) ?? brokenSchema(error, path) ?? brokenReference(error, path);
    if (problem === null) throw error;
    throw new StoreTrouble(problem);
  }
}

/**
 * The JSON body of a row, checked against its checksum (null in rows of version 2 and older: not checked). Throws
 * StoreTrouble, naming the row, if the bytes are not those that were written.
 */
export function unsealed<T>(text: string, sum: string | null, row: string): T {
  const damaged = (fact: string): StoreTrouble =>
    new StoreTrouble({
      title: 'DATABASE IS DAMAGED',
      facts: [`The stored ${row} is not what was written: ${fact}.`, 'Nothing was changed.'],
      next: 'relock verify-db',
    });
  if (sum !== null && sha256(text) !== sum) throw damaged('its checksum (sha256) does not fit');
  try {
    return JSON.parse(text) as T;
  } catch {
    throw damaged('it is no JSON');
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Times are compared as texts, so there is one way to write them. Throws (our own bug) on any other. */
export function instant(at: string): string {
  if (!INSTANT.test(at)) throw new Error(`store: a time must be as Date.toISOString writes it, not ${at}`);
  return at;
}
