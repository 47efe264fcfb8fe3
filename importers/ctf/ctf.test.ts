// Tests of CTF text: numbered samples, every form of babeltrace2's head, threads by switches, what the tracer discarded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf, sampleTests } from '../testdata/sample-laws.laws.js';
import { ctfImporter } from './importer.js';
import { readCtfLine, readDiscarded } from './line.js';

const SAMPLES = join(import.meta.dirname, '../testdata/ctf');
const sample = (name: string): string => readFileSync(join(SAMPLES, name), 'utf8');

// A warning of babeltrace2 before the records looks like a kernel's; the kernel log is asked last.
sampleTests('ctf', { alsoClaimedBy: ['kernel-log'] });

/** Events in order: `PID kind class`. */
function lockEvents({ events, tasks, locks, classes }: Capture): string[] {
  return [...events.kind].map((kind, i) => {
    const lock = locks[events.lock[i]!];
    const task = tasks[events.task[i]!]!;
    return `${task.pid ?? task.name} ${EVENT_KINDS[kind]} ${lock === undefined ? '-' : classes[lock.class]!.name}`;
  });
}

const programs = (capture: Capture): number => lowerCapture(capture).programs.length;

describe('CTF text', () => {
  it('makes one program of locks that two threads took in both orders, and names what it knows', async () => {
    const capture = await captureOf(sample('01-lttng-both-orders.txt'));
    expect(programs(capture)).toBe(1);
    expect(capture.tasks.map((task) => `${task.pid} ${task.name}`)).toEqual([
      '800 insmod',
      '811 lf_t1_ab',
      '812 lf "t2"',
    ]);
    expect(capture.locks.map((lock) => lock.address)).toEqual([
      'ffff888101c2a0b8',
      'ffff888101c2a168',
      'ffff888101c2b000',
    ]);
    const told = lockEvents(capture);
    expect([told[0], told.at(-3), told.at(-1)]).toEqual([
      '800 fork -',
      '812 try-acquire &lf_s',
      '812 sleep -',
    ]);
  });

  it('gives the same events with all names, fields and dates', async () => {
    const all = await captureOf(sample('04-all-names-and-dates.txt'));
    const few = await captureOf(sample('01-lttng-both-orders.txt'));
    expect(lockEvents(all)).toEqual(lockEvents(few));
    expect(all.events.timeNs[0]).toBe(1_700_000_000_000_001_500n);
    expect(few.events.timeNs[0]).toBe(80_000_000_001_500n);
  });

  it('gives the lock events that ftrace text of the same records gives', async () => {
    const text = sample('01-lttng-both-orders.txt');
    const ftrace = ['# tracer: nop'];
    for (const line of text.split('\n')) {
      const record = readCtfLine(line);
      if (record === null || record === 'cut' || !record.name.startsWith('lock_')) continue;
      const { context, payload } = record;
      const flags = Number(payload.get('flags') ?? 0);
      const words = `${(flags & 1) !== 0 ? 'try ' : ''}${(flags & 2) !== 0 ? 'read ' : ''}`;
      ftrace.push(
        `${'x'.padStart(16)}-${context.get('tid')!.padEnd(7)} [00${context.get('cpu_id')}] ..... ` +
          `10.${String(ftrace.length).padStart(6, '0')}: ${record.name}: ${payload.get('lockdep_addr')!.toLowerCase()} ` +
          `${words}${JSON.parse(payload.get('name')!)}`,
      );
    }
    const locks = (capture: Capture): string[] =>
      lockEvents(capture).filter((event) => !event.endsWith(' -'));
    expect(locks(await captureOf(text))).toEqual(locks(await captureOf(`${ftrace.join('\n')}\n`)));
  });

  it('finds threads by sched_switch, and does not blame them for interrupts', async () => {
    const capture = await captureOf(sample('02-threads-by-switches.txt'));
    expect(programs(capture)).toBe(1);
    const told = lockEvents(capture);
    expect(told.filter((event) => event.includes('&lf_s'))).toEqual([
      'hardirq on CPU 0 request &lf_s',
      'hardirq on CPU 0 acquire &lf_s',
      'hardirq on CPU 0 release &lf_s',
    ]);
    expect([told.includes('811 sleep -'), told.at(-1)]).toEqual([true, '812 exit -']);
  });

  it('has the context of every record where perf kept it', async () => {
    const capture = await captureOf(sample('07-perf-to-ctf.txt'));
    expect(capture.episodes.flatMap((episode) => episode.assumes)).toEqual([]);
    expect(programs(capture)).toBe(0);
    const locker = capture.events.task[capture.events.lock.findIndex((lock) => lock >= 0)]!;
    expect(capture.tasks[locker]!.name).toBe('softirq on CPU 1');
  });

  it('reads probes of perf, whose addresses are decimal', async () => {
    const capture = await captureOf(sample('08-probes-halves-and-others.txt'));
    expect(programs(capture)).toBe(1);
    expect(capture.locks.map((lock) => lock.address)).toEqual(['ffff8881051620b8', 'ffff888105162168']);
  });
});

