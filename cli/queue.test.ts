// Campaigns over a real queue: workers that die or sleep, a coordinator that dies, other versions, forged results.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce } from '../engine/campaign/queue-server.js';
import { outcomeOf, storeTangles, TANGLED } from './campaign-ends.laws.js';
import { json } from './json-forms.laws.js';
import { ownDialect } from './queue-options.js';
import { Bench, MAIN } from './spawned.laws.js';

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) console.warn('SKIPPED: campaigns over a queue (apt-get install redis-server)');

const EXECS = 1600;
const bench = new Bench();
const children: ChildProcess[] = [];
let url = '';
let redis: Redis;

beforeAll(() => storeTangles(bench, 'imported.db'));
afterAll(() => bench.remove());

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

interface Running {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

function start(args: readonly string[], command = process.execPath, first = [MAIN]): Running {
  const child = spawn(command, [...first, ...args], { cwd: bench.folder, env: bench.environment });
  children.push(child);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdout.on('data', () => {});
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, said: () => said, ended };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`never: ${what}`);
}

const worker = async (...more: string[]): Promise<Running> => {
  const one = start(['worker', '--queue', url, ...more]);
  await until('a worker is ready', () => one.said().includes('waiting for jobs'));
  return one;
};
const fuzzing = (db: string, execs: number, ...more: string[]): string[] => [
  ...['fuzz', 'night', '--execs', String(execs), '--states', '5000', '--checkpoint', '0.1s'],
  ...['--db', db, ...more],
];
const savedIn = (db: string): number => {
  const { campaigns } = json(bench.relock(['status', '--json', '--db', db]).stdout) as {
    campaigns: { execs: number }[];
  };
  return campaigns[0]?.execs ?? 0;
};

describe.skipIf(!installed)('a campaign over a queue', () => {
  beforeAll(async () => {
    const port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', 'secret'];
    start(options, 'redis-server', []);
    process.env['RELOCK_QUEUE_PASSWORD'] = 'secret';
    redis = new Redis(url, { password: 'secret', maxRetriesPerRequest: null });
    redis.on('error', () => {});
    await redis.ping();
  });
  afterAll(async () => {
    redis?.disconnect();
    delete process.env['RELOCK_QUEUE_PASSWORD'];
    for (const child of children) child.kill('SIGKILL');
  });

  it('comes to the state of -j 1, with a worker killed, one asleep, and the coordinator killed', async () => {
    for (const db of ['peace.db', 'queue.db']) copyFileSync(bench.path('imported.db'), bench.path(db));
    expect(bench.relock(fuzzing('peace.db', EXECS)).code).toBe(1);
    const peace = outcomeOf(bench.path('peace.db'), 'night');
    expect(peace.signatures.length).toBeGreaterThanOrEqual(TANGLED);

    const [sleeper, victim] = [await worker(), await worker()];
    await worker('-j', '2');
    const active = async (): Promise<number> => {
      const [key] = await redis.keys('relock:jobs-*:active');
      return key === undefined ? 0 : redis.llen(key);
    };
    const first = start([...fuzzing('queue.db', EXECS), '--queue', url]);
    await until('jobs are being done', async () => (await active()) > 0);
    sleeper.child.kill('SIGSTOP');
    victim.child.kill('SIGKILL');
    await until('something is saved', () => savedIn('queue.db') > 0);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(bench.relock(['verify-db', '--db', 'queue.db'])).toMatchObject({ code: 0 });
    const left = EXECS - savedIn('queue.db');
    if (left > 0) {
      const second = start([...fuzzing('queue.db', left), '--queue', url]);
      await sleep(500);
      sleeper.child.kill('SIGCONT');
      expect([0, 1], second.said()).toContain(await second.ended);
    }
    expect(outcomeOf(bench.path('queue.db'), 'night')).toEqual(peace);
    expect(bench.relock(['verify-db', '--db', 'queue.db'])).toMatchObject({ code: 0 });

    // What is left on the server is what BullMQ keeps of an empty queue, and who was there.
    await until('the queue is empty', async () => (await active()) === 0);
    // Results for the coordinator that died are gone by themselves.
    for (const key of await redis.keys('relock:replies:*')) expect(await redis.ttl(key)).toBeGreaterThan(0);
    expect(await redis.zcard('relock:open')).toBeLessThanOrEqual(1);
    expect((await redis.keys('relock:jobs-*:wait')).concat(await redis.keys('relock:jobs-*:failed'))).toEqual(
      [],
    );
  }, 120_000);

  it('gives what was lost on the way again', async () => {
    copyFileSync(bench.path('imported.db'), bench.path('lost.db'));
    const run = start([...fuzzing('lost.db', EXECS), '--queue', url]);
    const waits = async (): Promise<boolean> => (await redis.keys('relock:jobs-*:active')).length > 0;
    await until('jobs are out', waits);
    // A server that was started anew, without what it held.
    await redis.flushall();
    expect([0, 1], run.said()).toContain(await run.ended);
    expect(outcomeOf(bench.path('lost.db'), 'night')).toEqual(outcomeOf(bench.path('peace.db'), 'night'));
  }, 120_000);

  it('ends a worker that is told to stop, with 0', async () => {
    const one = await worker('--for', '0.5s', '--json');
    expect(await one.ended).toBe(0);
  });

  it('is refused to a worker of another version', async () => {
    await redis.flushall();
    const other = { ...ownDialect(), model: 'kernel/0' };
    await announce(redis, 'coordinator', { token: 'x', dialect: other, host: 'lab', pid: 1, slots: 0 });
    const one = start(['worker', '--queue', url]);
    expect(await one.ended).toBe(2);
    expect(one.said()).toMatch(/DOES NOT FIT[\s\S]*model kernel\/0 there/);
    await redis.flushall();
  });
});

describe('without a queue', () => {
  it('says so, and never shows a password', () => {
    const address = 'redis://me:secret@127.0.0.1:1';
    for (const args of [
      ['worker', '--queue', address],
      ['fuzz', '--queue', address, '--db', 'imported.db'],
    ]) {
      const { code, stderr } = bench.relock(args);
      expect(code).toBe(2);
      expect(stderr).toContain('I CANNOT REACH THE QUEUE');
      expect(stderr).not.toContain('secret');
    }
    expect(bench.relock(['worker', '--queue', 'http://lab']).stderr).toContain('redis://HOST:PORT');
    expect(bench.relock(['worker']).code).toBe(2);
  });
});
