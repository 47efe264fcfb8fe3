// Nights: ends by --until-quiet, captures that come while a campaign rests or runs, known bugs that come back, examples/.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oddLitmus } from './campaign-ends.laws.js';
import { json, witnesses } from './json-forms.laws.js';
import { Bench, MAIN } from './spawned.laws.js';

const bench = new Bench();
const ABBA = 'x86_64-abba-splat.log';
const HUNG = 'x86_64-sriov-numvfs-vs-remove-hung.log';
const EXAMPLES = new URL('../examples/', import.meta.url);

beforeAll(() => {
  const text = readFileSync(bench.sample(ABBA), 'utf8');
  bench.write('next-boot.log', `[    0.0] the boot after the cure\n${text}`);
  bench.sample(HUNG, 'dmesg.txt');
  bench.write('odd.litmus', oddLitmus());
  bench.write('wide.litmus', wideLitmus());
});
afterAll(() => bench.remove());

/** More states than `--states` will allow, and soon no feature that was not met. */
function wideLitmus(): string {
  const task = (name: string, locks: string) => [
    `task ${name}`,
    ...[...locks].map((id) => `  lock ${id}`),
    ...[...locks].reverse().map((id) => `  unlock ${id}`),
  ];
  return [
    'litmus 1 wide',
    ...[...'PQR'].map((id) => `lock ${id} mutex`),
    ...['PQ', 'QR', 'PR', 'RQ'].flatMap((locks, i) => task(`t${i}`, locks)),
    '',
  ].join('\n');
}

describe('--until-quiet', () => {
  it('ends a campaign that meets nothing new, and says so', () => {
    expect(bench.relock(['import', 'wide.litmus', '--db', 'quiet.db']).code).toBe(0);
    const { code, stderr } = bench.relock([
      'fuzz',
      'night',
      '--until-quiet',
      '1s',
      '--states',
      '5',
      '--db',
      'quiet.db',
    ]);
    expect([0, 1], stderr).toContain(code);
    expect(stderr).toContain('--until-quiet says');
    const { campaigns } = json(bench.relock(['status', '--json', '--db', 'quiet.db']).stdout) as {
      campaigns: { seconds: number; features: number }[];
    };
    expect(campaigns[0]?.seconds).toBeGreaterThan(1);
    expect(campaigns[0]?.features).toBeGreaterThan(0);
  });
});

