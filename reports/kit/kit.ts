// Reproducer kit: a sketch that widens the window on a real kernel - delays at the acquisition sites, and what starts the tasks.
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Explanation } from '../explain.js';
import type { ExplainedTask, Wait } from '../scene.js';
import { MAIL_WIDTH, shortId, wrap } from '../text/layout.js';
import { plainName } from '../text/plain-text.js';
import { taskTitle } from '../text/scenario.js';
import { delayModule } from './delay-module.js';

/** A call of `acquire` from within `site` is held up. Both are names of kernel functions. */
export interface DelayPoint {
  readonly acquire: string;
  readonly site: string;
}

/** A function of the kernel as kallsyms writes it; anything else never reaches a shell or a compiler. */
const FUNCTION = /^[A-Za-z_][A-Za-z0-9_.]{0,120}$/;

/** The function that takes a lock of a kind, by mode (include/linux: mutex.h, rwsem.h, spinlock.h, semaphore.h). */
const ACQUIRES: Readonly<Record<LockKind, readonly [exclusive: string, read: string] | null>> = {
  mutex: ['mutex_lock', 'mutex_lock'],
  ww_mutex: ['ww_mutex_lock', 'ww_mutex_lock'],
  rtmutex: ['rt_mutex_lock', 'rt_mutex_lock'],
  rwsem: ['down_write', 'down_read'],
  semaphore: ['down', 'down'],
  completion: ['wait_for_completion', 'wait_for_completion'],
  srcu: ['synchronize_srcu', 'synchronize_srcu'],
  rcu: ['synchronize_rcu', 'synchronize_rcu'],
  // Spinning locks are inlined or must not be probed: a delay there would be a hang of its own.
  spinlock: null,
  rwlock: null,
};

/** What a root shell types to make a task run this function, where that is known. */
const STARTERS: Readonly<Record<string, string>> = {
  remove_store: 'echo 1 > /sys/bus/pci/devices/$DEV/remove',
  rescan_store: 'echo 1 > /sys/bus/pci/rescan',
  dev_rescan_store: 'echo 1 > /sys/bus/pci/devices/$DEV/rescan',
  bus_rescan_store: 'echo 1 > /sys/bus/pci/rescan',
  sriov_numvfs_store: 'echo $NUMVFS > /sys/bus/pci/devices/$DEV/sriov_numvfs',
  unbind_store: 'echo $DEV > /sys/bus/pci/drivers/$DRIVER/unbind',
  bind_store: 'echo $DEV > /sys/bus/pci/drivers/$DRIVER/bind',
  reset_store: 'echo 1 > /sys/bus/pci/devices/$DEV/reset',
  power_write_file: 'echo 0 > /sys/bus/pci/slots/$SLOT/power',
  disable_slot: 'echo 0 > /sys/bus/pci/slots/$SLOT/power',
  enable_slot: 'echo 1 > /sys/bus/pci/slots/$SLOT/power',
};

/** The whole kit: one shell script of at most 75 columns but for long names. */
export function kitForm(explanation: Explanation): string[] {
  const points = delayPoints(explanation);
  return [
    '#!/bin/sh',
    `# A SKETCH TO REVIEW, not a tested reproducer: made by relock ${explanation.tool} from`,
    `# witness ${shortId(explanation.witness.id)}, which is a model of recorded lock operations.`,
    ...comment(explanation.title),
    '# Read every line first. If it works, the machine HANGS: use one that may',
    '# be lost, with a serial console. Needs root and kernel headers.',
    '',
    'if [ "$1" != "--i-have-read-this" ]; then',
    '    echo "read me first, then: sh $0 --i-have-read-this" >&2',
    '    exit 1',
    'fi',
    'set -eu',
    '',
    ...(points.length === 0 ? noDelay(explanation) : delayed(explanation, points)),
    '',
    ...starters(explanation),
    '',
    '# 3. Did it happen? The dumps tell at once, the kernel itself after 120 s',
    '#    (kernel.hung_task_timeout_secs):',
    'sleep 5',
    'echo w > /proc/sysrq-trigger     # blocked tasks',
    'echo d > /proc/sysrq-trigger     # held locks, with CONFIG_LOCKDEP',
    'dmesg > dmesg-after.txt',
    'relock check dmesg-after.txt',
  ];
}

