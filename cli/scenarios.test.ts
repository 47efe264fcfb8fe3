// relock matrix, whatif, predict and fuzz --across as scripts use them: exit codes, the documented JSON, and words for what is wrong.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { json, witnesses } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
afterAll(() => bench.remove());

const corpus = (path: string): Uint8Array => readFileSync(new URL(`../corpus/${path}`, import.meta.url));
bench.sample('x86_64-sriov-numvfs-vs-remove-hung.log', 'hung.log');
bench.sample('x86_64-pci-remove-only.ftrace.txt', 'remove.txt');
bench.sample('s390x-pci-unbind-only.ftrace.txt', 'unbind.txt');
for (const name of ['v9', 'v11']) bench.write(`${name}.patch`, corpus(`patches/${name}.patch`));
bench.write('6.v9.litmus', corpus('scenarios/pci-rescan-remove/6.v9.litmus'));
const text = (value: unknown): string => JSON.stringify(value);

describe('relock matrix', () => {
  it('is 0 and complete, in text, JSON and HTML', () => {
    const run = bench.relock(['matrix', 'pci-rescan-remove', '--json']);
    expect(run.code).toBe(0);
    const form = json(run.stdout);
    expect([form['schema'], form['ok'], form['complete']]).toEqual(['relock.matrix/1', true, true]);
    const cell = json(bench.relock(['matrix', 'pci-rescan-remove', '2.V9', '--json']).stdout);
    expect(text(cell['rows'])).toContain('deadlock remover unbinder');
    expect(bench.relock(['matrix', '--form', 'html']).stdout).toMatch(/^<!DOCTYPE html>/);
  });

  it('says what there is where a name is wrong', () => {
    for (const args of [['pci'], ['pci-rescan-remove', '99.v9'], ['--form', 'pdf']]) {
      const run = bench.relock(['matrix', ...args]);
      expect(run.code).toBe(2);
      expect(run.stderr).toContain('relock matrix');
    }
  });
});

describe('relock whatif', () => {
  it('is 0 where nothing new comes, 1 where something does', () => {
    const gone = bench.relock(['whatif', '--patch', 'v11.patch', '--json', 'hung.log']);
    const form = json(gone.stdout);
    expect([gone.code, form['schema'], form['complete']]).toEqual([0, 'relock.whatif/1', true]);
    expect(form['gone']).toHaveLength(1);
    expect(form['stays']).toEqual([]);
    const fresh = bench.relock(['whatif', '--patch', 'v11.patch', '--json', '6.v9.litmus']);
    expect(fresh.code).toBe(1);
    expect(json(fresh.stdout)['new']).toHaveLength(1);
  });

  it('takes rules, several patches in order, and a patch from stdin', () => {
    const both = ['whatif', '--json', '--patch', 'v11.patch', '--patch', 'v9.patch', 'hung.log'];
    // v11 moved the driver's release for good: what v9 does after it changes no order.
    expect(json(bench.relock(both).stdout)['gone']).toHaveLength(1);
    const stdin = bench.relock(
      ['whatif', '--json', '--patch', '-', 'hung.log'],
      'patch 1 p\nrule pci_rescan_remove_lock reentrant\n',
    );
    const rule = bench.relock(['whatif', '--json', '--set', 'pci_rescan_remove_lock=reentrant', 'hung.log']);
    const ids = (form: Record<string, unknown>) => (form['stays'] as { id: string }[]).map(({ id }) => id);
    expect(ids(json(stdin.stdout))).toEqual(ids(json(rule.stdout)));
    expect(ids(json(rule.stdout))).toHaveLength(1);
  });

  it('says what is wrong with a change, and that there is nothing to change', () => {
    const wrong: [string[], string][] = [
      [[], '--set CLASS=RULE'],
      [['--set', 'reentrant'], 'CLASS=RULE'],
      [['--set', 'a=often'], '"often" is no rule'],
      [['--patch', 'none.patch', 'hung.log'], 'none.patch'],
      [['--patch', 'hung.log', 'hung.log'], 'line 1: a patch begins with'],
    ];
    for (const [args, words] of wrong) {
      const run = bench.relock(['whatif', ...args]);
      expect(run.code, args.join(' ')).toBe(2);
      expect(run.stderr).toContain(words);
    }
    bench.write('empty.litmus', 'litmus 1 e\nlock A mutex\ntask t\n  lock A\n  unlock A\n');
    expect(bench.relock(['whatif', '--set', 'A=reentrant', 'empty.litmus']).code).toBe(0);
  });
});

describe('relock fuzz --across', () => {
  it('finds what two recordings show together only, and has nothing to do for one', () => {
    bench.relock(['import', '--db', 'one.db', 'remove.txt']);
    const alone = bench.relock(['fuzz', '--across', '--db', 'one.db', '--execs', '10']);
    expect(alone.code).toBe(4);
    expect(alone.stderr).toContain('NOTHING MEETS');
    // Without --across, locks that nobody takes the other way round are an answer.
    const plain = bench.relock(['fuzz', '--db', 'one.db', '--execs', '10', '--json']);
    expect(plain.code).toBe(0);
    expect(JSON.parse(plain.stdout)).toMatchObject({ schema: 'relock.fuzz/1', witnesses: [], new: 0 });
    bench.relock(['import', '--db', 'two.db', 'remove.txt', 'unbind.txt']);
    const both = bench.relock(['fuzz', '--across', '--db', 'two.db', '--execs', '10', '--json']);
    expect(both.code).toBe(1);
    const found = witnesses(both.stdout);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ basis }) => basis))).toEqual(new Set(['composed']));
    // Any other campaign and prediction finds it as well.
    expect(bench.relock(['predict', '--db', 'two.db', '--json']).code).toBe(1);
    expect(bench.relock(['verify-db', '--db', 'two.db']).code).toBe(0);
  });
});

describe('relock predict', () => {
  it('is an empty list and 0 where locks were recorded and none in both orders', () => {
    const contend = new URL('../importers/testdata/ftrace/15-x86-lk-contend.txt.gz', import.meta.url);
    bench.write('contend.txt.gz', readFileSync(contend));
    expect(bench.relock(['import', '--db', 'contend.db', 'contend.txt.gz']).code).toBe(0);
    const predicted = bench.relock(['predict', '--db', 'contend.db', '--json']);
    expect([predicted.code, json(predicted.stdout)]).toEqual([
      0,
      { schema: 'relock.predict/1', cycles: [], witnesses: [] },
    ]);
    expect(bench.relock(['predict', '--db', 'contend.db']).stderr).toContain(
      'no two locks are taken in both orders',
    );
  });
});
