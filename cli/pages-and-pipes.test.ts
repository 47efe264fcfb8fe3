// serve as a process, merging, CI forms, full disks, pipes by name and hostile file names, as a user meets them.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, MAIN } from './spawned.laws.js';

const bench = new Bench();
const LOG = 'x86_64-sriov-numvfs-vs-remove-hung.log';

beforeAll(() => {
  bench.sample(LOG, 'dmesg.txt');
  bench.sample('x86_64-abba-splat.log', 'abba.log');
  const setUp =
    'relock import dmesg.txt && (relock fuzz --execs 300 || true) && relock import abba.log --db other.db && (relock predict --db other.db || true)';
  const { code, stderr } = bench.shell(setUp);
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => bench.remove());

/** Asks a server; `host` may be a lie. */
function ask(
  port: number,
  path: string,
  host = `127.0.0.1:${port}`,
): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => done({ status: response.statusCode ?? 0, text }));
    })
      .on('error', fail)
      .end();
  });
}

describe('relock serve', () => {
  let server: ChildProcess;
  let port: number;
  beforeAll(async () => {
    server = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--json'], {
      cwd: bench.folder,
      env: bench.environment,
    });
    const said = await new Promise<string>((done, fail) => {
      let text = '';
      server.stdout?.on('data', (chunk) => {
        text += String(chunk);
        if (text.includes('}')) done(text);
      });
      server.on('exit', () => fail(new Error('serve ended')));
    });
    port = Number(/:(\d+)\//.exec((JSON.parse(said) as { url: string }).url)?.[1]);
  });
  afterAll(() => {
    server?.removeAllListeners('exit');
    server?.kill('SIGKILL');
  });

  it('serves pages on this machine and under no other name', async () => {
    expect((await ask(port, '/signatures')).text).toContain('pci_rescan_remove_lock');
    expect((await ask(port, '/signatures', 'evil.example')).status).toBe(421);
    const line = await ask(port, '/sql.csv?sql=SELECT%20count(*)%20AS%20n%20FROM%20witnesses');
    expect(line.text).toMatch(/^n\n\d+\n$/);
  });

  it('shows the lines of the log that lies where it was imported', async () => {
    const { witnesses } = JSON.parse(bench.relock(['ls', '--json']).stdout) as {
      witnesses: { id: string }[];
    };
    const page = await ask(port, `/witness/${witnesses[0]?.id}`);
    expect(page.text).toContain('Lines of dmesg.txt');
  });

  it('stops a query without end, and answers the next one', async () => {
    const endless = encodeURIComponent(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
    );
    const [slow, page] = await Promise.all([ask(port, `/sql.json?sql=${endless}`), ask(port, '/campaigns')]);
    expect(page.status).toBe(200);
    expect(slow.status).toBe(400);
    expect(slow.text).toContain('THIS QUERY TAKES TOO LONG');
    expect((await ask(port, '/sql.json?name=new')).status).toBe(200);
  });

  it('says so if the port is taken', () => {
    const { code, stderr } = bench.relock(['serve', '--port', String(port)]);
    expect(code).toBe(2);
    expect(stderr).toContain('THIS PORT IS TAKEN');
  });

  it('ends at TERM with 0', async () => {
    server.removeAllListeners('exit');
    const ended = new Promise<number | null>((done) => server.on('exit', done));
    server.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

describe('relock import of a database', () => {
  it('takes it over once', () => {
    const first = JSON.parse(bench.relock(['import', 'other.db', '--json', '--db', 'merged.db']).stdout);
    expect(first.merged[0]).toMatchObject({ captures: 1, witnesses: 1, refused: [] });
    const second = JSON.parse(bench.relock(['import', 'other.db', '--json', '--db', 'merged.db']).stdout);
    expect(second.merged[0]).toMatchObject({
      captures: 0,
      programs: 0,
      witnesses: 0,
      sightings: 0,
      decisions: 0,
    });
    expect(bench.relock(['verify-db', '--db', 'merged.db']).code).toBe(0);
    expect(bench.relock(['query', 'rules', '--db', 'merged.db']).stdout).toContain('reentrant');
    expect(bench.relock(['import', 'merged.db', '--db', 'merged.db']).code).toBe(2);
  });
});

describe('triage', () => {
  it('dup and undup leave the state from before', () => {
    const state = () =>
      JSON.parse(bench.relock(['ls', '--json', '--db', 'merged.db']).stdout).witnesses[0].state;
    for (const words of [['reported', 'sent'], ['dup', 'of another'], ['undup']])
      expect(bench.relock(['triage', 'newest', ...words, '--db', 'merged.db']).code).toBe(0);
    expect(state()).toBe('reported');
    expect(bench.relock(['triage', 'newest', 'undup', '--db', 'merged.db']).code).toBe(2);
  });
});

describe('relock check in CI', () => {
  it('prints KTAP and JUnit, and known bugs as expected', () => {
    const fail = bench.relock(['check', '--form', 'ktap', 'dmesg.txt']);
    expect(fail.code).toBe(1);
    expect(fail.stdout).toMatch(/^KTAP version 1\n1\.\.1\n(# .*\n)+not ok 1 dmesg\.txt\n$/);
    bench.shell(
      'cp relock.db ci.db; for id in $(relock ls --json --db ci.db | grep -o \'"id": "[0-9a-f]*"\' | cut -d\\" -f4); do relock triage $id reported --db ci.db; done',
    );
    const known = bench.relock(['check', '--form', 'ktap', '--db', 'ci.db', 'dmesg.txt']);
    expect(known.code).toBe(0);
    expect(known.stdout).toMatch(/not ok 1 dmesg\.txt # XFAIL known [0-9a-f]{7} reported/);
    const junit = bench.relock(['check', '--form', 'junit', '--db', 'ci.db', 'dmesg.txt']);
    expect(junit.stdout).toContain('failures="0" errors="0" skipped="1"');
    expect(bench.relock(['check', '--form', 'tap', 'dmesg.txt']).code).toBe(2);
  });
});

describe('streams', () => {
  it.skipIf(!existsSync('/dev/full'))('a full disk is trouble', () => {
    for (const line of [
      'relock ls > /dev/full',
      'relock show newest > /dev/full',
      'relock query new > /dev/full',
    ]) {
      const { code, stderr } = bench.shell(line);
      expect(code, line).toBe(2);
      expect(stderr).toContain('I CANNOT WRITE');
    }
  });

  it('replay reads a pipe by name', () => {
    const { code, stdout } = bench.shell('relock replay <(relock show newest --form mail)');
    expect(code).toBe(1);
    expect(stdout).toContain('Reproduced');
  });

  it('a newline in a file name stays in its line', () => {
    bench.sample(LOG, 'a\nb\u001b[31m.txt');
    const { stdout } = bench.shell("relock import $'a\\nb\\x1b[31m.txt' --db odd.db");
    expect(stdout.split('\n')[0]).toContain('a\\x0ab\\x1b[31m.txt');
    const table = bench.relock(['query', 'select file from captures', '--db', 'odd.db']).stdout;
    expect(table.trimEnd().split('\n')).toHaveLength(5);
  });

  it('no line of a list is wider than a screen', () => {
    for (const line of bench.relock(['ls']).stdout.split('\n'))
      expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('help knows topics, and likely spellings of what it does not know', () => {
    expect(bench.relock(['help', 'triage']).stdout).toContain('regressed');
    expect(bench.relock(['help', 'show']).stdout).toContain('Examples:');
    expect(bench.relock(['help', 'limit'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('relock help limits'),
    });
  });
});
