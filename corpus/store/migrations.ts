// Brings a database to the newest version, one numbered migration after the other, all or nothing.
import { TABLES } from './migrations/001-tables.js';
import { VIEWS } from './migrations/002-views.js';

import { SEALS } from './migrations/003-seals.js';
import { CAMPAIGNS } from './migrations/004-campaigns.js';
import { DECISIONS_AND_INDICES } from './migrations/005-decisions-and-indices.js';
import { FOREIGN_KEY_INDICES } from './migrations/006-foreign-key-indices.js';

import type { Database } from './sqlite.js';

/** 'RLK1': how `file` and SQLite tell a relock database from others. */
export const APPLICATION_ID = 0x524c4b31;

/** Migration i brings version i to i + 1. Never edited once released; changes are appended. */
const MIGRATIONS: readonly string[] = [
  TABLES,
  VIEWS,
  SEALS,
  CAMPAIGNS,
  DECISIONS_AND_INDICES,
  FOREIGN_KEY_INDICES,
];

/** The version that this relock reads and writes; `PRAGMA user_version`. */
export const DATABASE_VERSION = MIGRATIONS.length;

export function databaseVersion(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

export function applicationId(db: Database): number {
  return db.pragma('application_id', { simple: true }) as number;
}

/** Runs what is missing in one transaction; another process may do the same at the same time. `to`: for tests. */
export function migrate(db: Database, to = DATABASE_VERSION): void {
  db.transaction(() => {
    // Asked again inside the write lock: another process may have been first.
    for (let version = databaseVersion(db); version < to; version++) {
      const sql = MIGRATIONS[version];
      if (sql === undefined) throw new Error(`store: no migration from version ${version}`);
      db.exec(sql);
      db.pragma(`user_version = ${version + 1}`);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}
