// A campaign carried from one lab to another: by pipe, by file, packed, damaged, and back.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomeOf } from './campaign-ends.laws.js';
import { json } from './json-forms.laws.js';
import { Bench } from './spawned.laws.js';

const bench = new Bench();
const NIGHT = ['fuzz', 'night', '--seed', '3', '--shards', '1', '-j', '1'];

beforeAll(() => {
  bench.sample('x86_64-abba-splat.log');
  expect(bench.relock(['import', 'x86_64-abba-splat.log', '--db', 'here.db']).code).toBe(0);
  expect(bench.relock([...NIGHT, '--execs', '300', '--db', 'here.db']).code).toBe(1);
  expect(
    bench.relock(['export', 'campaign', 'night', '-o', 'night.relock', '--db', 'here.db']),
  ).toMatchObject({
    code: 0,
    stdout: '',
  });
});
afterAll(() => bench.remove());

const merged = (stdout: string): unknown => (json(stdout) as { merged?: readonly unknown[] }).merged?.[0];

describe('a campaign by file', () => {
  it('comes out of a pipe as it is, and goes on as it would have at home', () => {
    const { code, stderr } = bench.shell(
      'relock export campaign night --db here.db | relock import - --db there.db',
    );
    expect(code, stderr).toBe(0);
    expect(outcomeOf(bench.path('there.db'), 'night')).toEqual(outcomeOf(bench.path('here.db'), 'night'));
    expect(bench.relock(['verify-db', '--db', 'there.db']).code).toBe(0);
    const figures = (db: string) => bench.relock(['status', 'night', '--json', '--db', db]).stdout;
    expect(json(figures('there.db'))).toEqual(json(figures('here.db')));
    for (const db of ['here.db', 'there.db'])
      expect([0, 1]).toContain(bench.relock([...NIGHT, '--execs', '200', '--db', db]).code);
    expect(outcomeOf(bench.path('there.db'), 'night')).toEqual(outcomeOf(bench.path('here.db'), 'night'));
  });

  it('is taken in once, plain or packed', () => {
    writeFileSync(bench.path('night.relock.gz'), gzipSync(readFileSync(bench.path('night.relock'))));
    const first = bench.relock(['import', 'night.relock.gz', '--json', '--db', 'twice.db']);
    expect(first.code, first.stderr).toBe(0);
    expect(merged(first.stdout)).toMatchObject({ captures: 1, programs: 1, campaigns: 1, refused: [] });
    const again = bench.relock(['import', 'night.relock', '--json', '--db', 'twice.db']);
    expect(again.code, again.stderr).toBe(0);
    expect(merged(again.stdout)).toMatchObject({ captures: 0, witnesses: 0, sightings: 0, campaigns: 0 });
  });

  it('damaged, cut or of a newer relock is refused by name, and the rest goes on', () => {
    const whole = readFileSync(bench.path('night.relock'));
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 1;
    const newer = Buffer.from(whole);
    newer.writeUInt32LE(99, 8);
    bench.write('flipped.relock', flipped);
    bench.write('cut.relock', whole.subarray(0, whole.length - 9));
    bench.write('newer.relock', newer);
    const all = ['flipped.relock', 'cut.relock', 'newer.relock', 'x86_64-abba-splat.log'];
    const { code, stderr, stdout } = bench.relock(['import', ...all, '--json', '--db', 'damaged.db']);
    expect(code).toBe(2);
    for (const [title, file] of [
      ['THIS PACKED CAMPAIGN IS DAMAGED', 'flipped.relock'],
      ['THIS PACKED CAMPAIGN IS CUT SHORT', 'cut.relock'],
      ['THIS PACKED CAMPAIGN WAS WRITTEN BY A NEWER RELOCK', 'newer.relock'],
    ] as const)
      expect(stderr).toMatch(new RegExp(`${title}\\s+${file}`));
    expect(json(stdout)).toMatchObject({ captures: [{ file: 'x86_64-abba-splat.log' }] });
    expect(json(bench.relock(['status', '--json', '--db', 'damaged.db']).stdout)).toMatchObject({
      campaigns: [],
    });
  });

  it('that is not there is said, and bytes go into no JSON and over no file', () => {
    expect(bench.relock(['export', 'campaign', 'noon', '--db', 'here.db']).stderr).toContain(
      'NO CAMPAIGN HAS THIS NAME',
    );
    const asJson = bench.relock(['export', 'campaign', '--json', '--db', 'here.db']);
    expect(asJson.code).toBe(2);
    expect(asJson.stderr).toContain('A CAMPAIGN IS BYTES, NOT TEXT');
    expect(bench.relock(['export', 'campaign', '-o', 'night.relock', '--db', 'here.db']).stderr).toContain(
      'THE FILE EXISTS',
    );
    expect(bench.relock(['import', 'x86_64-abba-splat.log', '--db', 'none.db']).code).toBe(0);
    expect(bench.relock(['export', 'campaign', '--db', 'none.db'])).toMatchObject({ code: 4, stdout: '' });
  });
});
