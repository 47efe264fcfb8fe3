// The commands in README.md, docs/faq.md and docs/ci.md are run as they stand, on sample data.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
const LOG = 'x86_64-sriov-numvfs-vs-remove-hung.log';

/** Indented lines that call relock, without the remark behind them. */
function commandsIn(page: string): string[] {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^ {4}(?:\$ )?((?:npx )?relock .*)$/gm)].map((match) =>
    (match[1] ?? '').replace(/\s+# .*$/, '').replaceAll('npx relock', 'relock'),
  );
}

/** What takes minutes is run for a moment. */
const shortened = (line: string) => line.replace(/--for \d+[mh]/, '--execs 300');

beforeAll(() => {
  bench.sample(LOG, 'dmesg.txt');
  bench.sample(LOG, `corpus/samples/${LOG}`);
  bench.sample('x86_64-abba-splat.log', 'journal');
  const recorded = new URL('../importers/testdata/trace-dat/001-x86_64-v7-zstd-abba.dat', import.meta.url);
  bench.write('relock.dat', readFileSync(recorded));
  const setUp = [
    'gzip journal',
    "(printf 'From: a@b\\nSubject: splat\\n\\n'; cat dmesg.txt) > mail.eml",
    'relock import dmesg.txt journal.gz mail.eml',
    'relock fuzz --execs 300 || true',
    'cp relock.db other.db',
    'mkdir ci',
    'cp relock.db known.db',
    'relock triage newest reported --db known.db',
    'cp known.db ci/known.db',
  ].join(' && ');
  const { code, stderr } = bench.shell(setUp);
  if (code !== 0) throw new Error(`set-up failed: ${stderr}`);
});
afterAll(() => bench.remove());

describe.each(['README.md', 'docs/faq.md', 'docs/ci.md'])('%s', (page) => {
  const commands = commandsIn(page);
  it('has commands', () => expect(commands.length).toBeGreaterThan(3));
  it.each([...new Set(commands)])('%s', (line) => {
    const { code, stderr } = bench.shell(shortened(line));
    // A find ends with 1: that is an answer.
    expect([0, 1], stderr).toContain(code);
  });
});
