// The built command line from outside: exit codes, JSON forms, streams, bad input.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json, type WitnessLike, witnesses } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';
import { COMMANDS } from './table.js';

const bench = new Bench();
const ESCAPE = /\u001b/;
const HUNG = 'x86_64-sriov-numvfs-vs-remove-hung.log';
const SPLAT = 'x86_64-abba-splat.log';

const SEED = `litmus 1 remove-vs-numvfs
lock A mutex pci_rescan_remove_lock
lock B mutex &dev->mutex
task remover remove_store
  lock A     # pci_stop_and_remove_bus_device_locked
  lock B     # device_release_driver_internal
  unlock B
  unlock A
task setter sriov_numvfs_store
  lock B     # sriov_numvfs_store
  lock A     # sriov_numvfs_store
  unlock A
  unlock B
order remover setter
preempt 1 setter
expect deadlock remover setter
`;
const HARMLESS = SEED.replace(/ {2}lock B {5}# sriov.*\n {2}lock A.*\n/, '  lock A\n  lock B\n').replace(
  /expect .*/,
  'expect none',
);

beforeAll(() => {
  bench.sample(HUNG);
  bench.sample(SPLAT);
  bench.write('seed.litmus', SEED);
  bench.write('harmless.litmus', HARMLESS);
});
afterAll(() => bench.remove());

describe('the shell', () => {
  it('tells its version and helps, starting with examples', () => {
    expect(bench.relock(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^relock \d/),
    });
    const help = bench.relock(['-h']);
    expect(help.code).toBe(0);
    expect(help.stdout.startsWith('Examples:')).toBe(true);
    for (const { name } of COMMANDS) {
      const page = bench.relock([name, '-h']);
      expect(page.code, name).toBe(0);
      expect(page.stdout.startsWith('Examples:\n'), name).toBe(true);
      expect(bench.relock(['help', name]).stdout, name).toBe(page.stdout);
    }
  });

  it('refuses what it does not know, and says what is meant', () => {
    const unknown = bench.relock(['imprt', 'x']);
    expect(unknown.code).toBe(2);
    expect(unknown.stdout).toBe('');
    expect(unknown.stderr).toContain('relock import');
    for (const args of [
      [],
      ['ls', '--nosuch'],
      ['show'],
      ['show', 'a', 'b'],
      ['ls', '--state', 'opn'],
      ['fuzz', '--for', 'ages'],
    ])
      expect(bench.relock(args).code, args.join(' ')).toBe(2);
  });

  it('tells trouble as title, facts and next on stderr, and as one object with --json', () => {
    const told = bench.relock(['import', 'nosuch.log']);
    expect(told.code).toBe(2);
    expect(told.stdout).toBe('');
    const [title = ''] = told.stderr.split('\n');
    expect(title).toMatch(/^[A-Z0-9 ]+.*nosuch\.log$/);
    expect(told.stderr.trimEnd().split('\n').at(-1)).toMatch(/^ {4}\S/);
    const asJson = bench.relock(['import', 'nosuch.log', '--json']);
    expect(asJson.code).toBe(2);
    expect(json(asJson.stdout)['error']).toMatchObject({
      title: expect.any(String),
      facts: expect.any(Array),
      next: expect.any(String),
    });
    const noDb = bench.relock(['ls', '--json', '--db', 'nosuch.db']);
    expect(noDb.code).toBe(2);
    expect(json(noDb.stdout)['error']).toBeDefined();
  });
});

