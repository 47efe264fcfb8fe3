// Merging two databases: everything is there afterwards, and once is as good as twice.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import { at, captureNo, programNo, witnessOf } from './fixtures.laws.js';
import { migrate } from './migrations.js';
import { openStore } from './open.js';
import { openFile } from './sqlite.js';
import type { Store } from './store.js';

let folder: string;
const opened: Store[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-merge-'));
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true });
});

function store(name: string): Store {
  const result = openStore(join(folder, name), { mode: 'write' });
  if (!result.ok) throw new Error(result.problem.title);
  opened.push(result.store);
  return result.store;
}

/** A lab's database: captures and bugs of the given numbers, triaged one second after they were found. */
function lab(name: string, numbers: readonly number[], start: number): Store {
  const db = store(name);
  for (const [i, n] of numbers.entries()) {
    const capture = captureNo(n);
    const time = start + 10 * i;
    db.addCapture(capture, encodeCapture(capture), at(time), 12);
    db.putPrograms([programNo(n, capture.id)]);
    const put = db.putWitness(witnessOf({ bug: n, variant: 1, captures: [capture.id] }), {
      campaign: 'night',
      at: at(time + 1),
    });
    db.putChanges(put.show, [{ how: 'rule', class: 'x', rule: 'reentrant', change: 'x is', cures: true }]);
    db.triage(put.show, 'reported', `note ${name}`, name, at(time + 2));
  }
  db.saveCheckpoint(`night-${name}`, checkpoint(numbers.length), at(start));
  return db;
}

function checkpoint(execs: number) {
  return {
    seed: 1,
    execs,
    steps: 0,
    seconds: 1,
    features: 0,
    seeds: 0,
    newSignatures: 0,
    model: 'kernel/1',
    state: Uint8Array.from([1, 2]),
  };
}

/** What a reader of the views sees, in an order that does not depend on who came first. */
function contents(db: Store): unknown {
  const rows = (sql: string) => {
    const result = db.queryReadOnly(sql, {}, { maxRows: 10_000 });
    if (!result.ok) throw new Error(result.problem.title);
    return result.rows;
  };
  return {
    captures: rows('SELECT * FROM captures ORDER BY id'),
    programs: rows('SELECT * FROM program_sources ORDER BY program, capture, episode'),
    order: rows(
      'SELECT class_held, class_wanted, mode, ctx, captures, times FROM lock_order ORDER BY 1, 2, 3, 4',
    ),
    signatures: rows('SELECT * FROM signatures ORDER BY signature'),
    witnesses: rows('SELECT * FROM witnesses ORDER BY id'),
    sightings: rows('SELECT * FROM sightings ORDER BY at, signature, witness, capture, campaign'),
    triage: rows('SELECT * FROM triage_log ORDER BY at, signature, who'),
    campaigns: rows('SELECT * FROM campaigns ORDER BY name'),
    coverage: rows('SELECT * FROM coverage ORDER BY campaign, minute'),
    changes: rows('SELECT * FROM changes_tried ORDER BY witness, how'),
  };
}

function mergeAll(into: Store, from: Store) {
  const result = into.merge(from.path, () => true);
  if (!result.ok) throw new Error(result.problem.title);
  return result.merged;
}