/** Where each waiting task of the cycle asks for its lock while it holds another: that moment must be long. */
export function delayPoints(explanation: Explanation): DelayPoint[] {
  if (explanation.waits.length < 2) return [];
  const points = explanation.waits.flatMap((wait) => pointOf(explanation, wait) ?? []);
  return points.filter(
    (point, i) => points.findIndex((p) => p.site === point.site && p.acquire === point.acquire) === i,
  );
}

function pointOf(explanation: Explanation, wait: Wait): DelayPoint | null {
  const kind = explanation.kinds.find((one) => one.lock === wait.wants)?.kind;
  const acquire = kind === undefined ? null : ACQUIRES[kind]?.[wait.mode === 'exclusive' ? 0 : 1];
  if (acquire == null || wait.site === null || !FUNCTION.test(wait.site)) return null;
  return { acquire, site: wait.site };
}

function delayed(explanation: Explanation, points: readonly DelayPoint[]): string[] {
  const waits = explanation.waits.map((wait) => {
    const who = explanation.tasks[wait.waiter]?.label ?? '?';
    return `#   ${who} asks for ${plainName(wait.wants)}${wait.site === null ? '' : ` in ${plainName(wait.site)}()`}`;
  });
  return [
    '# 1. A module that holds up each task for DELAY_MS right before it asks for',
    '#    its second lock, so that every task gets its first one:',
    ...waits,
    ...(points.length < explanation.waits.length
      ? ['#    Not all can be probed: spinning locks, inlined or unknown functions.']
      : []),
    'DELAY_MS=${DELAY_MS:-500}',
    'mkdir -p relock-delay',
    "cat > relock-delay/relock_delay.c <<'END_OF_C'",
    ...delayModule(points),
    'END_OF_C',
    'echo "obj-m := relock_delay.o" > relock-delay/Makefile',
    'make -C "/lib/modules/$(uname -r)/build" M="$PWD/relock-delay" modules',
    'insmod relock-delay/relock_delay.ko delay_ms="$DELAY_MS"',
  ];
}

function noDelay(explanation: Explanation): string[] {
  const why =
    explanation.waits.length === 1 && explanation.waits[0]?.holder === explanation.waits[0]?.waiter
      ? 'One task is enough: there is no window to widen.'
      : 'relock knows no function at which a delay would widen the window; place one by hand.';
  return ['# 1. No delay.', ...comment(why)];
}

function starters(explanation: Explanation): string[] {
  const started = explanation.tasks.map((task) => [task, starterOf(task)] as const);
  const used = (name: string) => started.some(([, line]) => line?.includes(`$${name}`));
  const settings = [
    ...(used('DEV') ? ['DEV=${DEV:?the PCI address, as 0000:03:00.0}'] : []),
    ...(used('NUMVFS') ? ['NUMVFS=${NUMVFS:-1}'] : []),
    ...(used('DRIVER') ? ['DRIVER=${DRIVER:?the driver of $DEV}'] : []),
    ...(used('SLOT') ? ['SLOT=${SLOT:?the hotplug slot}'] : []),
  ];
  return [
    '# 2. The tasks, all at once:',
    ...settings,
    ...started.flatMap(([task, line]) => [
      ...comment(taskTitle(task)),
      line === null ? ': put here what makes a task run this' : `( ${line} ) &`,
    ]),
  ];
}

function starterOf(task: ExplainedTask): string | null {
  const name = task.function ?? task.name;
  return Object.hasOwn(STARTERS, name) ? (STARTERS[name] as string) : null;
}

/** Text from outside behind `#`: one line each, no control characters. */
function comment(text: string): string[] {
  return wrap(plainName(text), '# ', '#   ', MAIL_WIDTH);
}
