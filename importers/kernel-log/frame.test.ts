// Tests of the call-trace line reader: one line per architecture and age.
import { describe, expect, it } from 'vitest';
import { parseFrame } from './frame.js';

const real = (func: string, module: string | null = null) => ({
  func,
  reliable: true,
  module,
  inline: false,
});
const guess = (func: string, module: string | null = null) => ({
  func,
  reliable: false,
  module,
  inline: false,
});

describe('parseFrame', () => {
  it.each([
    [' __schedule+0x3f4/0xa08', real('__schedule')],
    ['       lock_acquire+0xd1/0x310', real('lock_acquire')],
    [' ? __schedule+0x3f4/0xa08', guess('__schedule')],
    [' nfsd_svc+0x1/0x2 [nfsd]', real('nfsd_svc', 'nfsd')],
    [' ? xe_pm+0x12/0x34 [xe 0123abcd]', guess('xe_pm', 'xe')],
    ['mutex_lock.constprop.0.isra.0+0x1c/0x24', real('mutex_lock.constprop.0.isra.0')],
    [' [<ffffffff810a2f35>] ? trace_hardirqs_on+0x15/0x20', guess('trace_hardirqs_on')],
    [' [<ffffffff810a2f35>] wait_on_work+0x15/0x20 [libata]', real('wait_on_work', 'libata')],
    [' [<0000000000a29acc>] __schedule+0x3f4/0xa08 ', real('__schedule')],
    ['([<0000000000a29acc>] __schedule+0x3f4/0xa08)', guess('__schedule')],
    [
      '[c000000012ec88d5] [c0000000016fc34d] dump_stack_lvl+0x108/0x1ac (unreliable)',
      guess('dump_stack_lvl'),
    ],
    ['[c000000095a24ad5] [c0000000016fc34d] worker_thread+0x108/0x18c', real('worker_thread')],
    ['[c000000012ec88d5] [c000000012ec8835] 0xc0000000129733e0 (unreliable)', null],
    [' [<ffffffff80003f4c>] dump_backtrace+0x1c/0x44', real('dump_backtrace')],
    [' queued_spin_lock_slowpath+0x78/0x480 (P)', real('queued_spin_lock_slowpath')],
    ['[<80c1e5e8>] (__schedule) from [<80c1eb20>] (schedule+0x60/0xfc)', real('__schedule')],
    [
      '[<c0014990>] (unwind_backtrace+0x0/0x114) from [<c01b46b0>] (do_raw_spin_lock+0x100/0x164)',
      real('unwind_backtrace'),
    ],
    [' __lock_acquire from lock_acquire+0x110/0x384', real('__lock_acquire')],
    [
      ' __schedule kernel/sched/core.c:5380 [inline]',
      { func: '__schedule', reliable: true, module: null, inline: true },
    ],
    [' schedule+0x14b/0x340 kernel/sched/core.c:6842', real('schedule')],
    [
      ' [<     inline     >] schedule kernel/sched/core.c:5380',
      { func: 'schedule', reliable: true, module: null, inline: true },
    ],
    [' inet_release+0x14b/0x320 [ipv6 12] net/ipv6/af.c:12', real('inet_release', 'ipv6')],
    [' __lock_acquire (kernel/locking/lockdep.c:5090) ', real('__lock_acquire')],
    [' ? free_pid (kernel/pid.c:147)', guess('free_pid')],
    [' do_exit (kernel/a.h:35 (discriminator 1) kernel/exit.c:941) xe', real('do_exit', 'xe')],
    ['do_exit (see kernel/exit.c:941)', null],
    [' 0xffffffffffffffff', null],
    ['       0xbea4d75c', null],
    [' <TASK>', null],
    [' #0: ffff888 (&dev->mutex){....}-{3:3}, at: device_lock+0x12/0x30', null],
    ['-> #1 (&dev->mutex){....}-{3:3}:', null],
    ['RIP: 0010:foo+0x12/0x30', null],
    ['it crashed in foo+0x12/0x30', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(parseFrame(text)).toEqual(expected);
  });
});
