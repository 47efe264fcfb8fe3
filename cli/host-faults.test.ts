// Faults of the host: kills at each write of a migration, a merge and an import, clocks that jump, full and read-only disks.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE_VERSION, migrate } from '../corpus/store/migrations.js';
import { openStore } from '../corpus/store/open.js';
import { openFile } from '../corpus/store/sqlite.js';
import type { Store } from '../corpus/store/store.js';
import { Bench, MAIN, type Ran } from './spawned.laws.js';

const ROOT = join(import.meta.dirname, '..');
const SAMPLE = 'x86_64-abba-splat.log';

/** Loaded before relock: ends the process with SIGKILL in front of the n-th write to a database. */
const KILL_AT = `import { createRequire } from 'node:module';
const Database = createRequire(${JSON.stringify(join(ROOT, 'package.json'))})('better-sqlite3');
const at = Number(process.env.KILL_AT);
let writes = 0;
function count(object, name) {
  const plain = object[name];
  object[name] = function (...args) {
    if (++writes === at) process.kill(process.pid, 'SIGKILL');
    return plain.apply(this, args);
  };
}
const scratch = new Database(':memory:');
count(Object.getPrototypeOf(scratch.prepare('SELECT 1')), 'run');
count(Database.prototype, 'exec');
`;

/** Loaded before relock: a clock that stands CLOCK seconds off, and jumps by days at each look if it is asked to. */
const CLOCK = `const Real = Date;
const off = 1000 * Number(process.env.CLOCK);
let looks = 0;
const jump = () => (process.env.JUMPS === '1' ? ((looks++ * 5) % 7 - 3) * 86_400_000 : 0);
const now = () => Real.now() + off + jump();
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
`;

let bench: Bench;
beforeAll(() => {
  bench = new Bench();
  bench.write('kill-at.mjs', KILL_AT);
  bench.write('clock.mjs', CLOCK);
  const text = readFileSync(bench.sample(SAMPLE, 'one.log'), 'utf8');
  for (let i = 0; i < 4; i++) bench.write(`many/${i}.log`, `[    0.0] boot ${i}\n${text}`);
  expect(bench.relock(['import', 'many', '--db', 'whole.db', '-q']).code).toBe(0);
  expect(bench.relock(['fuzz', 'n', '--execs', '200', '--seed', '1', '--db', 'whole.db', '-q']).code).toBe(1);
  // In one file, to be copied: closed databases have no write-ahead log.
  sound('whole.db');
});
afterAll(() => bench.remove());

/** Runs relock with a module loaded first. */
function under(module: string, environment: Record<string, string>, args: readonly string[]) {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', bench.path(module), MAIN, ...args],
    { cwd: bench.folder, env: { ...bench.environment, ...environment }, encoding: 'utf8' },
  );
  return { code: status, signal, stdout, stderr };
}

function opened(db: string): Store {
  const result = openStore(bench.path(db), { mode: 'read' });
  if (!result.ok) throw new Error(result.problem.title);
  return result.store;
}

/** In this process: what relock verify-db looks for. */
function sound(db: string): void {
  const store = opened(db);
  expect(store.verify()).toEqual([]);
  store.close();
}

function rows(db: string, sql: string): readonly (readonly unknown[])[] {
  const store = opened(db);
  const result = store.queryReadOnly(sql, {}, { maxRows: 10_000 });
  store.close();
  if (!result.ok) throw new Error(result.problem.title);
  return result.rows;
}

/** All findings, in an order that says nothing about who came first. */
const findings = (db: string): unknown => ({
  captures: rows(db, 'SELECT id FROM captures ORDER BY id'),
  programs: rows(db, 'SELECT program, capture, episode FROM program_source ORDER BY 1, 2, 3'),
  witnesses: rows(db, 'SELECT id FROM witness ORDER BY id'),
  sightings: rows(db, 'SELECT signature, witness, capture FROM sighting ORDER BY 1, 2, 3'),
});

function remove(db: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(bench.path(`${db}${end}`), { force: true });
}

/** Kills a command in front of its first write, its second and so on, each time on a fresh copy; returns how often it was killed. */
function killAtEachWrite(
  base: string | null,
  args: readonly string[],
  step: (at: number) => number,
  after: (db: string) => void,
): number {
  for (let at = 1, kills = 0; ; at = step(at)) {
    remove('killed.db');
    if (base !== null) copyFileSync(bench.path(base), bench.path('killed.db'));
    const { signal, stderr } = under('kill-at.mjs', { KILL_AT: String(at) }, [
      ...args,
      '--db',
      'killed.db',
      '-q',
    ]);
    if (signal === null) {
      expect(stderr).not.toMatch(/this is a bug in relock/i);
      after('killed.db');
      return kills;
    }
    expect(signal).toBe('SIGKILL');
    kills++;
    if (base !== null) sound('killed.db');
    expect([0, 1]).toContain(bench.relock([...args, '--db', 'killed.db', '-q']).code);
    after('killed.db');
  }
}