describe('bad input', () => {
  const db = ['--db', 'bad.db'];
  it('an empty folder, an empty file, binary junk: nothing to test', () => {
    bench.write('empty-folder/.keep', '');
    bench.write('empty.log', '');
    bench.write(
      'junk.bin',
      Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919 + (i >> 3)) & 255),
    );
    for (const name of ['empty-folder', 'empty.log', 'junk.bin']) {
      const { code, stderr } = bench.relock(['import', name, ...db]);
      expect(code, `${name}: ${stderr}`).toBe(4);
      expect(stderr.length, name).toBeGreaterThan(0);
    }
  });

  it('a truncated gzip: what came before the cut is read, and the cut is told', () => {
    bench.sample(HUNG, 'whole.log');
    const packed = gzipSync(bench.shell('cat whole.log').stdout);
    bench.write('cut.log.gz', packed.subarray(0, Math.floor(packed.length * 0.8)));
    const { code, stdout } = bench.relock(['import', 'cut.log.gz', '--json', ...db]);
    const [capture] = (json(stdout) as { captures: { skipped: { stat: string; advice: string }[] }[] })
      .captures;
    expect(code).toBe(0);
    expect(capture?.skipped.map((skip) => skip.stat)).toContain('stream_cut_short');
    for (const skip of capture?.skipped ?? []) expect(skip.advice.length).toBeGreaterThan(10);
  });

  it('invalid UTF-8 inside a log is replaced and counted', () => {
    const log = Buffer.from(bench.shell(`cat ${SPLAT}`).stdout);
    bench.write('latin1.log', Buffer.concat([log, Buffer.from([0x5b, 0x20, 0xff, 0xfe, 0x80, 0x0a])]));
    const { code, stdout } = bench.relock(['import', 'latin1.log', '--json', ...db]);
    expect(code).toBe(0);
    const [capture] = (json(stdout) as { captures: { skipped: { stat: string }[] }[] }).captures;
    expect(capture?.skipped.map((skip) => skip.stat)).toContain('invalid_utf8');
  });

  it('100 MB on one line end soon, with an exit code of the contract', () => {
    const { code, stderr } = bench.shell(
      "head -c 100000000 /dev/zero | tr '\\0' x | relock import - --db long.db",
    );
    expect([0, 2, 4], stderr).toContain(code);
    expect(stderr).not.toContain('BUG IN RELOCK');
  });

  it('one bad file among good ones: the good ones are stored, the exit code says 2', () => {
    const { code, stdout } = bench.relock(['import', 'nosuch.log', SPLAT, '--json', '--db', 'partly.db']);
    expect(code).toBe(2);
    expect((json(stdout) as { captures: unknown[] }).captures).toHaveLength(1);
    expect(
      bench.relock(['query', 'select count(*) as n from captures', '--csv', '--db', 'partly.db']).stdout,
    ).toBe('n\n1\n');
  });
});

