// The screen of a campaign on a real terminal: it is left as it was found, and nothing is painted behind.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeTangles } from './campaign-ends.laws.js';
import { Bench, MAIN } from './spawned.laws.js';

const hasPty = spawnSync('script', ['--version']).status === 0;
if (!hasPty) console.warn('SKIPPED: no script(1) here, so the screen is not tried on a terminal');

const ENTER = '\u001b[?1049h';
const LEAVE = '\u001b[?1049l';

const bench = new Bench();
beforeAll(() => storeTangles(bench, 'night.db'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  bench.remove();
});

/** Runs a campaign that does not end by itself in a terminal, and types `keys` at once when its screen is there. */
async function typed(name: string, keys: string): Promise<{ shown: string; code: number | null }> {
  const line = `"${process.execPath}" "${MAIN}" fuzz ${name} --db night.db --for 10m -j 1 --states 100`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
    cwd: bench.folder,
    env: { ...bench.environment, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const shown = text(child.stdout);
  let sofar = '';
  child.stdout.on('data', (data: Buffer) => {
    const had = sofar.includes('relock ');
    sofar += data.toString('utf8');
    // The first painted line names the version: from then on keys are read.
    if (!had && sofar.includes('relock ')) child.stdin.write(keys);
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.destroy();
  return { shown: await shown, code };
}

describe.skipIf(!hasPty)('the screen', () => {
  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-C twice in one go', '\u0003\u0003'],
    ['a look at the summary, back, and q, all in one go', 's q'],
  ])('%s: leaves it once, and paints nothing behind', async (what, keys) => {
    const { shown, code } = await typed(`n${what.length}`, keys);
    expect(code, shown).toBe(130);
    expect(shown.split(ENTER)).toHaveLength(2);
    expect(shown.split(LEAVE)).toHaveLength(2);
    const behind = shown.slice(shown.indexOf(LEAVE));
    // Cursor to the upper left corner is how each painting begins.
    expect(behind).not.toContain('\u001b[H');
  });
});
