// docs/database.md against a real database: every view, every column, every canned query, no more and no less.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { APPLICATION_ID, DATABASE_VERSION, migrate } from './migrations.js';
import { cannedQueries } from './queries.js';
import { openFile } from './sqlite.js';

const text = readFileSync(new URL('../../docs/database.md', import.meta.url), 'utf8');

/** First cells of the table rows below a heading, without the backquotes. */
function documented(section: string): string[] {
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
}

describe('docs/database.md', () => {
  it('describes the views and columns that are there', () => {
    const db = openFile(':memory:', false, 0);
    migrate(db);
    const views = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
      .pluck()
      .all() as string[];
    const real = views.map((view) => [
      view,
      db.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck().all(view),
    ]);
    db.close();
    const part = text.slice(text.indexOf('## Views'), text.indexOf('## Canned queries'));
    const told = part
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), documented(section)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    expect(told).toEqual(real);
    expect(views.length).toBeGreaterThan(10);
  });

  it('lists the canned queries with their titles and parameters', () => {
    const part = text.slice(text.indexOf('## Canned queries'), text.indexOf('## Full-text search'));
    const told = [...part.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map((match) => [match[1], match[2]]);
    const real = cannedQueries().map((query) => [
      [query.name, ...query.parameters.map((p) => p.toUpperCase())].join(' '),
      query.title,
    ]);
    expect(told).toEqual(real);
  });

  it('names the identity and version of now', () => {
    expect(text).toContain(`0x${APPLICATION_ID.toString(16)}`);
    expect(text).toContain(`the version, now ${DATABASE_VERSION}.`);
  });
});
