// The canned query `cycles` against a plain search for simple cycles, on random lock orders.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFile } from './sqlite.js';

const SQL = readFileSync(new URL('./queries/cycles.sql', import.meta.url), 'utf8');

/** Simple cycles of at most four classes, each written from its smallest class on. */
function simpleCycles(edges: readonly (readonly [string, string])[]): string[] {
  const found = new Set<string>();
  const walk = (path: readonly string[]): void => {
    for (const [held, wanted] of edges) {
      if (held !== path[path.length - 1]) continue;
      if (wanted === path[0]) found.add(path.join(' -> '));
      else if (path.length < 4 && wanted > path[0]! && !path.includes(wanted)) walk([...path, wanted]);
    }
  };
  for (const [held] of edges) walk([held]);
  return [...found].sort();
}

describe('cycles.sql', () => {
  it('finds every simple cycle of up to four classes once', () => {
    const anyClass = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const db = openFile(':memory:', false, 0);
    db.exec('CREATE TABLE lock_order (class_held, class_wanted); CREATE TABLE signatures (cycle)');
    const insert = db.prepare('INSERT INTO lock_order VALUES (?, ?)');
    const query = db.prepare(SQL).pluck();
    fc.assert(
      fc.property(fc.array(fc.tuple(anyClass, anyClass), { maxLength: 14 }), (edges) => {
        db.exec('DELETE FROM lock_order');
        for (const edge of edges) insert.run(...edge);
        expect((query.all() as string[]).sort()).toEqual(simpleCycles(edges));
      }),
      { numRuns: 300 },
    );
    db.close();
  });
});
