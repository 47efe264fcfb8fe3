// Tests of what perf prints: numbered samples, call chains as sites, losses, columns, and recordings of a real kernel.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { explore } from '../../engine/explore/exhaustive.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';
import { perfLockImporter } from './lock-tables.js';
import { perfScriptImporter } from './script.js';

const SAMPLES = join(import.meta.dirname, '../testdata/perf');
const SHARED = join(import.meta.dirname, '../../../shared/formats-samples/perf');
const sample = (name: string): string => readFileSync(join(SAMPLES, name), 'utf8');

sampleTests('perf');

/** Events in order: `PID kind class`. */
function lockEvents(capture: Capture): string[] {
  const { events, tasks, locks, classes } = capture;
  return [...events.kind].map((kind, i) => {
    const lock = locks[events.lock[i]!];
    return [
      tasks[events.task[i]!]!.pid,
      EVENT_KINDS[kind],
      lock === undefined ? '-' : classes[lock.class]!.name,
    ].join(' ');
  });
}

describe('perf script', () => {
  it('makes one program of locks that two tasks took in both orders, with the places in the kernel', async () => {
    const capture = await captureOf(sample('01-lock-events-with-chains.txt'));
    expect(lowerCapture(capture).programs.length).toBe(1);
    expect(capture.sites.map((site) => site.at)).toEqual(['lf_first', 'lf_second']);
    expect(capture.sites[0]!.frames.map((frame) => capture.strings[frame])).toEqual([
      'lock_acquire',
      '__mutex_lock',
      'lf_first',
      'vfs_write',
      'ksys_write',
      'do_syscall_64',
      'entry_SYSCALL_64_after_hwframe',
    ]);
    expect(capture.tasks.map((task) => task.name)).toEqual(['echo', 'Web Content']);
  });

  it('takes the address of a probe for no function, and leaves probes of programs alone', async () => {
    const capture = await captureOf(sample('03-probes.txt'));
    expect(capture.sites).toEqual([]);
    expect(lowerCapture(capture).programs.length).toBe(1);
    expect(new Set(capture.locks.map((lock) => lock.address))).toEqual(
      new Set(['ffff888101c2a0b8', 'ffff888101c2a168']),
    );
  });

  it('concludes nothing across a loss, and assumes that losses without a place do not matter', async () => {
    const capture = await captureOf(sample('02-losses-and-columns.txt'));
    expect(lockEvents(capture)).toContain('811 gap -');
    expect(capture.episodes.length).toBeGreaterThan(1);
    for (const episode of capture.episodes)
      expect(episode.assumes).toContainEqual(
        expect.stringMatching(/^ASSUMED BEYOND THE LOG: perf lost records without saying where/),
      );
  });

  it('knows from the records of --show-task-events who began behind whom, not of those who ran before', async () => {
    const capture = await captureOf(sample('06-task-events.txt'));
    const lives = lockEvents(capture).filter((event) => /fork|exit/.test(event));
    // The tracepoint tells the same fork once more.
    expect(lives).toEqual(['811 fork -', '902 exit -']);
    const { programs } = lowerCapture(capture);
    expect(programs.flatMap(({ program }) => explore(program, { states: 10_000 }).finds)).toEqual([]);
    const withoutForks = sample('06-task-events.txt')
      .split('\n')
      .filter((line) => !line.includes('PERF_RECORD_FORK') && !line.includes('sched_process_fork'));
    const apart = lowerCapture(await captureOf(withoutForks.join('\n'))).programs;
    expect(apart.flatMap(({ program }) => explore(program, { states: 10_000 }).finds).length).toBe(1);
  });

  it('reads the same whatever columns -F chose, as long as the thread is among them', async () => {
    const steps = [
      [811, 'acquire', 'a'],
      [811, 'acquired', 'a'],
      [811, 'acquire', 'b'],
      [811, 'acquired', 'b'],
      [811, 'release', 'b'],
      [811, 'release', 'a'],
      [5, 'acquire', 'b'],
      [5, 'acquired', 'b'],
      [5, 'release', 'b'],
    ] as const;
    const columns = fc.record({
      comm: fc.constantFrom('', 'sh', 'Web Content', 'kworker/0:1-ev', 'a 7', ':811'),
      padded: fc.boolean(),
      pid: fc.boolean(),
      cpu: fc.boolean(),
      digits: fc.constantFrom(0, 6, 9),
      period: fc.boolean(),
      misc: fc.boolean(),
    });
    const print = (chosen: Parameters<Parameters<typeof columns.map>[0]>[0]): string =>
      steps
        .map(([tid, what, lock], i) =>
          [
            chosen.padded ? chosen.comm.padStart(16) : chosen.comm,
            `${chosen.pid ? `${tid}/` : ''}${tid}`.padStart(chosen.padded ? 7 : 0),
            ...(chosen.cpu ? ['[002]'] : []),
            ...(chosen.misc ? ['K   '] : []),
            ...(chosen.digits === 0 ? [] : [`  10.${String(i).padStart(chosen.digits, '0')}:`]),
            ...(chosen.period ? ['         1'] : []),
            `lock:lock_${what}:`.padStart(20),
            `0xffff88810000000${lock} lf_${lock}`,
          ].join(' '),
        )
        .join('\n');
    const expected = lockEvents(await captureOf(sample('01-lock-events-with-chains.txt'))).slice(0, 6);
    await fc.assert(
      fc.asyncProperty(columns, async (chosen) => {
        const capture = await captureOf(print(chosen), { format: 'perf-script' });
        expect(capture.skipped).toEqual([]);
        expect(lockEvents(capture).slice(0, 6)).toEqual(expected);
        expect(lockEvents(capture).slice(6)).toEqual(['5 request lf_b', '5 acquire lf_b', '5 release lf_b']);
      }),
      { numRuns: 60 },
    );
  });
});

