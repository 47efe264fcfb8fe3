// Tests of probes of lock functions in text: as the kernel and as trace-cmd print them, and held to what their functions say.
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../corpus/schema/event.js';
import { LOCK_MODES } from '../../corpus/schema/lock.js';
import { lowerCapture } from '../../engine/lower/lower.js';
import { captureOf } from '../testdata/sample-laws.laws.js';

function told({ events, tasks, locks }: Capture): string[] {
  return [...events.kind].map(
    (kind, i) =>
      `${tasks[events.task[i]!]!.pid} ${EVENT_KINDS[kind]} ${LOCK_MODES[events.mode[i]!]} ${locks[events.lock[i]!]?.address?.slice(-7)}`,
  );
}

/** Lines of `trace-cmd report`: names padded to 20 columns, addresses in the place of symbols. */
const REPORT = [
  'cpus=2',
  '        lockload-308   [001]    76.124891: down_write:           (a2e540) lock=0x32ff9c8',
  '        lockload-308   [001]    76.124898: down_write_ret:       (a2e540 <- 3a033e)',
  '        lockload-308   [001]    76.124900: mutex_lock:           (a2cb88) lock=0x2af7770',
  '        lockload-308   [001]    76.124901: mutex_lock_ret:       (a2cb88 <- 205a1e)',
  '        lockload-308   [001]    76.124908: mutex_unlock:         (a2b2f8) lock=0x2af7770',
  '        lockload-308   [001]    76.124934: up_write:             (1b7808) lock=0x32ff9c8',
];

describe('probes in text', () => {
  it('are known by their events where trace-cmd prints addresses, short ones of s390x too', async () => {
    const report = await captureOf(`${REPORT.join('\n')}\n`);
    const expected = [
      '308 request exclusive 32ff9c8',
      '308 acquire exclusive 32ff9c8',
      '308 request exclusive 2af7770',
      '308 acquire exclusive 2af7770',
      '308 release exclusive 2af7770',
      '308 release exclusive 32ff9c8',
    ];
    expect([report.byEvent['down_write_ret'], told(report)]).toEqual([1, expected]);
    const symbols: Readonly<Record<string, string>> = {
      a2e540: 'down_write+0x0/0x80',
      a2cb88: 'mutex_lock+0x0/0x60',
      a2b2f8: 'mutex_unlock+0x0/0x60',
      '1b7808': 'up_write+0x0/0x40',
    };
    const kernel = REPORT.slice(1).map((line) =>
      line
        .replace(/: +\(/, ': (')
        .replace(
          /\((\w+) <- (\w+)\)/,
          (_all, func: string) => `(caller+0x8/0x90 <- ${symbols[func]!.split('+')[0]})`,
        )
        .replace(/\((\w+)\)/, (_all, at: string) => `(${symbols[at]})`)
        .replace('[001] ', '[001] .....'),
    );
    expect(told(await captureOf(`# tracer: nop\n#\n${kernel.join('\n')}\n`))).toEqual(expected);
  });

  it('do not let a writer that was taken elsewhere give back what a reader has', async () => {
    // 308 took it by a function without a probe; 310 waits for it; then both go on. Seen in a recording of Linux 6.1.
    const line = (pid: number, at: string, rest: string): string =>
      `        lockload-${pid}   [001]    76.48${at}: ${rest}`;
    const lock = 'lock=0x2baac60';
    const text = [
      'cpus=2',
      line(310, '4408', `down_read:            (a2db28) ${lock}`),
      line(308, '4668', `up_write:             (1b7808) ${lock}`),
      line(310, '5019', `up_read:              (1b7848) ${lock}`),
      line(310, '5047', `down_read:            (a2db28) ${lock}`),
      line(310, '5243', `up_read:              (1b7848) ${lock}`),
      line(308, '5249', `down_write:           (a2e540) ${lock}`),
      line(308, '5252', `down_write_ret:       (a2e540 <- 3a033e)`),
      line(308, '5391', `up_write:             (1b7808) ${lock}`),
    ];
    const capture = await captureOf(`${text.join('\n')}\n`);
    expect(told(capture).filter((event) => event.includes('release'))).toEqual([
      '310 release read 2baac60',
      '310 release read 2baac60',
      '308 release exclusive 2baac60',
    ]);
    expect(lowerCapture(capture).programs).toEqual([]);
  });

  it('and calls that tell no lock are counted, not passed over in silence', async () => {
    const call = (at: string, what: string): string =>
      `              sh-120     [000] .....    17.55${at}: ${what}`;
    const text = [
      '# tracer: function',
      '#',
      call('6102', 'mutex_lock <-tracing_release_generic_tr'),
      call('6119', 'mutex_unlock <-tracing_release_generic_tr'),
      call('6990', 'mutex_lock <-futex_exec_release'),
    ];
    const capture = await captureOf(`${text.join('\n')}\n`);
    expect(capture.skipped.map(({ stat, count, first_line }) => [stat, count, first_line])).toEqual([
      ['calls_without_lock', 2, 3],
    ]);
  });

  it('have the lock in their first address, alone or among other arguments', async () => {
    const taken = async (rest: string): Promise<string | null | undefined> => {
      const line = `              sh-120     [000] .....    17.556102: mutex_lock: (mutex_lock+0x0/0x60)${rest}`;
      return (await captureOf(`# tracer: nop\n#\n${line}\n`)).locks[0]?.address;
    };
    for (const rest of ['', ' flags=0x5', ' cnt=3 name="x"']) {
      expect(await taken(` lock=0x2af7770${rest}`)).toBe('0000000002af7770');
      expect(await taken(` cnt=3 lock_2=0xff11000000ddd3e8${rest}`)).toBe('ff11000000ddd3e8');
    }
    for (const rest of [
      '',
      ' lock=0x12',
      ' lock=2af7770',
      ' lock=0x123456789abcdef01',
      '  lock=',
      ' =0x12345',
    ])
      expect([rest, await taken(rest)]).toEqual([rest, undefined]);
  });
});
