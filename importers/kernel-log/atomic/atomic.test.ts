// Tests of reports about contexts in which one may not sleep, schedule or dereference.
import { describe, expect, it } from 'vitest';
import { reportsOfText } from '../read-text.js';

const only = (text: string) => {
  const reports = reportsOfText(text);
  expect(reports.length).toBe(1);
  return reports[0]!;
};

describe('sleeping in atomic context', () => {
  it('reads place, context, task, locks and stack', () => {
    const report =
      only(`[    7.000000] BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585
[    7.000001] in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 5070, name: kworker/u9:2
[    7.000002] preempt_count: 1, expected: 0
[    7.000003] RCU nest depth: 1, expected: 0
[    7.000004] 1 lock held by kworker/u9:2/5070:
[    7.000005]  #0: ffffffff8e687575 (rcu_read_lock){....}-{1:2}, at: hci_evt+0x1/0x2
[    7.000006] Preemption disabled at:
[    7.000007] [<ffffffff8112a3f5>] somewhere_else+0x1/0x2
[    7.000008] CPU: 0 UID: 0 PID: 5070 Comm: kworker/u9:2 Not tainted 6.13.0-rc1 #1
[    7.000009] Workqueue: hci0 hci_rx_work
[    7.000010] Call Trace:
[    7.000011]  <TASK>
[    7.000012]  dump_stack_lvl+0x1/0x2
[    7.000013]  mutex_lock+0x1/0x2
[    7.000014]  </TASK>`);
    expect(report).toMatchObject({
      kind: 'sleeping-in-atomic',
      task: 'kworker/u9:2',
      pid: 5070,
      kernel: '6.13.0-rc1',
      facts: { file: 'kernel/locking/mutex.c', lineno: 585, in_atomic: 1, irqs_disabled: 0 },
      held: [{ task: 'kworker/u9:2', pid: 5070, count: 1 }],
      backtrace: ['dump_stack_lvl', 'mutex_lock'],
    });
  });

  it.each([
    [
      'BUG: sleeping function called from invalid context at mm/slab.h:4\nin_atomic(): 1, irqs_disabled(): 1, pid: 12, name: a b',
      'a b',
      12,
    ],
    [
      'BUG: sleeping function called from invalid context at\nmm/slab.h:4\nin_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid:\n12, name: a b',
      'a b',
      12,
    ],
    [
      'BUG: sleeping function called from invalid context at mm/slab.h:4\nin_atomic(): 1, irqs_disabled(): 1, non_block: 0, pid: 0, name:\nswapper/5\npreempt_count: 101',
      'swapper/5',
      0,
    ],
  ])('%j', (text, task, pid) => {
    expect(only(text)).toMatchObject({ task, pid, facts: { file: 'mm/slab.h', lineno: 4, in_atomic: 1 } });
  });

  it.each([
    ['BUG: scheduling while atomic: kworker/0:1/12/0x00000002', 'kworker/0:1', 12, { preempt: '0x00000002' }],
    [
      'BUG: using smp_processor_id() in preemptible [00000000] code: a/b/12',
      'a/b',
      12,
      { what: 'smp_processor_id()' },
    ],
    [
      'BUG: using __this_cpu_read() in preemptible [00000000] code: syz/7',
      'syz',
      7,
      { what: '__this_cpu_read()' },
    ],
  ])('%s', (text, task, pid, facts) => {
    expect(only(`${text}\ncaller is foo+0x1/0x2`)).toMatchObject({
      kind: 'sleeping-in-atomic',
      task,
      pid,
      facts,
    });
  });
});

describe('suspicious RCU usage', () => {
  it.each([
    ['WARNING: suspicious RCU usage'],
    ['[ INFO: suspicious RCU usage. ]'],
    ['[ INFO: suspicious rcu_dereference_check() usage. ]'],
  ])('%s', (headline) => {
    const report = only(`=============================
${headline}
6.1.0 #12 Not tainted
-----------------------------
include/linux/rcupdate.h:729 rcu_read_lock() used illegally while idle!

other info that might help us debug this:

rcu_scheduler_active = 2, debug_locks = 1
1 lock held by swapper/2/0:
 #0:  (rcu_read_lock){.+.+..}, at: [<ffffffff8107e8a5>] cpuacct_charge+0x15/0x1f0

stack backtrace:
CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0 #12
Call Trace:
 dump_stack+0x1/0x2`);
    expect(report).toMatchObject({
      kind: 'suspicious-rcu',
      line: 2,
      task: 'swapper/2',
      pid: 0,
      kernel: '6.1.0',
      facts: {
        file: 'include/linux/rcupdate.h',
        lineno: 729,
        what: 'rcu_read_lock() used illegally while idle',
      },
      held: [{ task: 'swapper/2', pid: 0, locks: [{ lock: 'rcu_read_lock' }] }],
      backtrace: ['dump_stack'],
    });
  });
});
