// The limits of docs/limits.md: each row there names a test here, and each input ends well, in bounded memory.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCapture, encodeCapture } from '../corpus/pack/pack.js';
import { EVENT_KINDS } from '../corpus/schema/event.js';
import { importSource } from '../importers/import.js';
import { sourceOf } from '../importers/source.js';
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

  it('a line of a gibibyte, through a pipe: cut, counted, and what stands behind it is read', () => {
    bench.sample('x86_64-abba-splat.log', 'splat.log');
    const capture = imported(
      well(
        bench.shell(
          `(head -c ${2 ** 30} /dev/zero | tr '\\0' x; echo; cat splat.log) | relock import - --json`,
        ),
      ),
    );
    expect(capture.skipped).toContainEqual(expect.objectContaining({ stat: 'line_too_long', count: 1 }));
    expect(capture.reports.map((report) => report.kind)).toEqual(['circular']);
  });

  it('addresses and times of 64 bits: no digit is lost above 2^53', async () => {
    // Neighbours in the last digit are one number as doubles.
    const addresses = ['ffff888100000001', 'ffff888100000002', 'fffffffffffffffe', 'ffffffffffffffff'];
    const times = ['9007199.254740993', '9007199.254740995', '9223372036.854775806', '9223372036.854775807'];
    const lines = addresses.map(
      (address, i) => `       T${i}-${i + 1}   [00${i}] ...1. ${times[i]}: lock_acquire: 0x${address} &a`,
    );
    const text = `# tracer: nop\n#\n${lines.join('\n')}\n`;
    const result = await importSource(sourceOf('edges.txt', Buffer.from(text)));
    if (!result.ok) throw new Error(result.problem.title);
    const { events, locks } = result.capture;
    const requests = [...events.kind.keys()].filter((i) => EVENT_KINDS[events.kind[i]!] === 'request');
    expect(requests.map((i) => events.timeNs[i])).toEqual(times.map((time) => BigInt(time.replace('.', ''))));
    expect(new Set(requests.map((i) => events.lock[i])).size).toBe(addresses.length);
    expect(locks.length).toBe(addresses.length);
    const packed = decodeCapture(encodeCapture(result.capture));
    expect(packed.ok && [...packed.capture.events.timeNs]).toEqual([...events.timeNs]);
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
