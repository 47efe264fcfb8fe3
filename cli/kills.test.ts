// Kill tests: a campaign that is killed with SIGKILL at random moments comes to the same state as one left in peace.
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../corpus/store/open.js';
import { outcomeOf, storeTangles, TANGLED } from './campaign-ends.laws.js';
import { Bench, MAIN } from './spawned.laws.js';

/** RELOCK_KILLS=50 npm run kill-tests; RELOCK_SEED draws other moments. */
const KILLS = Number(process.env['RELOCK_KILLS'] ?? 5);
const SEED = Number(process.env['RELOCK_SEED'] ?? 1) || Date.now();
const EXECS = 2400;

const bench = new Bench();
beforeAll(() => storeTangles(bench, 'imported.db'));
afterAll(() => bench.remove());

/** Milliseconds after which the next one is killed: mulberry32. */
function moments(seed: number): () => number {
  let x = seed >>> 0;
  return () => {
    x = (x + 0x6d2b79f5) >>> 0;
    let t = Math.imul(x ^ (x >>> 15), 1 | x);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function fuzz(db: string, left: number, jobs: number): readonly string[] {
  const options = [
    '--execs',
    String(left),
    '-j',
    String(jobs),
    '--states',
    '5000',
    '--checkpoint',
    '0.1s',
    '-q',
  ];
  return ['fuzz', 'night', ...options, '--db', db];
}

/** Runs it; SIGKILL after so many milliseconds. Resolves with its exit code, or null if it was killed. */
function killedAfter(ms: number, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: bench.folder,
      env: bench.environment,
      stdio: 'ignore',
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

function execsOf(db: string): number {
  const opened = openStore(bench.path(db), { mode: 'read' });
  if (!opened.ok) throw new Error(opened.problem.title);
  const saved = opened.store.campaign('night')?.execs ?? 0;
  opened.store.close();
  return saved;
}

describe('a campaign that is killed again and again', () => {
  it(`comes to the same state as one left in peace (${KILLS} kills, seed ${SEED})`, async () => {
    copyFileSync(bench.path('imported.db'), bench.path('peace.db'));
    copyFileSync(bench.path('imported.db'), bench.path('killed.db'));
    const began = performance.now();
    expect(bench.relock(fuzz('peace.db', EXECS, 1)).code).toBe(1);
    const whole = performance.now() - began;
    const peace = outcomeOf(bench.path('peace.db'), 'night');
    expect(peace.signatures.length).toBeGreaterThanOrEqual(TANGLED);

    const random = moments(SEED);
    let kills = 0;
    let resumed = 0;
    for (let round = 0; kills < KILLS; round++) {
      const saved = execsOf('killed.db');
      if (saved > 0) resumed++;
      // It is through: another one is begun, so that all kills meet a campaign at work.
      if (saved >= EXECS) copyFileSync(bench.path('imported.db'), bench.path('killed.db'));
      const left = EXECS - (saved >= EXECS ? 0 : saved);
      const code = await killedAfter(random() * whole * 0.7, fuzz('killed.db', left, 1 + (round % 2)));
      expect([null, 0, 1]).toContain(code);
      if (code === null) kills++;
      else expect(outcomeOf(bench.path('killed.db'), 'night')).toEqual(peace);
      expect(bench.relock(['verify-db', '--db', 'killed.db'])).toMatchObject({ code: 0 });
    }
    expect(resumed).toBeGreaterThan(0);
    const left = EXECS - execsOf('killed.db');
    if (left > 0) expect([0, 1]).toContain(bench.relock(fuzz('killed.db', left, 2)).code);
    expect(outcomeOf(bench.path('killed.db'), 'night')).toEqual(peace);
    expect(bench.relock(['verify-db', '--db', 'killed.db'])).toMatchObject({ code: 0 });
  }, 1_800_000);
});
