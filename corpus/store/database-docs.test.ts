// docs/database.md is made from the code, and the words about views fit the views that are there.
import { describe, expect, it } from 'vitest';
import { databasePage } from './database-page.js';
import { APPLICATION_ID, DATABASE_VERSION, migrate } from './migrations.js';
import { openFile } from './sqlite.js';
import { VIEW_DOCS } from './view-docs.js';

describe('docs/database.md', () => {
  it('describes every view and column that is there, and no other', () => {
    const db = openFile(':memory:', false, 0);
    migrate(db);
    const names = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
      .pluck()
      .all() as string[];
    const columns = db.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck();
    const real = names.map((view) => [view, columns.all(view)]);
    db.close();
    const told = VIEW_DOCS.map(({ name, columns }) => [name, columns.map(([column]) => column)]);
    expect(told.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))).toEqual(real);
    expect(names.length).toBeGreaterThan(10);
  });

  it('is what the code says (vitest -u writes it anew)', async () => {
    const page = databasePage();
    expect(page).toContain(`0x${APPLICATION_ID.toString(16)}`);
    expect(page).toContain(`the version, now ${DATABASE_VERSION}.`);
    await expect(page).toMatchFileSnapshot('../../docs/database.md');
  });
});