describe('tables of perf lock', () => {
  it('are read where they are quoted, but a log with reports in it stays a log', async () => {
    const table = sample('05-contention-tables.txt').split('\n').slice(1, 8);
    const quoted = ['Hi,', '', ...table.map((line) => `> > ${line}`), '> regards', ''].join('\n');
    const capture = await captureOf(quoted);
    expect([capture.format, capture.notes?.length, capture.skipped]).toEqual(['perf-lock', 2, []]);
    const log = '[    1.000000] INFO: task a:1 blocked for more than 120 seconds.\n';
    expect((await captureOf(`${log}${table.join('\n')}\n`)).format).toBe('kernel-log');
  });

  it('become notes in nanoseconds, with who waited, for what, and the call chain', async () => {
    const { notes = [] } = await captureOf(sample('05-contention-tables.txt'));
    expect(notes.map((note) => note.facts)).toEqual([
      {
        role: 'waiter',
        type: 'rwsem:W',
        site: 'vfs_write',
        times: 12,
        wait_total_ns: 1_870_000_000,
        wait_max_ns: 391_440_000,
        wait_avg_ns: 156_090_000,
        frames: 'rwsem_down_write_slowpath < vfs_write',
      },
      expect.objectContaining({ site: '__schedule', times: 2, wait_max_ns: 23_580 }),
      expect.objectContaining({ role: 'waiter', pid: 1234, task: 'kworker/0:1' }),
      expect.objectContaining({
        role: 'lock',
        address: 'ffff888627c2ba80',
        symbol: 'rq_lock',
        type: 'spinlock',
      }),
      expect.objectContaining({ role: 'holder', pid: -1, task: 'Unknown' }),
      expect.objectContaining({ role: 'lock', class: '&rq->__lock', acquired: 1234, wait_min_ns: 500 }),
    ]);
  });
});

it('lines of any length and shape are looked at once', () => {
  // A search that goes back over a line of 64 KiB for each of its blanks takes minutes; the timeout of the test notices.
  const parts = [
    ' ',
    '\t ',
    '> | ',
    'a ',
    '1 ',
    '1/',
    '1 1 ns ',
    'a 1 ',
    'x: ',
    '0x1 a ',
    'LOST 1 event ',
    'ab (',
    '[1] ',
  ];
  for (const part of parts)
    for (const end of ['', 'x', ')', '!']) {
      const head = `${part.repeat(65_536 / part.length)}${end}`;
      expect([perfScriptImporter.sniff(head), perfLockImporter.sniff(head)]).toEqual([false, false]);
    }
});

describe.skipIf(!existsSync(SHARED))('recordings of a real kernel (../shared)', () => {
  const text = (name: string): string => readFileSync(join(SHARED, name), 'utf8');

  it.each(['perf-script-contention-callchains.txt', 'perf-script-contention-ns.txt'])(
    '%s: as many records as grep counts, nothing about order',
    async (name) => {
      const capture = await captureOf(text(name));
      for (const event of ['contention_begin', 'contention_end'])
        expect(capture.byEvent[event]).toBe(text(name).match(new RegExp(`lock:${event}:`, 'g'))?.length);
      expect(capture.skipped.map((skip) => skip.stat)).toEqual(['contention_without_order']);
      expect(capture.arch).toBe('x86_64');
      expect(lowerCapture(capture).programs).toEqual([]);
    },
  );

  it('tell the same with and without call chains, the times to the nanosecond, no frame of a program', async () => {
    const chains = await captureOf(text('perf-script-contention-callchains.txt'));
    const plain = await captureOf(text('perf-script-contention-ns.txt'));
    expect(lockEvents(chains)).toEqual(lockEvents(plain));
    expect(plain.events.timeNs[0]).toBe(3_885_995_021_800n);
    expect(plain.sites).toEqual([]);
    expect(chains.sites.length).toBeGreaterThan(5);
    const frames = chains.sites.flatMap((site) => site.frames.map((frame) => chains.strings[frame]));
    expect(frames).toContain('entry_SYSCALL_64_after_hwframe');
    expect(frames).not.toContain('start_thread');
  });

  it('perf-lock-contention.txt: a note a row', async () => {
    const table = text('perf-lock-contention.txt');
    const capture = await captureOf(table);
    expect(capture.format).toBe('perf-lock');
    expect(capture.notes?.length).toBe(table.match(/^ *\d+ /gm)?.length);
    expect(capture.skipped).toEqual([]);
    expect(capture.events.kind.length).toBe(0);
  });
});
if (!existsSync(SHARED))
  console.warn('perf: ../shared is missing, recordings of a real kernel were not read');