describe('what the tracer discarded', () => {
  const text = sample('03-discarded-events.txt');
  const [expectation = '', warning = '', ...records] = text.trimEnd().split('\n');
  const at = (from: number, to: number): string[] => records.slice(from, to);

  it('is a gap, and what lies between discarded events is not used, wherever the warning stands before it', async () => {
    const capture = await captureOf(text);
    expect(lockEvents(capture).filter((event) => event.endsWith('gap -'))).toEqual(['811 gap -']);
    // At a terminal the warning comes in its place; with both outputs in one pipe before everything.
    const inPlace = await captureOf([expectation, ...at(0, 5), warning, ...at(5, 99)].join('\n'));
    expect(lockEvents(inPlace)).toEqual(lockEvents(capture));
    expect(inPlace.skipped.map((skip) => [skip.stat, skip.count])).toEqual(
      capture.skipped.map((skip) => [skip.stat, skip.count]),
    );
  });

  it('that is told behind everything, or on another clock, is an assumption beyond the log', async () => {
    const late = await captureOf([...records, warning].join('\n'));
    for (const capture of [late, await captureOf(sample('05-cycles-losses-without-place.txt'))]) {
      expect(capture.skipped.map((skip) => skip.stat)).toEqual([
        'ctf_events_discarded',
        'ctf_losses_unplaced',
      ]);
      for (const { assumes } of capture.episodes)
        expect(assumes).toContainEqual(
          expect.stringMatching(/^ASSUMED BEYOND THE LOG: the tracer discarded events/),
        );
    }
  });

  it('across midnight is found where dates were not printed', async () => {
    const night = (line: string): string =>
      line.replace(
        /22:13:20\.0000(\d)/g,
        (_all, ten: string) => (ten < '2' ? '23:59:59.0000' : '00:00:00.0000') + ten,
      );
    const capture = await captureOf([warning, ...records].map(night).join('\n'));
    expect(lockEvents(capture)).toEqual(lockEvents(await captureOf(text)));
  });

  it('is read from babeltrace 1 and 2', () => {
    expect(readDiscarded(warning)).toEqual({
      count: 3,
      from: { seconds: 80_000, nanos: 9_000, ofDay: true },
      to: { seconds: 80_000, nanos: 28_000, ofDay: true },
    });
    const one =
      '[warning] Tracer discarded 2349 events between [20:26:35.656284527] and [20:26:35.669416457] in trace UUID 2838';
    expect(readDiscarded(one)?.count).toBe(2349);
    expect(readDiscarded(one)?.from?.nanos).toBe(656_284_527);
    const end = 'WARNING: Tracer discarded 7 packets (unknown time range) in trace "x"';
    expect(readDiscarded(end)).toEqual({ count: 7, from: null, to: null });
  });
});