describe('from a log to a mail', () => {
  const db = ['--db', 'story.db'];

  it('imports, and says of the same content that it was there', () => {
    const first = bench.relock(['import', HUNG, SPLAT, '--json', ...db]);
    expect(first.code, first.stderr).toBe(0);
    const form = json(first.stdout) as { schema: string; captures: Record<string, unknown>[] };
    expect(form.schema).toBe('relock.import/1');
    expect(form.captures).toHaveLength(2);
    for (const capture of form.captures) {
      expect(capture).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{64}$/), already: false });
      for (const key of [
        'file',
        'format',
        'arch',
        'kernel',
        'platform',
        'events',
        'by_event',
        'tasks',
        'locks',
        'classes',
        'reports',
        'skipped',
      ])
        expect(capture, key).toHaveProperty(key);
    }
    const again = bench.relock(['import', HUNG, '--json', ...db]);
    expect(again.code).toBe(0);
    expect((json(again.stdout) as { captures: { already: boolean }[] }).captures[0]?.already).toBe(true);
  });

  it('finds the deadlock of the PCI core, calls it observed, and exits with 1', () => {
    const fuzzed = bench.relock(['fuzz', 'night', '--execs', '2000', '--seed', '1', '--json', ...db]);
    expect(fuzzed.code, fuzzed.stderr).toBe(1);
    const form = json(fuzzed.stdout);
    expect(form).toMatchObject({
      schema: 'relock.fuzz/1',
      campaign: 'night',
      execs: expect.any(Number),
      steps: expect.any(Number),
      features: expect.any(Number),
      resume: expect.stringContaining('relock fuzz night'),
    });
    const pci = witnesses(fuzzed.stdout).find((w) => w.cycle.includes('pci_rescan_remove_lock'));
    expect(pci).toMatchObject({ basis: 'observed', state: 'open', kind: 'inversion' });
    expect([...(pci?.cycle ?? [])].sort()).toEqual(['&dev->mutex', 'pci_rescan_remove_lock']);
  });

  it('predicts the same from the lock orders', () => {
    const predicted = bench.relock(['predict', '--json', ...db]);
    expect([0, 1], predicted.stderr).toContain(predicted.code);
    const { cycles } = json(predicted.stdout) as {
      cycles: { status: string; why: string; witness: string | null }[];
    };
    expect(cycles.some((cycle) => cycle.status === 'confirmed' && cycle.witness !== null)).toBe(true);
    for (const cycle of cycles) expect(cycle.why.length).toBeGreaterThan(5);
  });

  it('lists and shows it in every form, 75 columns wide', () => {
    const listed = witnesses(bench.relock(['ls', '--json', ...db]).stdout);
    expect(listed.length).toBeGreaterThanOrEqual(2);
    expect(
      bench
        .relock(['ls', '-s', 'pci_rescan_remove_lock', ...db])
        .stdout.trimEnd()
        .split('\n').length,
    ).toBeGreaterThanOrEqual(1);
    for (const { id } of listed)
      for (const form of ['page', 'scenario', 'chain', 'why', 'mail', 'subject', 'litmus', 'json']) {
        const shown = bench.relock(['show', id, '--form', form, ...db]);
        expect(shown.code, `${form}: ${shown.stderr}`).toBe(0);
        expect(shown.stdout.length).toBeGreaterThan(0);
        if (form !== 'json' && form !== 'litmus')
          for (const line of shown.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(75);
      }
  });

  it('replays the mail: plain, quoted, and with CRLF', () => {
    for (const { id } of witnesses(bench.relock(['ls', '--json', ...db]).stdout)) {
      const mail = bench.relock(['show', id, '--form', 'mail', ...db]).stdout;
      const quoted = mail.replace(/^/gm, '> ');
      for (const text of [mail, quoted, quoted.replace(/^/gm, '> '), mail.replaceAll('\n', '\r\n')]) {
        const replayed = bench.relock(['replay', '-', '--json'], text);
        expect(replayed.code, replayed.stderr + text).toBe(1);
        expect(json(replayed.stdout)).toMatchObject({ schema: 'relock.replay/1', reproduced: true });
      }
      expect(bench.relock(['replay', id, ...db]).code).toBe(1);
    }
  });

  it('is quiet about what is triaged', () => {
    for (const { id } of witnesses(bench.relock(['ls', '--json', ...db]).stdout))
      expect(bench.relock(['triage', id, 'reported', 'https://lore.kernel.org/r/x', ...db]).code).toBe(0);
    expect(witnesses(bench.relock(['ls', '--state', 'open', '--json', ...db]).stdout)).toEqual([]);
    expect(bench.relock(['fuzz', 'night', '--execs', '100', ...db]).code).toBe(0);
    expect(bench.relock(['predict', ...db]).code).toBe(0);
    const checked = bench.relock(['check', HUNG, '--json', ...db]);
    expect(checked.code, checked.stderr).toBe(0);
    expect(bench.relock(['check', HUNG]).code).toBe(1);
  });

  it('exports, verifies, queries', () => {
    expect(bench.relock(['verify-db', ...db])).toMatchObject({ code: 0 });
    const verified = json(bench.relock(['verify-db', '--json', ...db]).stdout);
    expect(verified).toMatchObject({ ok: true, defects: [] });
    expect(verified['replayed']).toBe(verified['witnesses']);
    for (const what of ['captures', 'witnesses', 'mbox', 'litmus', 'plots', 'junit', 'ktap']) {
      const { code, stdout, stderr } = bench.relock(['export', what, ...db]);
      expect(code, `${what}: ${stderr}`).toBe(0);
      expect(stdout.length, what).toBeGreaterThan(10);
    }
    expect(bench.relock(['export', 'ktap', '-o', 'out.tap', ...db]).code).toBe(0);
    expect(bench.relock(['export', 'ktap', '-o', 'out.tap', ...db]).code).toBe(2);
    expect(bench.relock(['export', 'nosuch', ...db]).code).toBe(2);
    expect(json(bench.relock(['query', 'select 1 as one', '--json', ...db]).stdout)).toEqual({
      schema: 'relock.query/1',
      columns: ['one'],
      rows: [[1]],
    });
    expect(bench.relock(['query', '-', '--csv', ...db], 'select 2 as two').stdout).toBe('two\n2\n');
    expect(bench.relock(['query', ...db]).stdout).toContain('by-lock');
    for (const sql of ['selekt', 'delete from captures', 'drop view witnesses', 'no-such-query'])
      expect(bench.relock(['query', sql, ...db]).code, sql).toBe(2);
    expect(bench.relock(['show', 'ffffffffffff', ...db]).code).toBe(2);
    expect(bench.relock(['status', ...db]).stdout).toContain('night');
  });

  it('sends no escape byte into a pipe, and one object with --json', () => {
    const id = witnesses(bench.relock(['ls', '--json', ...db]).stdout)[0]?.id ?? '';
    const lines = [
      ['ls'],
      ['show', id],
      ['status'],
      ['query'],
      ['query', 'new'],
      ['predict'],
      ['verify-db'],
      ['replay', id],
      ['import', HUNG],
      ['check', SPLAT],
      ['fuzz', 'esc', '--execs', '50'],
    ];
    for (const args of lines) {
      const { stdout, stderr } = bench.relock([...args, ...db]);
      expect(stdout + stderr, args.join(' ')).not.toMatch(ESCAPE);
      const asJson = bench.relock([...args, '--json', ...db]);
      expect(() => json(asJson.stdout), args.join(' ')).not.toThrow();
    }
  });

  it('takes a reader that goes away for a success', () => {
    for (const line of [
      'relock export captures --db story.db | head -1',
      'relock ls --json --db story.db | head -1',
    ]) {
      const { code, stderr } = bench.shell(line);
      expect(code, stderr).toBe(0);
      expect(stderr).toBe('');
    }
  });
});

