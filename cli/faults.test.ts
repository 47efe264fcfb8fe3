// Faults: imports that are killed, a torn write-ahead log, flipped bytes, a file that is cut (more: host-faults.test.ts).
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, MAIN } from './spawned.laws.js';

let bench: Bench;
beforeAll(() => {
  bench = new Bench();
});
afterAll(() => bench.remove());

const SAMPLE = 'x86_64-abba-splat.log';
/** Bytes that are flipped, each in a fresh copy; `npm run overnight` flips hundreds. */
const FLIPS = Number(process.env['RELOCK_FLIPS'] ?? 10);

/** Many small captures with different content: the sample with a line of its own in front. */
function manyLogs(count: number): string {
  const text = readFileSync(bench.sample(SAMPLE, 'one.log'), 'utf8');
  for (let i = 0; i < count; i++)
    bench.write(`many/${String(i).padStart(3, '0')}.log`, `[    0.0] boot ${i}\n${text}`);
  return bench.path('many');
}

/** Runs relock, kills it with SIGKILL after so many milliseconds, and resolves when it is gone. */
function killed(args: readonly string[], ms: number): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: bench.folder,
      env: bench.environment,
      stdio: 'ignore',
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.on('close', (_, signal) => {
      clearTimeout(timer);
      resolve(signal);
    });
  });
}

const rows = (db: string, sql: string): unknown[][] =>
  (JSON.parse(bench.relock(['query', sql, '--json', '--db', db]).stdout) as { rows: unknown[][] }).rows;

const sound = (db: string): void => {
  const { code, stdout } = bench.relock(['verify-db', '--json', '--db', db]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, defects: [] });
  expect(code).toBe(0);
};

describe('an import that is killed', () => {
  it('leaves whole captures or none, and goes on to the same end', async () => {
    const folder = manyLogs(60);
    let kills = 0;
    for (let round = 0; round < 8; round++) {
      if ((await killed(['import', folder, '--db', 'killed.db', '-q'], 130 + 35 * round)) === 'SIGKILL')
        kills++;
      // Killed before the first write: there is no database yet, or an empty file, and nothing to lose.
      if (!existsSync(bench.path('killed.db')) || statSync(bench.path('killed.db')).size === 0) continue;
      sound('killed.db');
      // Of each capture: its programs too, in the same transaction.
      const without = rows(
        'killed.db',
        'SELECT id FROM capture WHERE id NOT IN (SELECT capture FROM program_source)',
      );
      expect(without).toEqual([]);
    }
    expect(kills).toBeGreaterThan(0);
    expect(bench.relock(['import', folder, '--db', 'killed.db', '-q']).code).toBe(0);
    expect(bench.relock(['import', folder, '--db', 'whole.db', '-q']).code).toBe(0);
    const all = 'SELECT id FROM capture ORDER BY id';
    expect(rows('killed.db', all)).toEqual(rows('whole.db', all));
    expect(rows('whole.db', all)).toHaveLength(60);
    sound('killed.db');
  });
});

describe('a damaged database', () => {
  beforeAll(() => {
    bench.sample(SAMPLE, 'log');
    expect(bench.relock(['import', 'log', '--db', 'good.db', '-q']).code).toBe(0);
    expect(bench.relock(['fuzz', 'n', '--execs', '200', '--seed', '1', '--db', 'good.db', '-q']).code).toBe(
      1,
    );
    sound('good.db');
  });

  /** Every way in must end with an exit code of the contract, and never as a bug of ours. */
  function told(db: string): boolean {
    const verify = bench.relock(['verify-db', '--json', '--db', db]);
    expect([0, 2]).toContain(verify.code);
    for (const args of [['ls'], ['status'], ['predict'], ['show', 'newest']]) {
      const ran = bench.relock([...args, '--db', db]);
      expect([0, 1, 2, 4], `${args}: ${ran.stderr}`).toContain(ran.code);
      expect(ran.stderr, args.join()).not.toMatch(/this is a bug in relock/i);
    }
    return verify.code === 2;
  }

  it('flipped bytes are found or harmless, and are never a crash', {
    timeout: 120_000 + 20_000 * FLIPS,
  }, () => {
    const good = readFileSync(bench.path('good.db'));
    let x = 20_261_125;
    const next = (n: number): number => {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      return (x >>> 0) % n;
    };
    let found = 0;
    for (let i = 0; i < FLIPS; i++) {
      const bytes = Buffer.from(good);
      // Most of a small database is zeros of empty pages: where there is something, there is something to lose.
      let at = next(bytes.length);
      while (bytes[at] === 0) at = next(bytes.length);
      bytes[at]! ^= 1 << next(8);
      writeFileSync(bench.path('flipped.db'), bytes);
      for (const end of ['-wal', '-shm']) rmSync(bench.path(`flipped.db${end}`), { force: true });
      if (told('flipped.db')) found++;
    }
    expect(found).toBeGreaterThan(2);
  });

  it('a file that is cut short', () => {
    copyFileSync(bench.path('good.db'), bench.path('short.db'));
    truncateSync(bench.path('short.db'), Math.floor(readFileSync(bench.path('good.db')).length / 2));
    expect(told('short.db')).toBe(true);
  });

  it('a torn write-ahead log costs what was not committed, and no more', () => {
    copyFileSync(bench.path('good.db'), bench.path('torn.db'));
    const before = rows('torn.db', 'SELECT count(*) FROM witness');
    // A log whose header is that of another file, then half a frame of nonsense.
    appendFileSync(bench.path('torn.db-wal'), Buffer.alloc(5000, 0x5a));
    expect(told('torn.db')).toBe(false);
    expect(rows('torn.db', 'SELECT count(*) FROM witness')).toEqual(before);
  });
});