describe('a process that is killed in front of a write', () => {
  it('of a migration: the old version or the new one, with everything in it', () => {
    // A database of the first version with all that its tables can hold.
    const old = openFile(bench.path('old.db'), false, 1000);
    migrate(old, 1);
    old.pragma('foreign_keys = OFF');
    old.exec(`ATTACH '${bench.path('whole.db')}' AS new`);
    const tables = old
      .prepare(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search\\_%' ESCAPE '\\'",
      )
      .pluck()
      .all() as string[];
    for (const table of tables) {
      const columns = (old.pragma(`main.table_info(${table})`) as { name: string }[]).map(({ name }) => name);
      const all = table === 'search' ? ['rowid', ...columns] : columns;
      old.exec(`INSERT INTO main.${table} (${all}) SELECT ${all} FROM new.${table}`);
    }
    old.close();
    const whole = findings('whole.db');
    const kills = killAtEachWrite(
      'old.db',
      ['import', 'one.log'],
      (at) => (at < 2 * DATABASE_VERSION ? at + 1 : at * 3),
      (db) => {
        const { captures, ...rest } = findings(db) as Record<string, unknown[]>;
        const { captures: before, ...others } = whole as Record<string, unknown[]>;
        expect(captures).toEqual(expect.arrayContaining(before!));
        expect(rest['witnesses']).toEqual(others['witnesses']);
        expect(rows(db, 'SELECT count(*) FROM capture')).toEqual([[before!.length + 1]]);
      },
    );
    expect(kills).toBeGreaterThan(DATABASE_VERSION);
  });

  it('of a merge: nothing or all of it, and the second try completes it', () => {
    const whole = findings('whole.db');
    expect(bench.relock(['import', 'many/0.log', '--db', 'part.db', '-q']).code).toBe(0);
    sound('part.db');
    const kills = killAtEachWrite(
      'part.db',
      ['import', 'whole.db'],
      (at) => Math.ceil(at * 2.3),
      (db) => {
        sound(db);
        expect(findings(db)).toEqual(whole);
      },
    );
    expect(kills).toBeGreaterThan(3);
  });

  it('of an import into nothing: the second try completes it', () => {
    const captures = (findings('whole.db') as Record<string, unknown>)['captures'];
    const kills = killAtEachWrite(
      null,
      ['import', 'many'],
      (at) => Math.ceil(at * 2.3),
      (db) => {
        sound(db);
        expect((findings(db) as Record<string, unknown>)['captures']).toEqual(captures);
      },
    );
    expect(kills).toBeGreaterThan(3);
  });
});

describe('a clock', () => {
  const YEAR = 31_557_600;
  it('that stands wrong, goes back between commands, or jumps within one changes no finding', () => {
    const run = (environment: Record<string, string>, args: readonly string[]): Ran =>
      under('clock.mjs', environment, [...args, '--db', 'clock.db', '-q']);
    expect(run({ CLOCK: String(20 * YEAR) }, ['import', 'many']).code).toBe(0);
    // The same campaign in three pieces, each under another clock: behind the last one, then jumping by days.
    const fuzz = ['fuzz', 'n', '--seed', '1', '--execs'];
    expect(run({ CLOCK: String(-30 * YEAR) }, [...fuzz, '70']).code).toBeLessThan(2);
    expect(run({ CLOCK: '0', JUMPS: '1' }, [...fuzz, '60']).code).toBeLessThan(2);
    expect(run({ CLOCK: String(-1 * YEAR) }, [...fuzz, '70']).code).toBeLessThan(2);
    sound('clock.db');
    const witnesses = rows('clock.db', 'SELECT id FROM witness ORDER BY id');
    expect(witnesses).toEqual(rows('whole.db', 'SELECT id FROM witness ORDER BY id'));
    expect(rows('clock.db', 'SELECT sum(execs) FROM campaign')).toEqual(
      rows('whole.db', 'SELECT sum(execs) FROM campaign'),
    );
    // Decisions stand in the order in which they were made, whatever the clock said.
    const [[id]] = witnesses as [[string]];
    expect(run({ CLOCK: String(YEAR) }, ['triage', id, 'fixed']).code).toBe(0);
    expect(run({ CLOCK: String(-9 * YEAR) }, ['triage', id, 'reported']).code).toBe(0);
    for (const args of [['ls'], ['status'], ['show', id]])
      expect(run({ CLOCK: String(-9 * YEAR), JUMPS: '1' }, args).stderr).not.toMatch(/bug in relock/i);
    sound('clock.db');
  });
});

const canMount = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;
if (!canMount)
  process.stderr.write('host-faults: no file system can be mounted here, its tests are skipped\n');

describe('a disk', () => {
  it.skipIf(!canMount)(
    'that is full while a capture is stored: told by name, and what was there is there',
    () => {
      bench.write('disk/keep', '');
      const full = bench.shell(
        `unshare -m bash -c 'mount -t tmpfs -o size=512k none disk && cp whole.db disk/d.db && head -c 200000 /dev/zero > disk/fill;
         for i in 1 2 3 4 5 6 7 8; do (echo "[    0.0] another $i"; cat one.log) > new.log; relock import new.log --db disk/d.db -q || { code=$?; break; }; done;
         rm disk/fill; cp disk/d.db* . ; exit $code'`,
      );
      expect(full.code, full.stderr).toBe(2);
      expect(full.stderr).toMatch(/full|space/i);
      expect(full.stderr).not.toMatch(/this is a bug in relock/i);
      sound('d.db');
      expect(rows('d.db', 'SELECT id FROM witness ORDER BY id')).toEqual(
        rows('whole.db', 'SELECT id FROM witness ORDER BY id'),
      );
    },
  );

  it.skipIf(!canMount)('that is read-only: reading goes on, writing is refused by name', () => {
    const ran = bench.shell(
      `unshare -m bash -c 'mount -t tmpfs -o size=4m none disk && cp whole.db disk/d.db && mount -o remount,ro disk;
         relock ls --db disk/d.db -q > read.txt; echo $? >> read.txt; relock import one.log --db disk/d.db -q'`,
    );
    expect(ran.code, ran.stderr).toBe(2);
    expect(ran.stderr).toMatch(/read-only|cannot be written|write/i);
    expect(ran.stderr).not.toMatch(/this is a bug in relock/i);
    expect(readFileSync(bench.path('read.txt'), 'utf8').trim().split('\n').at(-1)).toMatch(/^[01]$/);
  });
});
