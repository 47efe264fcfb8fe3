// Queries that pages run on large databases go by an index: SQLite's own plan says so.
import { afterAll, describe, expect, it } from 'vitest';
import { migrate } from './migrations.js';
import { MARKS, TOUCHED } from './signature-index.js';
import { openFile } from './sqlite.js';
import { FIND_BY_PREFIX, FIND_SIMILAR } from './witness-table.js';

const db = openFile(':memory:', false, 0);
migrate(db);
afterAll(() => db.close());

function plan(sql: string, values: Record<string, string | number>): string[] {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values) as { readonly detail: string }[];
  return rows.map(({ detail }) => detail);
}

/** Steps that read a whole table; small inner results and lists of values do not count. */
function scans(steps: readonly string[]): string[] {
  return steps.filter(
    (step) => /^SCAN (?!hit\b|CONSTANT|\(subquery)/.test(step) && !/VIRTUAL TABLE/.test(step),
  );
}

describe('plans', () => {
  it.each([
    ['a witness by the start of its id', FIND_BY_PREFIX, { wanted: 'ab', beyond: 'abg' }],
    ['witnesses that share a class', FIND_SIMILAR, { classes: '["a"]', signature: 'x', most: 5 }],
    ['how far the tables have come', MARKS, {}],
    ['signatures that changed', TOUCHED, { witness: 5, sighting: 5, triage: 5 }],
    ['one witness', 'SELECT * FROM witnesses WHERE id = :id', { id: 'x' }],
    ['one signature', 'SELECT * FROM signatures WHERE signature = :id', { id: 'x' }],
    ['its history', 'SELECT * FROM triage WHERE signature = :id ORDER BY at, seq', { id: 'x' }],
    [
      'its sightings',
      'SELECT * FROM sightings WHERE signature = :id ORDER BY at DESC LIMIT 100',
      { id: 'x' },
    ],
    [
      'its duplicates',
      'SELECT * FROM signatures WHERE signature IN (SELECT signature FROM triage_log WHERE dup_of = :id)',
      { id: 'x' },
    ],
    ['who waits for a new witness', 'SELECT 1 FROM signature WHERE best_witness = :id', { id: 'x' }],
    [
      'who recorded an edge',
      'SELECT * FROM lock_order_sources WHERE class_held = :a AND class_wanted = :b',
      { a: 'x', b: 'y' },
    ],
  ] as const)('%s', (_, sql, values) => {
    const steps = plan(sql, values as Record<string, string | number>);
    expect(scans(steps), steps.join('\n')).toEqual([]);
    expect(steps.some((step) => step.startsWith('SEARCH'))).toBe(true);
  });

  it('the check can fail', () => {
    expect(scans(plan('SELECT * FROM witness WHERE litmus = :x', { x: 'y' }))).toEqual(['SCAN witness']);
  });
});
