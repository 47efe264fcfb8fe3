// relock check on litmus texts as scripts use it: the documented JSON and exit codes, and words with a line for what cannot be read.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseLitmusFiles } from '../corpus/text/litmus.js';
import { checkLitmus } from './check-file.js';
import { json } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';
import { Trouble } from './trouble.js';

const bench = new Bench();
afterAll(() => bench.remove());

const INVERSION = `lock A mutex
lock B mutex
task T
  lock A
  lock B
  unlock B
  unlock A
task U
  lock B
  lock A
  unlock A
  unlock B
`;

describe('relock check FILE.litmus', () => {
  it.each([
    ['expect deadlock T U\n', 0, true],
    ['expect none\n', 1, false],
    ['expect deadlock T U\nexpect stranded T\n', 1, false],
    ['', 1, null],
  ] as const)('with %j exits %i, ok %j', (expectation, code, ok) => {
    const file = bench.write('inversion.litmus', `litmus 1 inversion\n${INVERSION}${expectation}`);
    const run = bench.relock(['check', file, '--json']);
    expect(run.code).toBe(code);
    const form = json(run.stdout);
    expect(form['schema']).toBe('relock.check/1');
    expect(form['files']).toMatchObject([
      {
        format: 'litmus',
        verdict: 'deadlock',
        complete: true,
        ok,
        witnesses: [{ kind: 'inversion', grade: 'minimal', model: expect.stringMatching(/^kernel\/\d+$/) }],
      },
    ]);
  });

  it('is 0 and complete where nothing is wrong, 2 with the line where it cannot be read', () => {
    const fine = bench.write('fine.litmus', 'litmus 1 fine\nlock A mutex\ntask T\n  lock A\n  unlock A\n');
    const bad = bench.write('bad.litmus', 'litmus 1 bad\nlock A mutex\ntask T\n  lock A read\n');
    const run = bench.relock(['check', fine, '--json']);
    expect(run.code).toBe(0);
    expect(json(run.stdout)['files']).toMatchObject([
      { verdict: 'none', complete: true, expected: null, ok: null },
    ]);
    const both = bench.relock(['check', fine, bad, '--json']);
    expect(both.code).toBe(2);
    expect(json(both.stdout)).toMatchObject({
      files: [{ verdict: 'none' }],
      error: {
        title: 'THIS LITMUS TEXT CANNOT BE READ',
        facts: ['line 4: read needs an rwlock or rwsem; A is a mutex'],
        next: 'relock help litmus',
      },
    });
    expect(both.stderr).toContain('line 4: read needs an rwlock or rwsem');
  });

  it('says title, facts and next command for each text that cannot be read or run', async () => {
    const texts = [
      'litmus 1\ntask T\n',
      'litmus 2 x\ntask T\n',
      'litmus 1 x\n',
      'litmus 1 x\nlock A futex\ntask T\n  lock A\n',
      'litmus 1 x\nlock A mutex\nlock A mutex\ntask T\n  lock A\n',
      'litmus 1 x\ntask T irq medium\n',
      'litmus 1 x\nlock A mutex\ntask T\n  lock A\nexpect deadlock Z\n',
    ];
    for (const text of texts) {
      const [first] = parseLitmusFiles(text);
      if (first === undefined) throw new Error(`no text found in ${text}`);
      let told: Trouble | null = null;
      try {
        await checkLitmus('x.litmus', first, '2026-01-01T00:00:00Z');
      } catch (error) {
        if (!(error instanceof Trouble)) throw error;
        told = error;
      }
      expect(told?.problem.title).toMatch(/^THIS LITMUS TEXT CANNOT BE/);
      expect(told?.problem.facts[0]).toMatch(/^line \d+: /);
      expect(told?.problem.next).toMatch(/^relock /);
    }
  });

  it('has a witness for each end that it found, with the tasks of that end', async () => {
    let ends = 0;
    for (const folder of ['classics', 'contract', 'pci-rescan-remove']) {
      const at = new URL(`../corpus/scenarios/${folder}/`, import.meta.url);
      for (const name of readdirSync(at).filter((file) => file.endsWith('.litmus'))) {
        const [text] = parseLitmusFiles(readFileSync(new URL(name, at), 'utf8'));
        if (text === undefined) throw new Error(`no text in ${name}`);
        const form = await checkLitmus(name, text, '2026-01-01T00:00:00Z');
        const told = form.witnesses.map(({ litmus }) => /^expect (.*)$/m.exec(litmus)?.[1]).sort();
        expect(told, name).toEqual(form.expected);
        expect(new Set(form.witnesses.map(({ id }) => id)).size, name).toBe(told.length);
        ends += told.length;
      }
    }
    expect(ends).toBeGreaterThan(200);
  });
});
