// Checks that tables, views, indices and triggers are those that the migrations make.
import type { Defect } from '../schema/forms.js';
import { migrate } from './migrations.js';
import type { Database } from './sqlite.js';

/** What SQLite keeps of its own for full-text search and statistics is left out. */
const OURS = `SELECT type || ' ' || name, sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY 1`;

function texts(db: Database): Map<string, string> {
  return new Map(db.prepare(OURS).raw().all() as [string, string][]);
}

/** What differs from `fresh`, an empty database in memory, which this call brings to the newest version. */
export function schemaDefects(db: Database, fresh: Database): Defect[] {
  migrate(fresh);
  const expected = texts(fresh);
  const found = texts(db);
  const wrong = [...expected].flatMap(([name, sql]) => {
    const text = found.get(name);
    if (text === sql) return [];
    return [
      { what: 'file', id: name, problem: text === undefined ? 'is missing' : 'is not as relock makes it' },
    ];
  });
  // Tables of others beside ours do no harm; triggers on ours may.
  const strange = [...found.keys()].filter((name) => name.startsWith('trigger ') && !expected.has(name));
  return [...wrong, ...strange.map((id) => ({ what: 'file', id, problem: 'is not of relock' }))];
}
