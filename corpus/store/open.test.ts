// Opening: every way a file can be unfit is told with title, facts and next, and never changes the file.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCapture } from '../pack/pack.js';
import type { Problem } from '../schema/forms.js';
import { at, captureNo, witnessOf } from './fixtures.laws.js';

import { DATABASE_VERSION, migrate } from './migrations.js';

import { openStore } from './open.js';
import { openFile, openImage } from './sqlite.js';
import type { OpenOptions, Store } from './store.js';
import { StoreTrouble } from './store.js';
import { verify } from './verify.js';

let folder: string;
const path = () => join(folder, 'relock.db');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relock-open-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(options: OpenOptions): Store {
  const opened = openStore(path(), options);
  if (!opened.ok) throw new Error(JSON.stringify(opened.problem));
  return opened.store;
}
function problem(options: OpenOptions, file = path()): Problem {
  const opened = openStore(file, options);
  if (!opened.ok) return opened.problem;
  opened.store.close();
  throw new Error(`${file} was opened`);
}
/** A database with something in it, closed. */
function filled(): void {
  const store = open({ mode: 'write' });
  store.addCapture(captureNo(1), encodeCapture(captureNo(1)), at(1));
  store.putWitness(witnessOf({ bug: 1, variant: 1 }), { campaign: null, at: at(1) });
  store.close();
}
function pragma(text: string): void {
  const db = openFile(path(), false, 1000);
  db.pragma(text);
  db.close();
}

