// User queries only ever read, and each canned query runs, has a title, and answers its question.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import type { QueryForm } from '../schema/forms.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { openStore } from './open.js';
import type { Store } from './store.js';

let folder: string;
let store: Store;
const limits = { maxRows: 50 };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-query-'));
  const opened = openStore(join(folder, 'relock.db'), { mode: 'write' });
  if (!opened.ok) throw new Error(opened.problem.title);
  store = opened.store;
  const capture = captureNo(1);
  store.addCapture(capture, encodeCapture(capture), at(1));
  store.putPrograms([programNo(0, capture.id)]);
  for (const bug of [1, 2, 3])
    store.putWitness(witnessOf({ bug, variant: 1, captures: [capture.id] }), { campaign: null, at: at(2) });
  store.triage(witnessOf({ bug: 2, variant: 1 }).id, 'reported', 'sent', 'me', at(3));
  store.triage(witnessOf({ bug: 3, variant: 1 }).id, 'fixed', '7.1', 'me', at(3));
  store.putWitness(witnessOf({ bug: 3, variant: 1, captures: [capture.id] }), {
    campaign: 'night',
    at: at(4),
  });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function canned(name: string, parameters: Record<string, string> = {}): unknown[][] {
  const query = store.cannedQueries().find((q) => q.name === name);
  if (query === undefined) throw new Error(`no canned query ${name}`);
  const result = store.queryReadOnly(query.sql, parameters, limits);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.rows.map((row) => [...row]);
}
const id = (bug: number) => witnessOf({ bug, variant: 1 }).id;

describe('queryReadOnly', () => {
  it('answers with columns and rows', () => {
    const result = store.queryReadOnly(
      "-- a comment\n/* another */ SELECT 1 AS one, ? AS two, NULL AS three, x'00ff' AS four",
      ['x'],
      limits,
    );
    expect(result).toEqual({
      ok: true,
      columns: ['one', 'two', 'three', 'four'],
      rows: [[1, 'x', null, 'blob of 2 bytes']],
      truncated: false,
    });
    if (!result.ok) throw new Error(result.problem.title);
    const form: QueryForm = { schema: 'relock.query/1', columns: result.columns, rows: result.rows };
    expect(JSON.parse(JSON.stringify(form))).toEqual(form);
  });

  it('leaves off rows over the limit, or when time is up, and says so', () => {
    const endless = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
    expect(store.queryReadOnly(endless, {}, { maxRows: 3 })).toEqual({
      ok: true,
      columns: ['i'],
      rows: [[1], [2], [3]],
      truncated: true,
    });
    let asked = 0;
    const result = store.queryReadOnly(endless, {}, { maxRows: 1e9, expired: () => ++asked > 10 });
    expect(result).toMatchObject({ ok: true, truncated: true });
    if (result.ok) expect(result.rows).toHaveLength(10);
    expect(store.queryReadOnly('SELECT 1', {}, { maxRows: 1 })).toMatchObject({
      rows: [[1]],
      truncated: false,
    });
  });

  it('refuses whatever is not one SELECT, and changes nothing', () => {
    const before = readFileSync(store.path);
    const wal = readFileSync(`${store.path}-wal`);
    for (const sql of [
      '',
      ';',
      '-- only a comment',
      '/* unfinished',
      'nonsense',
      'SELECT 1; SELECT 2',
      'SELECT 1; DROP TABLE skip',
      'DELETE FROM skip',
      'DELETE FROM skip RETURNING *',
      'INSERT INTO skip VALUES (1) RETURNING 1',
      'WITH x AS (SELECT 1) DELETE FROM skip RETURNING *',
      'WITH x AS (SELECT 1) INSERT INTO skip SELECT * FROM x',
      'PRAGMA journal_mode = DELETE',
      'PRAGMA writable_schema = ON',
      '/* SELECT */ PRAGMA user_version = 9',
      "ATTACH ':memory:' AS m",
      "VACUUM INTO '/tmp/x'",
      'BEGIN',
      'CREATE TEMP TABLE t (a)',
      'DROP VIEW witnesses',
      'SELECT * FROM nowhere',
      'SELECT :missing',
      'SELECT ?',
      "SELECT load_extension('x')",
    ]) {
      const result = store.queryReadOnly(sql, {}, limits);
      expect(result.ok, sql).toBe(false);
      if (!result.ok)
        expect(result.problem).toMatchObject({
          title: 'THIS QUERY CANNOT BE RUN',
          next: expect.stringContaining('relock query'),
        });
    }
    expect(readFileSync(store.path).equals(before)).toBe(true);
    expect(readFileSync(`${store.path}-wal`).equals(wal)).toBe(true);
  });
});

