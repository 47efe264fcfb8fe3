// Campaigns from outside: worker threads, interrupts, kills, resuming.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oddLitmus } from './campaign-ends.laws.js';
import { json, witnesses } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
const HUNG = 'x86_64-sriov-numvfs-vs-remove-hung.log';

beforeAll(() => {
  bench.sample(HUNG);
  bench.write('huge.litmus', hugeLitmus());
  // More schedules than anybody searches: a campaign goes on until it is told to stop.
  bench.write('odd.litmus', oddLitmus());
});
afterAll(() => bench.remove());

/** Ten tasks that take pairs of ten locks in one order: no deadlock, which that order proves. */
function hugeLitmus(): string {
  const ids = 'ABCDEFGHIJ'.split('');
  const sections = (task: number) =>
    ids.flatMap((_, i) => {
      const [a, b] = [(i + task) % 9, ((i + task) % 9) + 1].map((n) => ids[n]);
      return [`  lock ${a}`, `  lock ${b}`, `  unlock ${b}`, `  unlock ${a}`];
    });
  return [
    'litmus 1 huge',
    ...ids.map((id) => `lock ${id} mutex`),
    ...ids.flatMap((_, t) => [`task t${t}`, ...sections(t)]),
    'expect none\n',
  ].join('\n');
}

describe('worker threads', () => {
  it('share a campaign: their work adds up, is saved, and goes on with any number of them', () => {
    const db = ['--db', 'crew.db'];
    expect(bench.relock(['import', 'odd.litmus', 'huge.litmus', ...db]).code).toBe(0);
    const first = bench.relock(['fuzz', 'crew', '-j', '2', '--execs', '400', '--json', ...db]);
    expect(first.code, first.stderr).toBe(1);
    const { execs, resume } = json(first.stdout) as { execs: number; resume: string };
    expect(execs).toBeGreaterThanOrEqual(400);
    expect(resume).toContain('-j 2');
    // All of the budget is used: the command is the same again, and the figures are those of the end.
    expect(resume).toContain('--execs 400');
    const figures = `SELECT json_extract(figures, '$.execs') FROM campaign_figures`;
    expect(json(bench.relock(['query', figures, '--json', ...db]).stdout)).toMatchObject({ rows: [[execs]] });
    for (const found of witnesses(first.stdout)) expect(found.kind).toBe('inversion');
    for (const jobs of ['3', '1']) {
      const before = (
        json(bench.relock(['status', '--json', ...db]).stdout) as { campaigns: { execs: number }[] }
      ).campaigns;
      const next = bench.relock(['fuzz', 'crew', '-j', jobs, '--execs', '90', '--json', ...db]);
      expect([0, 1], next.stderr).toContain(next.code);
      expect((json(next.stdout) as { execs: number }).execs).toBeGreaterThanOrEqual(
        (before[0]?.execs ?? 0) + 90,
      );
    }
    expect(bench.relock(['verify-db', ...db])).toMatchObject({ code: 0 });
    expect(bench.relock(['fuzz', '-j', '0', ...db]).code).toBe(2);
  });

  it('are stopped together', () => {
    expect(bench.shell('relock import odd.litmus --db crew-int.db').code).toBe(0);
    const { code, stderr } = bench.shell(
      'relock fuzz night -j 2 --for 60s --db crew-int.db & P=$!; sleep 6; kill -INT $P; wait $P',
    );
    expect(code, stderr).toBe(130);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/relock fuzz night --for \d+s -j 2/);
  });
});

describe('an interrupted campaign', () => {
  it('that is killed has lost no witness, and goes on', () => {
    const db = '--db killed.db';
    expect(bench.shell(`relock import huge.litmus ${HUNG} ${db}`).code).toBe(0);
    bench.shell(`relock fuzz night --for 60s ${db} & P=$!; sleep 3; kill -9 $P; wait $P`);
    expect(witnesses(bench.relock(['ls', '--json', '--db', 'killed.db']).stdout)).toHaveLength(1);
    expect(bench.relock(['verify-db', '--db', 'killed.db'])).toMatchObject({ code: 0 });
    const resumed = bench.shell(`relock fuzz night --for 1s ${db}`);
    expect([0, 1], resumed.stderr).toContain(resumed.code);
    expect(witnesses(bench.relock(['ls', '--json', '--db', 'killed.db']).stdout)).toHaveLength(1);
  });

  it('saves, exits with 130, and ends with the command that goes on', () => {
    const db = '--db inter.db';
    expect(bench.shell(`relock import odd.litmus ${db}`).code).toBe(0);
    const { code, stderr } = bench.shell(
      `relock fuzz night --for 60s ${db} & P=$!; sleep 3; kill -INT $P; wait $P`,
    );
    expect(code, stderr).toBe(130);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/relock fuzz night/);
    const [saved] = (
      json(bench.shell(`relock status --json ${db}`).stdout) as { campaigns: { seconds: number }[] }
    ).campaigns;
    expect(saved?.seconds).toBeGreaterThan(1);
    // It goes on where it was.
    const resumed = bench.shell(`relock fuzz night --for 1s ${db} --json`);
    expect([0, 1], resumed.stderr).toContain(resumed.code);
    expect((json(resumed.stdout) as { seconds: number }).seconds).toBeGreaterThan(
      (saved?.seconds ?? 0) + 0.9,
    );
  });
});
