// Tests of reading printed locks: every form since 4.x, and every way in which mail clients break one.
import { describe, expect, it } from 'vitest';
import { createHeldList } from './held-list.js';
import { joinLock, lockText, parseLock } from './lock-ref.js';

const FORMS: readonly (readonly [
  string,
  string,
  string | null,
  string | null,
  string | null,
  string | null,
])[] = [
  // text, lock, usage, wait, address, site
  [
    'ffff888102b4d10d (kn->active#227){++++}-{0:0}, at: kernfs_remove_by_name_ns+0x4d/0x90',
    'kn->active#227',
    '++++',
    '0:0',
    'ffff888102b4d10d',
    'kernfs_remove_by_name_ns',
  ],
  [
    ' (&(&r->consumer_lock)->rlock){+.+...}, at: [<ffffffff8223b1db>] tun_queue_purge+0xe6/0x230',
    '&(&r->consumer_lock)->rlock',
    '+.+...',
    null,
    null,
    'tun_queue_purge',
  ],
  [
    ' (sk_lock-AF_INET6){+.+.}, at: [<00000000ab37b0d3>] sctp_wait_for_sndbuf+0x509/0x8f0',
    'sk_lock-AF_INET6',
    '+.+.',
    null,
    null,
    'sctp_wait_for_sndbuf',
  ],
  [
    '(____ptrval____) (&type->s_umount_key#42/1){+.+.}, at: alloc_super.isra.16+0xdf/0x450',
    '&type->s_umount_key#42/1',
    '+.+.',
    null,
    null,
    'alloc_super.isra.16',
  ],
  [
    'ffff888000000001 ((work_completion)(&x->w)){+.+.}-{0:0}, at: process_one_work+0x1d0/0x580',
    '(work_completion)(&x->w)',
    '+.+.',
    '0:0',
    'ffff888000000001',
    'process_one_work',
  ],
  [
    'ffffffff982f5fed (per_cpu_ptr(&cgroup_rstat_cpu_lock, cpu)){-.-.}-{2:2}',
    'per_cpu_ptr(&cgroup_rstat_cpu_lock, cpu)',
    '-.-.',
    '2:2',
    'ffffffff982f5fed',
    null,
  ],
  ['(rcu_read_lock){....}-{1:2}, at: foo', 'rcu_read_lock', '....', '1:2', null, 'foo'],
  ['(&a->b){.+.?.+..}, at: foo+0x0/0x10', '&a->b', '.+.?.+..', null, null, 'foo'],
  ['(&dev->mutex), at: foo+0x0/0x10 [mod]', '&dev->mutex', null, null, null, 'foo'],
  [
    '(sk_callback_lock) at smc_close_flush_work+0xc/0x50',
    'sk_callback_lock',
    null,
    null,
    null,
    'smc_close_flush_work',
  ],
  ['((wq_completion)"%s"name){+.+.}-{0:0}', '(wq_completion)"%s"name', '+.+.', '0:0', null, null],
  ['(*lock){+.+.}-{3:3}, at: foo+0x1/0x2', '*lock', '+.+.', '3:3', null, 'foo'],
];

describe('parseLock', () => {
  it.each(FORMS)('%s', (text, lock, usage, wait, address, site) => {
    expect(parseLock(text)?.ref).toEqual({ lock, usage, wait, address, site });
  });

  it('reads the index of a held entry and what follows a class header', () => {
    expect(parseLock(' #12: ffff888100000000 (a){+.+.}-{3:3}, at: f+0x1/0x2')?.index).toBe(12);
    expect(parseLock('(a){+.+.}-{3:3} ops: 17 {')?.rest).toBe('ops: 17 {');
  });

  it.each(['', 'foo', 'lock(a);', '#0: <RELEASED>', 'ffff888100000000', 'usb 1-1: new device (high speed)'])(
    'refuses %j',
    (text) => {
      expect(parseLock(text)).toBeNull();
    },
  );
});

describe('joinLock', () => {
  const whole =
    ' #1: ffff92b0c000988d ((work_completion)(&dev->work)){+.+.}-{0:0}, at: process_one_work+0x1d0/0x580';

  it('joins a lock broken at any blank, dash or parenthesis', () => {
    const want = parseLock(whole)?.ref;
    let tried = 0;
    for (let i = 7; i < whole.length; i++) {
      const blank = whole[i] === ' ';
      if (!blank && !/[->(]/.test(whole[i - 1] ?? '')) continue;
      if (i > whole.indexOf('at: ') + 4) break;
      const joined = joinLock(whole.slice(0, i), whole.slice(blank ? i + 1 : i));
      expect(parseLock(joined ?? '')?.ref, `${whole.slice(0, i)}|`).toEqual(want);
      tried++;
    }
    expect(tried).toBeGreaterThan(7);
  });

  it('does not join what is whole, nor swallow the next entry', () => {
    expect(joinLock(whole, ' #2: ffff92b0c000988d (b){+.+.}-{3:3}, at: f+0x1/0x2')).toBeNull();
    expect(joinLock(whole, 'stack backtrace:')).toBeNull();
    expect(joinLock(' #2: ffff92b0c000988d (b){+.+.}-{3:3}, at:', 'usb 1-1: new device')).toBeNull();
    expect(lockText(whole)).toBe('whole');
    expect(lockText('ffff92b0c000988d (b){+.+.}-{3:')).toBe('open');
  });
});

describe('createHeldList', () => {
  const read = (text: string) => {
    const reader = createHeldList();
    const fed = text
      .split('\n')
      .map((line, i) => reader.feed({ no: i + 1, text: line, caller: null, timeNs: null }));
    return { reader, fed };
  };

  it('reads lists with wrapped entries and foreign lines between', () => {
    const { reader, fed } = read(
      [
        '2 locks held by CPU 1/KVM/6651:',
        ' #0: ffff888100000000',
        '(&a->b){+.+.}-{3:3}, at:',
        'f+0x1/0x2 [m]',
        'usb 1-1: new device',
        ' #1: ffff888100000008 (c){.+.+}-{0:0}, at: g+0x1/0x2',
        'no locks held by bash/12.',
        '1 lock held by',
        'khungtaskd/30:',
        ' #0: <RELEASED>',
      ].join('\n'),
    );
    expect(fed.filter((f) => f === 'foreign')).toHaveLength(1);
    const lists = reader.lists();
    expect(lists.map(({ task, pid, count, line }) => [task, pid, count, line])).toEqual([
      ['CPU 1/KVM', 6651, 2, 1],
      ['bash', 12, 0, 7],
      ['khungtaskd', 30, 1, 8],
    ]);
    expect(lists[0]?.locks.map(({ lock, site }) => [lock, site])).toEqual([
      ['&a->b', 'f'],
      ['c', 'g'],
    ]);
  });

  it('takes the last of the lines that a symboliser doubled', () => {
    const { reader } = read(
      [
        '1 lock held by syz.0.17/5964:',
        ' #0: ffff888119f7d7f5 (&k#8/1){+.+.}-{4:4}, at: inode_lock_nested include/linux/fs.h:1025 [inline]',
        ' #0: ffff888119f7d7f5 (&k#8/1){+.+.}-{4:4}, at: start_creating+0xbe/0x120 fs/namei.c:3261',
      ].join('\n'),
    );
    expect(reader.lists()[0]?.locks).toMatchObject([{ lock: '&k#8/1', site: 'start_creating' }]);
  });
});
