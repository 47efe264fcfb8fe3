// Tests of bpftrace output: samples, records of several buffers put in order, call chains, losses, and the bundled recorder.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';
import { lockFunction } from '../trace-events/lock-functions.js';

const TESTDATA = join(import.meta.dirname, '../testdata/bpftrace');
const read = (name: string) => readFileSync(join(TESTDATA, name), 'utf8');

sampleTests('bpftrace');

const steps = (capture: Capture) =>
  [...capture.events.kind].map((kind, i) => {
    const site = capture.sites[capture.events.site[i]!]?.at;
    const task = capture.tasks[capture.events.task[i]!]?.name;
    return `${task} ${EVENT_KINDS[kind]}${site === undefined ? '' : ` in ${site}`}`;
  });

describe('records of the recorder', () => {
  it('are put in the order of time, with task, address, call site and line', async () => {
    const text = read('01-x86-abba.json');
    const capture = await captureOf(text);
    expect(steps(capture).slice(0, 6)).toEqual([
      'my remover wake',
      'my remover request in pci_stop_and_remove_bus_device_locked',
      'my remover acquire',
      'my remover request in device_release_driver_internal',
      'my remover acquire',
      'my remover release in device_release_driver_internal',
    ]);
    expect(capture.locks.map(({ address }) => address)).toEqual(['ffff888012340040', 'ffff888012340a80']);
    // By whom they are taken: the recorder knows addresses alone.
    expect(capture.locks.map((lock) => capture.classes[lock.class]!.name)).toEqual([
      'pci_rescan_remove_lock',
      '&dev->mutex',
    ]);
    const lines = text.split('\n');
    capture.events.where.forEach((line, i) => {
      expect(lines[line - 1]).toContain(capture.tasks[capture.events.task[i]!]!.name);
    });
    const { programs } = lowerCapture(capture);
    expect(programs.map(({ basis, program }) => [basis, program.tasks.length])).toEqual([['recorded', 2]]);
  });

  it('give the same as JSON and as text', async () => {
    const json = read('01-x86-abba.json');
    const text = json
      .split('\n')
      .filter((line) => line.includes('"printf"'))
      .map((line) => (JSON.parse(line) as { data: string }).data)
      .join('');
    const [one, other] = [await captureOf(json), await captureOf(`Attaching 46 probes...\n${text}`)];
    expect(steps(other)).toEqual(steps(one));
    expect(other.locks).toEqual(one.locks);
  });

  it('that were lost leave every order open', async () => {
    const text = read('01-x86-abba.json');
    const lost = await captureOf(`${text}{"type": "lost_events", "data": {"events": 3}}\n`);
    expect(lost.skipped.map(({ stat, count }) => [stat, count])).toEqual([['records_lost', 3]]);
    for (const { assumes } of lost.episodes)
      expect(assumes).toContainEqual(
        expect.stringContaining('ASSUMED BEYOND THE LOG: bpftrace lost records'),
      );
  });

  it('refused and granted trylocks, readers and spinlocks are told apart', async () => {
    const capture = await captureOf(read('02-text-with-losses.txt'));
    expect(steps(capture).filter((step) => / (?:try-acquire|refuse)/.test(step))).toEqual([
      'reader try-acquire',
      'writer refuse',
    ]);
    expect(capture.classes.map(({ kind }) => kind).sort()).toEqual(['mutex', 'rwsem', 'spinlock']);
  });
});

describe('maps', () => {
  it('are annotations with name, key and value', async () => {
    const { notes = [] } = await captureOf(read('01-x86-abba.json'));
    expect(notes.map(({ text, facts }) => [text, facts])).toEqual([
      ['@held[mutex_lock,101]: 2', { kind: 'map', map: '@held', key: 'mutex_lock,101', value: 2 }],
      ['@held[mutex_lock,102]: 2', { kind: 'map', map: '@held', key: 'mutex_lock,102', value: 2 }],
      [
        '@usecs: [{"min":0,"max":0,"count":3},{"min":1,"max":1,"count":1}]',
        {
          kind: 'hist',
          map: '@usecs',
          key: null,
          value: '[{"min":0,"max":0,"count":3},{"min":1,"max":1,"count":1}]',
        },
      ],
    ]);
  });
});

describe('the bundled recorder', () => {
  it('probes lock functions alone, each of which relock knows', () => {
    const script = readFileSync(join(import.meta.dirname, 'recorder.bt'), 'utf8').replace(
      /\/\*[\s\S]*?\*\//,
      '',
    );
    const functions = [...script.matchAll(/\bk(?:ret)?probe:(\w+)/g)].map(([, name = '']) => name);
    expect(functions.length).toBeGreaterThan(40);
    expect(functions.filter((name) => lockFunction(name).call === null)).toEqual([]);
    expect(script.match(/printf\("relock1 %llu %d %d %s /g)?.length).toBe(script.match(/printf/g)?.length);
  });
});