describe('one line', () => {
  it('is read whatever a string, an array or a structure holds', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '}', '{', ',', ' ', "'", ']', '= ', ': {'),
    });
    fc.assert(
      fc.property(text, text, fc.nat(), (name, other, number) => {
        const quoted = (value: string): string => `"${value.replace(/["'?\\]/g, '\\$&')}"`;
        const line = `[22:13:20.000000001] (+0.000000001) h e: { cpu_id = 3 }, { procname = ${quoted(name)}, tid = 7 }, { s = { a = [ [0] = ${quoted(other)}, [1] = 2 ] }, e = ( "A" : container = ${number} ), o = ${quoted(other)}, z = -1 }`;
        const record = readCtfLine(line);
        if (record === null || record === 'cut') throw new Error(line);
        expect(record.payload.get('o')).toBe(quoted(other));
        expect([record.payload.get('z'), record.context.get('cpu_id'), record.named]).toEqual([
          '-1',
          '3',
          true,
        ]);
        for (const cut of [line.slice(0, -1), line.slice(0, -2)]) expect(readCtfLine(cut)).toBe('cut');
      }),
    );
  });

  it('keeps its meaning under every head that babeltrace2 prints', async () => {
    const heads = fc.record({
      stamp: fc.constantFrom(
        '[22:13:20.%] ',
        '[2023-11-14 22:13:20.%] ',
        '[1700000000.%] ',
        '[00000000000%] ',
        '',
      ),
      delta: fc.constantFrom(
        '',
        '(+0.000001000) ',
        '(+?.?????????) ',
        '(+000000001000) ',
        '(+????????????) ',
      ),
      host: fc.constantFrom('', 'vm1 ', 'kernel ', 'my-trace vm1:kernel ', 'vm1:kernel:TRACE_DEBUG (14) '),
      scopes: fc.boolean(),
      colour: fc.boolean(),
    });
    const plain = sample('01-lttng-both-orders.txt');
    const expected = lockEvents(await captureOf(plain));
    await fc.assert(
      fc.asyncProperty(heads, async ({ stamp, delta, host, scopes, colour }) => {
        let text = plain.replace(
          /^\[22:13:20\.(\d{9})\] \(\S+\) vm1 /gm,
          (_all, nanos: string) => `${stamp.replace('%', nanos)}${delta}${host}`,
        );
        if (scopes)
          text = text.replace(
            /^(.*?: )(\{ cpu_id = \d \}), (\{.*\}), (\{.*)$/gm,
            (_all, a: string, b: string, c: string, d: string) =>
              `${a}stream.packet.context = ${b}, stream.event.context = ${c}, event.fields = ${d}`,
          );
        if (colour) text = text.replace(/\b(\w+)(?= = )/g, '\u001b[36m$1\u001b[0m');
        const capture = await captureOf(text);
        expect([capture.format, capture.skipped, lockEvents(capture)]).toEqual(['ctf', [], expected]);
      }),
      { numRuns: 60 },
    );
  });
});

it('is nothing that others print', () => {
  for (const line of [
    '[   12.345678] foo: { cpu_id = 0 }',
    'static struct x y: { int z; }',
    '{ "name": { "cpu_id": 1 } }',
    'sched_switch: { prev = 1 }',
    '[22:13:20.000000001] starting: everything is fine',
  ])
    expect([line, ctfImporter.sniff(`${line}\n`)]).toEqual([line, false]);
});

it('lines of any length and shape are looked at once', () => {
  const parts = [
    ' ',
    '[1.000000000] ',
    'a ',
    'a: ',
    '{ ',
    '(+1) ',
    'timestamp = ',
    'name = a, ',
    '"',
    'Tracer discarded ',
    '= ',
  ];
  for (const part of parts)
    for (const end of ['', 'x', '}', ': { ']) {
      const head = `${part.repeat(65_536 / part.length)}${end}`;
      expect(ctfImporter.sniff(head)).toBe(false);
      const whole = end === '}' && (part === ' ' || part === 'name = a, ');
      expect(readCtfLine(`[1.000000000] e: { cpu_id = 0 }, { ${head}`) === 'cut').toBe(!whole);
    }
});
