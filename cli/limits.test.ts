// The limits of docs/limits.md: each row there names a test here, and each input ends well, in bounded memory.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench, type Ran } from './spawned.laws.js';

let bench: Bench;
beforeAll(() => {
  bench = new Bench();
});
afterAll(() => bench.remove());

interface Form {
  readonly captures: readonly {
    readonly events: number;
    readonly tasks: number;
    readonly locks: number;
    readonly format: string;
    readonly reports: readonly { readonly kind: string; readonly task: string | null }[];
    readonly skipped: readonly { readonly stat: string; readonly count: number; readonly advice: string }[];
  }[];
}

const imported = (ran: Ran): Form['captures'][number] => {
  const capture = (JSON.parse(ran.stdout) as Form).captures[0];
  if (capture === undefined) throw new Error(ran.stderr + ran.stdout);
  return capture;
};

/** Never our own bug, and an exit code of the contract. */
const well = (ran: Ran): Ran => {
  expect(ran.stderr).not.toMatch(/this is a bug in relock/i);
  expect([0, 1, 2, 4], ran.stderr.slice(0, 2000)).toContain(ran.code);
  return ran;
};

describe('limits', () => {
  it('a million locks in one capture', () => {
    const lines: string[] = [];
    for (let i = 0; i < 1_000_000; i++) lines.push(`T0|acq(L${i})|1`, `T0|rel(L${i})|2`);
    const file = bench.write('locks.std', `${lines.join('\n')}\n`);
    const capture = imported(well(bench.relock(['import', file, '--json'])));
    expect(capture.locks).toBe(1_000_000);
    expect(capture.events).toBe(2_000_000);
  });

  it('a hundred thousand tasks in one capture', () => {
    const lines: string[] = [];
    for (let i = 0; i < 100_000; i++) lines.push(`T${i}|acq(L)|1`, `T${i}|rel(L)|2`);
    const file = bench.write('tasks.std', `${lines.join('\n')}\n`);
    const capture = imported(well(bench.relock(['import', file, '--json'])));
    expect(capture.tasks).toBe(100_000);
  });

  it('names of a mebibyte', () => {
    const name = 'n'.repeat(1 << 20);
    const file = bench.write('name.std', `T0|acq(${name})|1\nT0|rel(${name})|2\n${name}|acq(L)|1\n`);
    well(bench.relock(['import', file, '--json']));
    const litmus = bench.write(
      'name.litmus',
      `litmus 1 x\nlock A mutex ${name}\ntask T\n  lock A\n  unlock A\nexpect none\n`,
    );
    expect(well(bench.relock(['check', litmus, '--json'])).code).toBe(0);
  });

  it('a line of a hundred mebibytes: cut, counted, and what stands behind it is read', () => {
    const splat = readFileSync(bench.sample('x86_64-abba-splat.log', 'splat.log'), 'utf8');
    const file = bench.write('line.log', `${'x'.repeat(100 << 20)}\n${splat}`);
    const capture = imported(well(bench.relock(['import', file, '--json'])));
    expect(capture.skipped).toContainEqual(expect.objectContaining({ stat: 'line_too_long', count: 1 }));
    expect(capture.reports.map((report) => report.kind)).toEqual(['circular']);
  });

  it('invalid UTF-8 inside a report', () => {
    const splat = readFileSync(bench.sample('x86_64-abba-splat.log', 'splat2.log'));
    const bytes = Buffer.from(splat);
    bytes.write('\xff\xfe', bytes.indexOf('WARNING') - 2, 'latin1');
    const capture = imported(well(bench.relock(['import', bench.write('utf8.log', bytes), '--json'])));
    expect(capture.skipped).toContainEqual(expect.objectContaining({ stat: 'invalid_utf8' }));
    expect(capture.reports.map((report) => report.kind)).toEqual(['circular']);
  });

  it('bodies and stacks that nest ten thousand deep', () => {
    const depth = 10_000;
    const body = [
      ...Array.from({ length: depth }, () => '  lock A'),
      ...Array.from({ length: depth }, () => '  unlock A'),
    ];
    const litmus = bench.write(
      'deep.litmus',
      `litmus 1 deep\nlock A mutex\nrules A reentrant\ntask T\n${body.join('\n')}\nexpect none\n`,
    );
    expect(well(bench.relock(['check', litmus, '--json'])).code).toBe(0);
  });

  it('more tasks than a program has room for are refused by name, or searched', () => {
    const task = (i: number) => `task T${i}\n  lock A\n  unlock A\n`;
    const many = Array.from({ length: 200 }, (_, i) => task(i)).join('');
    const file = bench.write('many.litmus', `litmus 1 many\nlock A mutex\n${many}expect none\n`);
    const ran = well(bench.relock(['check', file, '--json']));
    const form = JSON.parse(ran.stdout) as {
      readonly files?: readonly { readonly verdict: string }[];
      readonly error?: { readonly title: string; readonly facts: readonly string[] };
    };
    if (form.error === undefined) expect(['none', 'open']).toContain(form.files?.[0]?.verdict);
    else expect(form.error.facts.join(' ')).toMatch(/200|task/);
  });

  it('symbolic links that lead in circles, or out of the folder', () => {
    mkdirSync(bench.path('links'));
    symlinkSync('.', join(bench.path('links'), 'loop'));
    symlinkSync('/etc', join(bench.path('links'), 'out'));
    bench.sample('x86_64-abba-splat.log', 'links/real.log');
    const { stdout } = well(bench.relock(['import', 'links', '--json']));
    expect((JSON.parse(stdout) as Form).captures).toHaveLength(1);
  });
});