describe('captures that are imported', () => {
  const ids = (db: string): string[] =>
    witnesses(bench.relock(['ls', '--json', '--db', db]).stdout).map(({ id }) => id);

  it('while a campaign rests are taken up when it goes on; what it knew stays', () => {
    const db = ['--db', 'rests.db'];
    const fuzz = ['fuzz', 'night', '--execs', '200', '--states', '2000', ...db];
    expect(bench.relock(['import', 'odd.litmus', ABBA, ...db]).code).toBe(0);
    expect(bench.relock(fuzz).code).toBe(1);
    const before = ids('rests.db');
    expect(bench.relock(['import', 'dmesg.txt', ...db]).code).toBe(0);
    const second = bench.relock(fuzz);
    expect(second.code, second.stderr).toBe(1);
    expect(second.stderr).toMatch(/programs? came with\s+new captures/);
    const after = ids('rests.db');
    expect(after.length).toBeGreaterThan(before.length);
    for (const id of before) expect(after).toContain(id);
    expect(bench.relock(['verify-db', ...db])).toMatchObject({ code: 0 });
  });

  /** A campaign that runs in the background until `stop`, which gives its exit code and what it said. */
  function campaignOf(...args: string[]): { stop(): Promise<{ code: number | null; said: string }> } {
    const child = spawn(process.execPath, [MAIN, 'fuzz', ...args, '--for', '60s', '--checkpoint', '0.2s'], {
      cwd: bench.folder,
      env: bench.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return {
      stop: async () => {
        child.kill('SIGINT');
        return { code: await ended, said };
      },
    };
  }
  const cyclesIn = (db: readonly string[]): string[] =>
    witnesses(bench.relock(['ls', '--json', ...db]).stdout).map(({ cycle }) => cycle.join());

  it('while it runs are taken up at a checkpoint', async () => {
    const db = ['--db', 'runs.db'];
    expect(bench.relock(['import', 'odd.litmus', ...db]).code).toBe(0);
    const campaign = campaignOf('night', '--states', '2000', ...db);
    await sleep(1500);
    expect(bench.relock(['import', ABBA, ...db]).code).toBe(0);
    const cycles = (): string[] => cyclesIn(db);
    for (let i = 0; i < 100 && !cycles().some((cycle) => cycle.includes('lf_a')); i++) await sleep(200);
    const { code, said } = await campaign.stop();
    expect(code, said).toBe(130);
    expect(cycles().some((cycle) => cycle.includes('lf_a'))).toBe(true);
    expect(said).toContain('new captures');
  });

  it('while one across captures runs are taken up only for what they do with others', async () => {
    const db = ['--db', 'across.db'];
    const halves = ['x86_64-pci-remove-only.ftrace.txt', 's390x-pci-unbind-only.ftrace.txt'];
    for (const half of halves) bench.sample(half);
    expect(bench.relock(['import', ...halves, ...db]).code).toBe(0);
    const campaign = campaignOf('--across', '--states', '1', ...db);
    await sleep(1500);
    expect(bench.relock(['import', ABBA, ...db]).code).toBe(0);
    await sleep(2500);
    const { code, said } = await campaign.stop();
    expect(code, said).toBe(130);
    expect(new Set(cyclesIn(db))).toEqual(new Set(['&dev->mutex,pci_rescan_remove_lock']));
  });
});

describe('--replay-known', () => {
  const db = ['--db', 'known.db'];
  const night = () => bench.relock(['fuzz', 'night', '--execs', '50', '--replay-known', ...db]);

  it('tells that a fixed bug came back with a new capture, and only then', () => {
    expect(bench.relock(['import', ABBA, ...db]).code).toBe(0);
    expect(bench.relock(['fuzz', 'night', '--execs', '50', ...db]).code).toBe(1);
    expect(bench.relock(['triage', 'newest', 'fixed', '7.1-rc2', ...db]).code).toBe(0);

    const quiet = night();
    expect(quiet.code, quiet.stderr).toBe(0);
    expect(quiet.stderr).toMatch(/known: 1 signature, 1 replay by kernel\/\d+; 0 regressed/);

    expect(bench.relock(['import', 'next-boot.log', ...db]).code).toBe(0);
    const back = night();
    expect(back.code, back.stderr).toBe(1);
    expect(back.stderr).toMatch(/REGRESSED [0-9a-f]{7}: lf_a -> lf_b|REGRESSED [0-9a-f]{7}: lf_b -> lf_a/);
    expect(witnesses(bench.relock(['ls', '--state', 'regressed', '--json', ...db]).stdout)).toHaveLength(1);
    expect(bench.relock(['verify-db', ...db])).toMatchObject({ code: 0 });
  });
});

describe('examples/', () => {
  const files = readdirSync(EXAMPLES);
  const text = (file: string): string => readFileSync(new URL(file, EXAMPLES), 'utf8');

  beforeAll(() => {
    const setUp = [
      'mkdir ci',
      'relock import dmesg.txt',
      'relock fuzz night --execs 100 || true',
      'cp relock.db ci/known.db',
      'relock fuzz zpci-night --execs 100 || true',
      'relock triage newest reported --db ci/known.db',
      'printf \'#!/bin/sh\\nexec "$@"\\n\' > bin/npx && chmod +x bin/npx',
    ].join(' && ');
    const { code, stderr } = bench.shell(setUp);
    if (code !== 0) throw new Error(`set-up failed: ${stderr}`);
  });

  /** Commands as they stand, with hours made short and no mail sent. */
  const lines = files.flatMap((file) =>
    [...text(file).matchAll(/(?:^\s*- |^ExecStart=|\ssh '|\s\srelock {2})((?:npx )?relock .*?)'?$/gm)].map(
      (match) => [file, (match[1] ?? '').replace(/%i/g, 'zpci-night')] as const,
    ),
  );

  it('are there, and say what they are in their first line', () => {
    expect(files.length).toBeGreaterThanOrEqual(6);
    for (const file of files) expect(text(file).split('\n')[0], file).toMatch(/^(?:#|\/\/) \w+: /);
    const pages = ['docs/ci.md', 'docs/distributed.md', 'docs/fuzzing.md'].map((page) =>
      readFileSync(new URL(`../${page}`, import.meta.url), 'utf8'),
    );
    for (const file of files)
      expect(
        pages.some((page) => page.includes(`examples/${file}`)),
        file,
      ).toBe(true);
  });

  it.each(lines.filter(([, line]) => !line.includes('worker')))('%s: %s', (_, line) => {
    const short = line.replace('--for 8h', '--execs 100').replace(/-j \d+/, '-j 2');
    const { code, stderr } = bench.shell(short.replace('|| found=$?', '|| [ $? -eq 1 ]'));
    expect([0, 1], `${short}\n${stderr}`).toContain(code);
  });

  it('have commands of check, fuzz, status and export', () => {
    for (const command of ['check', 'fuzz', 'status', 'export', 'import', 'worker'])
      expect(
        lines.some(([, line]) => line.includes(`relock ${command} `)),
        command,
      ).toBe(true);
  });

  const analyze = spawnSync('systemd-analyze', ['--version']);
  it.skipIf(analyze.error !== undefined)('systemd has nothing to say', () => {
    for (const file of files.filter((name) => /\.(?:service|timer)$/.test(name))) {
      // The command must be there for systemd to be content.
      const known = text(file).replaceAll(/^(Exec\w+=)relock/gm, `$1${bench.path('bin/relock')}`);
      const unit = bench.write(`units/${file.replace('@', '@x')}`, known);
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
      expect(stderr, file).not.toMatch(/Unknown|Invalid|Failed to parse|ignoring/i);
    }
  });
});
