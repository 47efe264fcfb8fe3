// Whether a file can be a relock database at all, in a user's words where it cannot.
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Problem } from '../schema/forms.js';
import { APPLICATION_ID, applicationId, DATABASE_VERSION, databaseVersion } from './migrations.js';
import type { Database } from './sqlite.js';

/** What can be told from the file system alone. */
export function cannotBe(path: string, file: string, mode: 'read' | 'write'): Problem | null {
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
export function notOurs(db: Database, file: string): Problem | null {
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
