// Tests of stalls and lockups: each form that the kernel has printed them in.
import { describe, expect, it } from 'vitest';
import { reportsOfText } from '../read-text.js';

const facts = (text: string) => {
  const reports = reportsOfText(text);
  expect(reports.length).toBe(1);
  const { kind, task, pid, facts } = reports[0]!;
  return { kind, task, pid, ...facts };
};

describe('RCU stalls', () => {
  it.each([
    [
      '[ 1.000000] rcu: INFO: rcu_preempt self-detected stall on CPU\n[ 1.000001] rcu: \t0-....: (20999 ticks this GP) idle=1a2/1/0x4000000000000000 softirq=1/1 fqs=5\n[ 1.000002] rcu: \t(t=21001 jiffies g=1 q=2 ncpus=4)',
      { flavour: 'rcu_preempt', self: true, expedited: false, detected_by: null, jiffies: 21001 },
    ],
    [
      '[ 1.000000] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\n[ 1.000001] rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-3): P12\n[ 1.000002] rcu: \t(detected by 7, t=65008 jiffies, g=1, q=2 ncpus=8)',
      { flavour: 'rcu_sched', self: false, detected_by: 7, jiffies: 65008 },
    ],
    [
      'INFO: rcu_sched detected stalls on CPUs/tasks: { 1} (detected by 0, t=2102 jiffies, g=5, c=4, q=0)',
      { flavour: 'rcu_sched', self: false, detected_by: 0, jiffies: 2102 },
    ],
    [
      'INFO: rcu_bh self-detected stall on CPU { 1}  (t=2100 jiffies g=5 c=4 q=0)',
      { flavour: 'rcu_bh', self: true, jiffies: 2100 },
    ],
    [
      'rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-... } 10886 jiffies s: 1 root: 0x4/.',
      { flavour: 'rcu_preempt', self: false, expedited: true, jiffies: 10886 },
    ],
    ['INFO: rcu_tasks detected stalls on tasks:', { flavour: 'rcu_tasks', self: false, jiffies: null }],
  ])('%j', (text, expected) => {
    expect(facts(text)).toMatchObject({ kind: 'rcu-stall', ...expected });
  });
});

describe('lockups', () => {
  it.each([
    [
      'watchdog: BUG: soft lockup - CPU#0 stuck for 223s! [sh:109]',
      { task: 'sh', pid: 109, cpu: 0, stuck_s: 223 },
    ],
    [
      'NMI watchdog: BUG: soft lockup - CPU#1 stuck for 11s! [a b/c:d:16813]',
      { task: 'a b/c:d', pid: 16813, cpu: 1 },
    ],
    ['BUG: soft lockup - CPU#3 stuck for 67s! [kworker/3:1:12]', { task: 'kworker/3:1', pid: 12, cpu: 3 }],
  ])('%s', (text, expected) => {
    expect(
      facts(`${text}\nModules linked in: foo bar\nCPU: 0 PID: 999 Comm: other Not tainted 6.1.0 #1`),
    ).toMatchObject({
      kind: 'soft-lockup',
      ...expected,
    });
  });

  it.each([
    ['NMI watchdog: Watchdog detected hard LOCKUP on cpu 5', 5],
    ['watchdog: Watchdog detected hard LOCKUP on cpu 12', 12],
    ['watchdog: CPU 4 self-detected hard LOCKUP @ foo+0x1/0x2', 4],
  ])('%s', (text, cpu) => {
    expect(facts(text)).toMatchObject({ kind: 'other-lock', what: 'hard lockup', cpu });
  });

  it('reads the stack and kernel of a soft lockup', () => {
    const [report] = reportsOfText(`[   22.000000] watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [sh:109]
[   22.000001] Modules linked in: foo(OE) bar
[   22.000002] CPU: 0 UID: 0 PID: 109 Comm: sh Tainted: G           OE      6.12.1-foo #1
[   22.000003] RIP: 0010:queued_spin_lock_slowpath+0x6e/0x1e0
[   22.000004] Code: 13 f0 0f ba
[   22.000005] RSP: 0018:ffffa5 EFLAGS: 00000202
[   22.000006] Call Trace:
[   22.000007]  <TASK>
[   22.000008]  _raw_spin_lock+0x30/0x40
[   22.000009]  my_ioctl+0x1/0x2 [foo]
[   22.000010]  </TASK>
[   22.000011] usb 1-1: new device`);
    expect(report).toMatchObject({
      kernel: '6.12.1-foo',
      backtrace: ['_raw_spin_lock', 'my_ioctl'],
      endLine: 11,
    });
  });
});

describe('workqueue stalls', () => {
  it('names what is in flight', () => {
    const [report] = reportsOfText(`BUG: workqueue lockup - pool cpus=0-15 flags=0x4 nice=0 stuck for 85s!
Showing busy workqueues and worker pools:
workqueue events: flags=0x0
  pwq 2: cpus=0 node=0 flags=0x0 nice=0 active=2/256 refcnt=3
    in-flight: 441:mei_cl_bus_rescan_work [mei], 12(RESCUER):foo_work
    pending: vmstat_shepherd
pool 2: cpus=0 node=0 flags=0x0 nice=0 hung=85s workers=5 idle: 22 21`);
    expect(report).toMatchObject({
      kind: 'workqueue-stall',
      facts: { cpus: '0-15', stuck_s: 85 },
      endLine: 7,
    });
    expect(report?.blocked.map((worker) => [worker.pid, worker.frames[0]])).toEqual([
      [441, 'mei_cl_bus_rescan_work'],
      [12, 'foo_work'],
    ]);
  });
});