describe('canned queries', () => {
  it('have titles and known parameters, and all run', () => {
    const queries = store.cannedQueries();
    expect(Object.fromEntries(queries.map((q) => [q.name, q.parameters]))).toMatchObject({
      'by-file': ['file'],
      'by-kernel': ['kernel'],
      'by-lock': ['lock'],
      'by-site': ['site'],
      'by-task': ['task'],
      cousins: [],
      cures: ['id'],
      cycles: [],
      dups: [],
      gaps: [],
      history: ['id'],
      known: [],
      'longest-holds': [],
      new: [],
      regressed: [],
      rules: [],
      'slowest-import': [],
      uncontended: [],
      under: ['lock'],
    });
    for (const query of queries) {
      expect(query.title, query.name).toMatch(/^[A-Z].{10,}/);
      const parameters = Object.fromEntries(query.parameters.map((p) => [p, 'x']));
      expect(store.queryReadOnly(query.sql, parameters, limits).ok, query.name).toBe(true);
    }
  });

  it('new, known, regressed: each bug stands where it belongs', () => {
    expect(
      canned('new')
        .map((row) => [row[0], row[2]])
        .sort(),
    ).toEqual(
      [
        [id(1), 'open'],
        [id(3), 'regressed'],
      ].sort(),
    );
    expect(canned('known').map((row) => row[0])).toEqual([id(2)]);
    expect(canned('regressed')).toEqual([
      [id(3), 'inversion &dev->mutex <-> lock_3', '7.1', '7.1', at(4), 'dmesg-1.txt', '7.0.0-rc3', at(1)],
    ]);
  });

  it('by-task, by-kernel, by-file, history: what is known of one thing', () => {
    expect(canned('by-task', { task: 'remover' })).toHaveLength(3);
    expect(canned('by-task', { task: 'nobody' })).toEqual([]);
    expect(canned('by-kernel', { kernel: '7.0' })).toHaveLength(3);
    expect(canned('by-kernel', { kernel: '6.1' })).toEqual([]);
    expect(canned('by-file', { file: 'dmesg-1' })).toHaveLength(3);
    expect(canned('history', { id: id(3).slice(0, 7) }).map((row) => row.slice(0, 3))).toEqual([
      [at(2), 'seen', 'predict or check'],
      [at(3), 'decided', 'fixed'],
      [at(4), 'seen', 'night'],
    ]);
  });

  it('rules, cures: what was tried, by class and by witness', () => {
    const tried = (cures: boolean) => ({
      how: 'rule',
      class: 'lock_1',
      rule: 'reentrant',
      change: 'lock_1 is reentrant',
      cures,
    });
    store.putChanges(id(1), [tried(false), { ...tried(true), how: 'order', class: null, rule: null }]);
    store.putChanges(id(2), [tried(true)]);
    store.putChanges(id(2), [tried(false)]);
    expect(canned('rules')).toEqual([['lock_1', 'reentrant', 1, 1, id(2).slice(0, 7), id(1).slice(0, 7)]]);
    expect(canned('cures', { id: id(1).slice(0, 5) }).map((row) => row.slice(1, 4))).toEqual([
      ['order', 'lock_1 is reentrant', 'cures it'],
      ['rule', 'lock_1 is reentrant', 'does not'],
    ]);
  });

  it('by-lock, by-site: find by a part of the name, taken literally', () => {
    expect(canned('by-lock', { lock: 'lock_2' }).map((row) => row[0])).toEqual([id(2)]);
    expect(canned('by-lock', { lock: '%' })).toEqual([]);
    expect(canned('by-site', { site: 'site_1' }).map((row) => row[0])).toEqual([id(1)]);
  });

  it('cycles: what lock_order has and no witness confirms', () => {
    expect(canned('cycles')).toEqual([['&dev->mutex -> pci_rescan_remove_lock', 2]]);
    const confirmed = witnessOf({ bug: 9, variant: 1 });
    store.putWitness(
      { ...confirmed, cycle: ['&dev->mutex', 'pci_rescan_remove_lock'] },
      { campaign: null, at: at(9) },
    );
    expect(canned('cycles')).toEqual([]);
  });

  it('gaps: losses with their remedy; uncontended: classes nobody waited for', () => {
    expect(canned('gaps').map((row) => row.slice(0, 4))).toEqual([
      ['dmesg-1.txt', 'gap', 'data-loss', 1],
      ['dmesg-1.txt', 'report_cut_off', 'data-loss', 3],
    ]);
    expect(canned('uncontended')).toEqual([]);
    const quiet = {
      ...captureNo(2),
      episodes: [{ ...captureNo(2).episodes[0]!, happened: false }],
      classes: captureNo(2).classes.map((c) => ({ ...c, name: `${c.name}-2` })),
    };
    store.addCapture(quiet, encodeCapture(quiet), at(5));
    expect(canned('uncontended').map((row) => row[0])).toEqual(['&dev->mutex-2', 'pci_rescan_remove_lock-2']);
  });

  it('slowest-import: only what was measured', () => {
    const slow = { ...captureNo(7), bytes: 1 << 20 };
    store.addCapture(slow, encodeCapture(slow), at(7), 500);
    expect(canned('slowest-import').map((row) => row.slice(0, 1).concat(row.slice(4)))).toEqual([
      ['dmesg-7.txt', 500, 2],
    ]);
  });
});