describe('merge', () => {
  it('takes over everything, and the second time nothing', () => {
    const here = lab('a.db', [1, 2], 0);
    const there = lab('b.db', [2, 3, 4], 100);
    const before = readFileSync(there.path);
    expect(mergeAll(here, there)).toEqual({
      captures: 2,
      programs: 2,
      witnesses: 2,
      sightings: 3,
      decisions: 3,
      campaigns: 1,
      refused: [],
      leftCampaigns: [],
    });
    const once = contents(here);
    expect(mergeAll(here, there)).toMatchObject({
      captures: 0,
      programs: 0,
      witnesses: 0,
      sightings: 0,
      decisions: 0,
      campaigns: 0,
    });
    expect(contents(here)).toEqual(once);
    expect(here.verify()).toEqual([]);
    expect(readFileSync(there.path).equals(before)).toBe(true);
  });

  it('into an empty one makes a copy; either way round both hold the same findings', () => {
    const a = lab('a.db', [1, 2], 0);
    const b = lab('b.db', [2, 3], 100);
    const copy = store('copy.db');
    mergeAll(copy, a);
    expect(contents(copy)).toEqual(contents(a));
    mergeAll(copy, b);
    mergeAll(b, a);
    const part = (db: Store) => {
      const { signatures, sightings, triage, changes } = contents(db) as Record<string, unknown>;
      return { signatures, sightings, triage, changes };
    };
    expect(part(b)).toEqual(part(copy));
  });

  it('lets the later decision stand, whichever came in first', () => {
    const a = lab('a.db', [1], 0);
    const b = lab('b.db', [1], 0);
    const { id } = witnessOf({ bug: 1, variant: 1 });
    a.triage(id, 'invalid', 'late', 'a', at(60));
    b.triage(id, 'fixed', '7.1', 'b', at(50));
    mergeAll(a, b);
    mergeAll(b, a);
    for (const db of [a, b]) expect(db.witnesses()[0]?.state).toBe('invalid');
  });

  it('leaves witnesses that do not replay, with what hangs on them', () => {
    const here = store('here.db');
    const there = lab('b.db', [3, 4], 0);
    const bad = witnessOf({ bug: 3, variant: 1 }).id;
    const result = here.merge(there.path, ({ id }) => id !== bad);
    expect(result).toMatchObject({ ok: true, merged: { witnesses: 1, refused: [bad], decisions: 1 } });
    expect(here.verify()).toEqual([]);
  });

  it('leaves alone a campaign that only has the same name, and takes the later state of the same one', () => {
    const a = store('a.db');
    const b = store('b.db');
    a.saveCheckpoint('night', checkpoint(1), at(1));
    b.saveCheckpoint('night', checkpoint(2), at(2));
    expect(mergeAll(a, b)).toMatchObject({ campaigns: 0, leftCampaigns: ['night'] });
    expect(a.campaign('night')?.execs).toBe(1);
    const c = store('c.db');
    mergeAll(c, a);
    a.saveCheckpoint('night', checkpoint(9), at(80));
    expect(mergeAll(c, a).campaigns).toBe(1);
    expect(c.campaign('night')?.execs).toBe(9);
  });

  it('reads a database of an older version without changing it', () => {
    const path = join(folder, 'old.db');
    const db = openFile(path, false, 1000);
    migrate(db, 2);
    db.close();
    const before = readFileSync(path);
    const here = lab('a.db', [1], 0);
    expect(here.merge(path, () => true)).toMatchObject({ ok: true });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses itself, other programs and files that are not there', () => {
    const here = lab('a.db', [1], 0);
    expect(here.merge(here.path, () => true)).toMatchObject({
      problem: { title: 'THIS IS THE DATABASE ITSELF' },
    });
    expect(here.merge(join(folder, 'none.db'), () => true)).toMatchObject({ ok: false });
    const db = openFile(join(folder, 'foreign.db'), false, 1000);
    db.exec('CREATE TABLE t (a)');
    db.close();
    expect(here.merge(join(folder, 'foreign.db'), () => true)).toMatchObject({ ok: false });
  });
});

describe('undup', () => {
  it('gives back the state from before', () => {
    const db = lab('a.db', [1, 2], 0);
    const [one, two] = [1, 2].map((bug) => witnessOf({ bug, variant: 1 }).id);
    expect(db.undup(one as string, null, 'me', at(50))).toMatchObject({ ok: false });
    db.triage(one as string, 'dup', two as string, 'me', at(51));
    expect(db.undup(one as string, 'other sites', 'me', at(52))).toMatchObject({
      ok: true,
      entry: { state: 'reported', note: 'undup: other sites', dupOf: null },
    });
    db.triage(two as string, 'fixed', '7.1-rc2 by the series', 'me', at(53));
    const log = db.triageLog(witnessOf({ bug: 2, variant: 1 }).signature);
    expect(log.at(-1)).toMatchObject({ state: 'fixed', fixedIn: '7.1-rc2' });
  });
});

describe('the file', () => {
  const found = spawnSync('sqlite3', ['--version'], { encoding: 'utf8' });
  it.skipIf(found.error !== undefined)('opens in sqlite3, views and all', () => {
    lab('a.db', [1, 2], 0).close();
    opened.splice(0);
    const sql = `SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name`;
    const views = spawnSync('sqlite3', ['-readonly', join(folder, 'a.db'), sql], { encoding: 'utf8' });
    expect(views.stderr).toBe('');
    const names = views.stdout.trim().split('\n');
    expect(names).toContain('signatures');
    for (const name of names) {
      const ran = spawnSync('sqlite3', ['-readonly', join(folder, 'a.db'), `SELECT * FROM ${name}`], {
        encoding: 'utf8',
      });
      expect(ran.stderr, name).toBe('');
    }
  });
});