describe('check', () => {
  it('compares litmus files with what they expect', () => {
    const right = bench.relock(['check', 'seed.litmus', '--json']);
    // The deadlock is what the file expects: nothing is wrong.
    expect(right.code, right.stderr).toBe(0);
    expect((json(right.stdout) as { files: object[] }).files[0]).toMatchObject({
      format: 'litmus',
      verdict: 'deadlock',
      complete: true,
      expected: ['deadlock remover setter'],
      ok: true,
    });
    expect(bench.relock(['check', 'harmless.litmus', '--json']).code).toBe(0);
    bench.write('wrong.litmus', HARMLESS.replace('expect none', 'expect deadlock remover setter'));
    const wrong = bench.relock(['check', 'wrong.litmus', '--json']);
    expect(wrong.code).toBe(1);
    expect((json(wrong.stdout) as { files: object[] }).files[0]).toMatchObject({
      verdict: 'none',
      complete: true,
      ok: false,
    });
  });

  it('gives a verdict on logs and keeps nothing without --db', () => {
    const hung = bench.relock(['check', HUNG, '--json']);
    expect(hung.code, hung.stderr).toBe(1);
    const [file] = (json(hung.stdout) as { files: { witnesses: WitnessLike[] }[] }).files;
    expect(file).toMatchObject({ verdict: 'deadlock', ok: null, expected: null });
    expect(file?.witnesses.length).toBeGreaterThan(0);
    expect(bench.shell('ls relock.db').code).not.toBe(0);
    bench.write('nothing.txt', 'dear diary\n');
    expect(bench.relock(['check', 'nothing.txt']).code).toBe(4);
    expect(bench.relock(['check', 'nosuch.txt']).code).toBe(2);
  });
});

describe('replay of files', () => {
  it('tells what happens, and disagreement is trouble', () => {
    expect(bench.relock(['replay', 'seed.litmus']).code).toBe(1);
    expect(bench.relock(['replay', 'harmless.litmus']).code).toBe(0);
    bench.write('lies.litmus', SEED.replace(/expect .*/, 'expect none'));
    const lies = bench.relock(['replay', 'lies.litmus']);
    expect(lies.code).toBe(2);
    expect(lies.stderr).toContain('REPLAY DISAGREES');
    bench.write('broken.litmus', SEED.replace('lock B mutex', 'lock B mutexx'));
    const broken = bench.relock(['replay', 'broken.litmus']);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/line 3/);
  });
});
