// Tests of an interrupted check: what was checked is told, the last line goes on with the rest, and the exit code is 130.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oddLitmus } from './campaign-ends.laws.js';
import { interruptedLines } from './check-interrupted.js';
import { Bench, MAIN } from './spawned.laws.js';

const ABBA = 'x86_64-abba-splat.log';
const bench = new Bench();
beforeAll(() => {
  bench.sample(ABBA);
  bench.write('odd one.litmus', oddLitmus());
});
afterAll(() => bench.remove());

/** Checks a log and then `second`, and sends the signal when `there` says that it has come so far. */
async function interrupted(
  signal: NodeJS.Signals,
  args: readonly string[],
  there: (child: ChildProcessByStdio<null, Readable, Readable>) => Promise<unknown>,
) {
  const child = spawn(process.execPath, [MAIN, 'check', ...args], {
    cwd: bench.folder,
    env: bench.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(child.stderr);
  const data = text(child.stdout);
  const exit = once(child, 'exit');
  await there(child);
  child.kill(signal);
  const [code] = (await exit) as [number | null];
  return { code, stderr: await said, stdout: await data };
}

describe('relock check at INT or TERM', () => {
  it.each(['INT', 'TERM'] as const)('SIG%s: the last line is the command for the rest', async (name) => {
    const { code, stderr, stdout } = await interrupted(`SIG${name}`, [ABBA, 'odd one.litmus'], (child) =>
      once(child.stdout, 'data'),
    );
    expect(code).toBe(130);
    expect(stdout).toContain(ABBA);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.at(-2)).toBe('Interrupted: 1 file checked, 1 failed; nothing is kept without --db.');
    expect(lines.at(-1)).toBe("Next: relock check 'odd one.litmus'");
  });

  it('--json is still one object: what was checked, and what was not', async () => {
    // A pipe can be opened for writing once somebody reads it.
    expect(spawnSync('mkfifo', [bench.path('pipe')]).status).toBe(0);
    const { code, stdout } = await interrupted('SIGINT', ['--json', ABBA, 'pipe'], () =>
      open(bench.path('pipe'), 'w'),
    );
    expect(code).toBe(130);
    const form = JSON.parse(stdout) as {
      files: { file: string }[];
      errors: { about: string; title: string }[];
    };
    const told = [...form.files.map(({ file }) => file), ...form.errors.map(({ about }) => about)];
    expect(told).toEqual([ABBA, 'pipe']);
    expect(form.errors.at(-1)?.title).toBe('INTERRUPTED');
  });
});

describe('the lines', () => {
  it('say again which options were given, and quote for a shell', () => {
    const so = { checked: 3, found: 0, unread: 2, stored: true, rest: ["it's.log", 'logs/'] };
    expect(interruptedLines({ ...so, options: ['--db', 'a b.db'] })).toEqual([
      'Interrupted: 3 files checked, 0 failed, 2 not readable; what was listed is stored.',
      "Next: relock check --db 'a b.db' 'it'\\''s.log' logs/",
    ]);
  });
});