describe('openStore', () => {
  it('makes a database to write, in WAL mode, and keeps what is put in', () => {
    filled();
    const store = open({ mode: 'read' });
    expect(store.captures()).toHaveLength(1);
    expect(store.witnesses()).toHaveLength(1);
    const asked = store.queryReadOnly(
      'SELECT * FROM pragma_journal_mode, pragma_application_id, pragma_user_version',
      [],
      { maxRows: 1 },
    );
    expect(asked).toMatchObject({ ok: true, rows: [['wal', 0x524c4b31, DATABASE_VERSION]] });
    store.close();
  });

  it('says so when there is nothing to read, and makes nothing', () => {
    expect(problem({ mode: 'read' })).toMatchObject({
      title: 'NO DATABASE',
      about: path(),
      next: 'relock import FILE',
    });
    expect(statSync(path(), { throwIfNoEntry: false })).toBeUndefined();
    writeFileSync(path(), '');
    expect(problem({ mode: 'read' }).title).toBe('NO DATABASE');
    open({ mode: 'write' }).close();
  });

  it('refuses a directory, and a place in no directory', () => {
    mkdirSync(path());
    for (const mode of ['read', 'write'] as const) expect(problem({ mode }).title).toMatch(/^NOT A DATABASE/);
    const nowhere = join(folder, 'no', 'relock.db');
    expect(problem({ mode: 'write' }, nowhere).title).toMatch(/^NO DIRECTORY/);
    expect(problem({ mode: 'read' }, nowhere).title).toMatch(/^NO DATABASE/);
  });

  it('refuses a file that is no database, and leaves it alone', () => {
    const text = 'a log, not a database\n'.repeat(100);
    writeFileSync(path(), text);
    for (const mode of ['read', 'write'] as const) expect(problem({ mode }).title).toMatch(/^NOT A DATABASE/);
    expect(readFileSync(path(), 'utf8')).toBe(text);
  });

  it('refuses the database of another program', () => {
    const db = openFile(path(), false, 1000);
    db.exec('CREATE TABLE bookmarks (url TEXT)');
    db.close();
    const before = readFileSync(path());
    for (const mode of ['read', 'write'] as const)
      expect(problem({ mode }).title).toMatch(/^NOT A RELOCK DATABASE/);
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it('refuses a newer version', () => {
    filled();
    pragma(`user_version = ${DATABASE_VERSION + 1}`);
    for (const mode of ['read', 'write'] as const) {
      const refused = problem({ mode });
      expect(refused.title).toMatch(/^DATABASE IS OF A NEWER VERSION/);
      expect(refused.facts.join(' ')).toContain(String(DATABASE_VERSION + 1));
    }
  });

  it('brings an older version up to date, to write and to read', () => {
    for (const mode of ['read', 'write'] as const) {
      for (let version = 1; version < DATABASE_VERSION; version++) {
        const db = openFile(path(), false, 1000);
        migrate(db, version);
        db.close();
        const store = open({ mode });
        expect(store.witnesses()).toEqual([]);
        expect(store.verify()).toEqual([]);
        store.close();
        rmSync(path());
      }
    }
  });

  it('says that the database is busy, after the timeout', () => {
    filled();
    const other = openFile(path(), false, 1000);
    other.exec('BEGIN IMMEDIATE');
    const store = open({ mode: 'write', busyTimeoutMs: 20 });
    let told: unknown;
    try {
      store.saveCheckpoint(
        'x',
        {
          seed: 1,
          execs: 0,
          steps: 0,
          seconds: 0,
          features: 0,
          seeds: 0,
          newSignatures: 0,
          model: 'kernel/2',
          state: new Uint8Array(0),
        },
        at(1),
      );
    } catch (error) {
      told = error;
    }
    expect(told).toBeInstanceOf(StoreTrouble);
    expect((told as StoreTrouble).problem.title).toMatch(/^DATABASE IS BUSY/);
    // Readers go on meanwhile.
    expect(store.captures()).toHaveLength(1);
    other.exec('ROLLBACK');
    other.close();
    store.close();
  });

  it('names damage: by problem at opening or by defect of verify, never by a wrong answer', () => {
    filled();
    const whole = readFileSync(path());
    const pageSize = whole.readUInt16BE(16);
    const clean = open({ mode: 'read' });
    const witnesses = JSON.stringify(clean.witnesses());
    clean.close();
    let found = 0;
    for (let start = 0; start < whole.length; start += pageSize) {
      const bytes = Buffer.from(whole);
      bytes.fill(0xa5, start + 8, start + pageSize);
      writeFileSync(path(), bytes);
      const opened = openStore(path(), { mode: 'read' });
      if (!opened.ok) {
        found++;
        expect(opened.problem.next).not.toBe('');
        continue;
      }
      try {
        if (opened.store.verify().length > 0) found++;
        else expect(JSON.stringify(opened.store.witnesses())).toBe(witnesses);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreTrouble);
        found++;
      } finally {
        opened.store.close();
      }
    }
    expect(found).toBeGreaterThan(whole.length / pageSize / 2);
  });

  it('cannot write to a database that it reads', () => {
    filled();
    const store = open({ mode: 'read' });
    expect(() => store.addCapture(captureNo(2), encodeCapture(captureNo(2)), at(1))).toThrow(StoreTrouble);
    expect(store.captures()).toHaveLength(1);
    store.close();
  });

  it('reads an image where SQLite cannot make its side files', () => {
    filled();
    const db = openImage(readFileSync(path()));
    expect(verify(db)).toEqual([]);
    expect(db.prepare('SELECT count(*) FROM witnesses').pluck().get()).toBe(1);
    expect(() => db.exec('DELETE FROM skip')).toThrow(/readonly/);
    db.close();
  });

  it.skipIf(process.getuid?.() === 0)(
    'reads from a folder that cannot be written, and says why it cannot write there',
    async () => {
      const { chmodSync } = await import('node:fs');
      filled();
      chmodSync(path(), 0o444);
      chmodSync(folder, 0o555);
      try {
        const store = open({ mode: 'read' });
        expect(store.captures()).toHaveLength(1);
        expect(store.queryReadOnly('SELECT count(*) FROM captures', [], { maxRows: 1 })).toMatchObject({
          rows: [[1]],
        });
        store.close();
        expect(problem({ mode: 'write' }).title).toMatch(/CANNOT BE/);
      } finally {
        chmodSync(folder, 0o755);
      }
    },
  );
});
