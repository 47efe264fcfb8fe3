// Tests of hung-task reports and task dumps, one per form that kernel/hung_task.c and sched_show_task() have had.
import { describe, expect, it } from 'vitest';
import { reportsOfText } from '../read-text.js';

const only = (text: string) => {
  const reports = reportsOfText(text);
  expect(reports.length).toBe(1);
  return reports[0]!;
};

describe('hung tasks', () => {
  it.each([
    [
      '6.12 on x86',
      `[  122.880001] INFO: task remover:272 blocked for more than 120 seconds.
[  122.880002]       Not tainted 6.12.0 #1
[  122.880003] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  122.880004] task:remover         state:D stack:0     pid:272   tgid:272   ppid:1      flags:0x00004002
[  122.880005] Call Trace:
[  122.880006]  <TASK>
[  122.880007]  __schedule+0x3f4/0xa08
[  122.880008]  ? lock_release+0x12/0x34
[  122.880009]  schedule_preempt_disabled+0x15/0x40
[  122.880010]  __mutex_lock.constprop.0+0x1/0x2
[  122.880011]  mlx5_unload_one+0x1/0x2 [mlx5_core]
[  122.880012]  </TASK>`,
    ],
    [
      '5.10 without </TASK>, wrapped by a mail client',
      `> [  122.880001] INFO: task remover:272 blocked for more than 120
> seconds.
> [  122.880002]       Tainted: G        W  OE     5.10.0-8-amd64 #1
> Debian
> [  122.880004] task:remover         state:D stack:    0 pid:  272 ppid:
>      1 flags:0x00004002
> [  122.880005] Call Trace:
> [  122.880007]  __schedule+0x3f4/0xa08
> [  122.880009]  schedule_preempt_disabled+0x15/0x40
> [  122.880010]  __mutex_lock.constprop.0+0x1/0x2
> [  122.880011]  mlx5_unload_one+0x1/0x2
> [mlx5_core]

It hangs every time.`,
    ],
    [
      '4.19 with columns',
      `INFO: task remover:272 blocked for more than 120 seconds.
      Not tainted 4.19.0-17 #1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
remover         D    0   272      1 0x80000000
Call Trace:
 __schedule+0x3f4/0xa08
 schedule_preempt_disabled+0x15/0x40
 __mutex_lock.constprop.0+0x1/0x2
 mlx5_unload_one+0x1/0x2 [mlx5_core]`,
    ],
    [
      '3.10 with program counter and addresses',
      `INFO: task remover:272 blocked for more than 120 seconds.
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
remover         D ffff88103fc14580     0   272      1 0x00000080
 ffff881036b2bc58 0000000000000082 ffff88103649bec0 ffff881036b2bfd8
Call Trace:
 [<ffffffff8163a909>] __schedule+0x3f4/0xa08
 [<ffffffff8163a90a>] ? bit_wait+0x50/0x50
 [<ffffffff8163a90b>] schedule_preempt_disabled+0x15/0x40
 [<ffffffff8163a90c>] __mutex_lock.constprop.0+0x1/0x2
 [<ffffffff8163a90d>] mlx5_unload_one+0x1/0x2 [mlx5_core]`,
    ],
    [
      's390',
      `[  122.880001] INFO: task remover:272 blocked for more than 120 seconds.
[  122.880004] task:remover         state:D stack:0     pid:272   tgid:272   ppid:1      task_flags:0x400100 flags:0x00000000
[  122.880005] Call Trace:
[  122.880007]  [<000003ffe0502c70>] __schedule+0x3f4/0xa08
[  122.880009]  [<000003ffe0502c71>] schedule_preempt_disabled+0x15/0x40
[  122.880010]  [<000003ffe0502c72>] __mutex_lock.constprop.0+0x1/0x2
[  122.880011]  [<000003ffe0502c73>] mlx5_unload_one+0x1/0x2 [mlx5_core]
[  122.880012] no locks held by remover/272.`,
    ],
    [
      'ppc64',
      `[  122.880001] INFO: task remover:272 blocked for more than 120 seconds.
[  122.880004] task:remover         state:D stack:0     pid:272   tgid:272   ppid:1      flags:0x00000000
[  122.880005] Call Trace:
[  122.880006] [c000000095a24ad5] [c0000000016fc34d] 0xc0000000955df5e0 (unreliable)
[  122.880007] [c000000095a24ad5] [c0000000016fc34d] __schedule+0x3f4/0xa08
[  122.880009] [c000000095a24ad5] [c0000000016fc34d] schedule_preempt_disabled+0x15/0x40
[  122.880010] [c000000095a24ad5] [c0000000016fc34d] __mutex_lock.constprop.0+0x1/0x2
[  122.880011] [c000000095a24ad5] [c0000000016fc34d] mlx5_unload_one+0x1/0x2 [mlx5_core]
[  122.880012] --- interrupt: 3000 at 0x7fff8e0c5a84
[  122.880013] NIP:  00007fff8e0c5a84 LR: 00007fff8e0c5a84 CTR: 0000000000000000`,
    ],
    [
      'arm, functions between brackets',
      `[  122.880001] INFO: task remover:272 blocked for more than 120 seconds.
[  122.880004] task:remover         state:D stack:0     pid:272   ppid:1      flags:0x00000000
[  122.880007] [<c0a1e5e8>] (__schedule) from [<c0a1eb20>] (schedule_preempt_disabled+0x15/0x40)
[  122.880009] [<c0a1eb20>] (schedule_preempt_disabled) from [<c0a1ec14>] (__mutex_lock.constprop.0+0x1/0x2)
[  122.880010] [<c0a1ec14>] (__mutex_lock.constprop.0) from [<c0a1ec15>] (mlx5_unload_one+0x1/0x2 [mlx5_core])
[  122.880011] [<c0a1ec15>] (mlx5_unload_one [mlx5_core]) from [<c0a1ec16>] (ret_fast_syscall+0x0/0x74)`,
    ],
  ])('%s', (_name, text) => {
    expect(only(text)).toMatchObject({
      kind: 'hung-task',
      line: 1,
      task: 'remover',
      pid: 272,
      blockedOn: null,
      blocked: [
        {
          task: 'remover',
          pid: 272,
          seconds: 120,
          state: 'D',
          frames: ['__schedule', 'schedule_preempt_disabled', '__mutex_lock.constprop.0', 'mlx5_unload_one'],
        },
      ],
    });
  });

  const STACK = (
    comm: string,
    pid: number,
    func: string,
    state = 'D',
  ) => `[    1.000002] task:${comm}  state:${state} stack:0 pid:${pid} tgid:${pid} ppid:1 task_flags:0x40 flags:0x0
[    1.000003] Call Trace:
[    1.000004]  <TASK>
[    1.000005]  __schedule+0x3f4/0xa08
[    1.000006]  ${func}+0x1/0x2
[    1.000007]  </TASK>`;

  it.each([
    [
      'INFO: task a b:1 is blocked on a mutex likely owned by task kworker/u8:1:22.',
      { type: 'mutex', task: 'kworker/u8:1', pid: 22, relation: 'likely owned by' },
    ],
    [
      'INFO: task a b:1 is blocked on a semaphore likely last held by task kworker/u8:1:22',
      { type: 'semaphore', task: 'kworker/u8:1', pid: 22, relation: 'likely last held by' },
    ],
    [
      'INFO: task a b:1 <writer> blocked on an rw-semaphore likely owned by task kworker/u8:1:22 <reader>',
      { type: 'rw-semaphore', task: 'kworker/u8:1', pid: 22, relation: 'likely owned by reader' },
    ],
    [
      'INFO: task a b:1 blocked on an rw-semaphore likely owned by writer task kworker/u8:1:22',
      { type: 'rw-semaphore', task: 'kworker/u8:1', pid: 22, relation: 'likely owned by writer' },
    ],
  ])('names the owner: %s', (line, blockedOn) => {
    const report = only(
      `[    1.000000] INFO: task a b:1 blocked for more than 61 seconds.\n${STACK('a b', 1, 'waits')}\n[    1.000008] ${line}\n${STACK('kworker/u8:1', 22, 'owns', 'R')}`,
    );
    expect(report.blockedOn).toEqual(blockedOn);
    expect(report.blocked).toEqual([
      { task: 'a b', pid: 1, seconds: 61, state: 'D', frames: ['__schedule', 'waits'] },
      { task: 'kworker/u8:1', pid: 22, seconds: null, state: 'R', frames: ['__schedule', 'owns'] },
    ]);
  });

  it('says when the owner is not found', () => {
    const report = only(
      `[    1.000000] INFO: task a:1 blocked for more than 61 seconds.\n${STACK('a', 1, 'waits')}\n[    1.000008] INFO: task a:1 is blocked on a mutex, but the owner is not found.`,
    );
    expect(report.blockedOn).toMatchObject({ type: 'mutex', task: null, pid: null });
  });

  it('keeps several hung tasks apart, and the list of all locks behind them', () => {
    const reports = reportsOfText(`[    1.000000] INFO: task a:1 blocked for more than 61 seconds.
${STACK('a', 1, 'f')}
[    1.000010] INFO: task b:2 blocked for more than 61 seconds.
${STACK('b', 2, 'g')}
[    1.000020] 
[    1.000021] Showing all locks held in the system:
[    1.000022] 1 lock held by khungtaskd/12:
[    1.000023]  #0: ffffffff8251b2e0 (rcu_read_lock){....}-{1:3}, at: debug_show_all_locks+0x15/0x17a
[    1.000024] 2 locks held by a/1:
[    1.000025]  #0: ffff888003f8a1b8 (&dev->mutex){....}-{4:4}, at: device_lock+0x1/0x2
[    1.000026]  #1: ffffffff82a0b1c8 (pci_rescan_remove_lock){+.+.}-{4:4}, at: remove_store+0x1/0x2
[    1.000027] 3 locks held by sh/77:
[    1.000028] 
[    1.000029] =============================================
[    1.000030] random: crng init done`);
    expect(reports.map((report) => [report.kind, report.line])).toEqual([
      ['hung-task', 1],
      ['hung-task', 8],
      ['locks-held', 16],
    ]);
    expect(
      reports[2]?.held.map((list) => [list.task, list.count, list.locks.map((lock) => lock.lock)]),
    ).toEqual([
      ['khungtaskd', 1, ['rcu_read_lock']],
      ['a', 2, ['&dev->mutex', 'pci_rescan_remove_lock']],
      ['sh', 3, []],
    ]);
    expect(reports[2]?.endLine).toBe(24);
  });

  it('takes the blocked tasks out of sysrq dumps', () => {
    expect(
      only(`[    9.000000] sysrq: Show Blocked State
[    9.000001]   task                        PC stack   pid father
${STACK('a', 1, 'f')}
${STACK('kworker/0:1', 22, 'g')}
[    9.000009] Workqueue: events foo`),
    ).toMatchObject({
      kind: 'other-lock',
      title: 'sysrq: Show Blocked State',
      blocked: [
        { task: 'a', pid: 1, state: 'D', frames: ['__schedule', 'f'] },
        { task: 'kworker/0:1', pid: 22, state: 'D', frames: ['__schedule', 'g'] },
      ],
    });
    expect(
      only(
        `SysRq : Show State\n${STACK('a', 1, 'f', 'S')}\n${STACK('b', 2, 'g')}\nSched Debug Version: v0.11`,
      ).blocked,
    ).toMatchObject([{ task: 'b' }]);
  });

  it('makes no report of prose', () => {
    expect(
      reportsOfText(`INFO: task hung in blk_trace_remove
We saw "INFO: task a:1 blocked for more than 61 seconds" again.
syzbot has found: BUG: soft lockup in foo
 * WARNING: suspicious RCU usage in bar
+	pr_err("INFO: task %s:%d blocked for more than %ld seconds.\\n",
+	pr_warn("BUG: sleeping function called from invalid context at %s:%d\\n", file, line);
there is 1 lock held by the driver/2 of them
-> #1 is what I meant`),
    ).toEqual([]);
  });
});
