// Functions of the kernel that take or release one lock: what a hand-drawn call chain means by naming them.

/** What calling a function does to which lock. */
export interface LockCall {
  readonly function: string;
  /** `wait` is for a completion or a piece of work: it blocks until somebody else is done. */
  readonly does: 'lock' | 'rlock' | 'unlock' | 'wait';
  /**
   * The class as lockdep prints it. `@` stands for the expression of the first argument, as mutex_lock() has it; an
   * `@` inside a name is replaced where the argument is known (`&@->mutex`).
   */
  readonly lock: string;
  /** Lock for a call without an argument, where `lock` has an `@`. */
  readonly bare?: string;
  /** Kernel file in which this can be read. */
  readonly source: string;
}

const R = 'pci_rescan_remove_lock';
const DEVICE = {
  lock: '&@->mutex',
  bare: '&dev->mutex',
  source: 'include/linux/device.h device_lock()',
} as const;
const MUTEX = { lock: '@', source: 'include/linux/mutex.h' } as const;
const SPIN = { lock: '@', source: 'include/linux/spinlock.h' } as const;
const RWSEM = { lock: '@', source: 'include/linux/rwsem.h' } as const;
const RWLOCK = { lock: '@', source: 'include/linux/rwlock.h' } as const;
const HOTPLUG = { lock: 'cpu_hotplug_lock', source: 'kernel/cpu.c' } as const;
const RTNL = { lock: 'rtnl_mutex', source: 'net/core/rtnetlink.c' } as const;
const MMAP = { lock: '&@->mmap_lock', bare: '&mm->mmap_lock', source: 'include/linux/mmap_lock.h' } as const;
const INODE = { lock: '&@->i_rwsem', bare: '&inode->i_rwsem', source: 'include/linux/fs.h' } as const;

/** Functions with one meaning. */
const EXACT: readonly LockCall[] = [
  { function: 'pci_lock_rescan_remove', does: 'lock', lock: R, source: 'drivers/pci/probe.c' },
  { function: 'pci_unlock_rescan_remove', does: 'unlock', lock: R, source: 'drivers/pci/probe.c' },
  { function: 'device_lock', does: 'lock', ...DEVICE },
  { function: 'device_lock_interruptible', does: 'lock', ...DEVICE },
  { function: '__device_driver_lock', does: 'lock', ...DEVICE, source: 'drivers/base/dd.c' },
  { function: 'device_unlock', does: 'unlock', ...DEVICE },
  {
    function: 'pci_dev_lock',
    does: 'lock',
    lock: '&@->dev.mutex',
    bare: '&dev->mutex',
    source: 'drivers/pci/pci.c',
  },
  {
    function: 'pci_dev_unlock',
    does: 'unlock',
    lock: '&@->dev.mutex',
    bare: '&dev->mutex',
    source: 'drivers/pci/pci.c',
  },
  { function: 'rtnl_lock', does: 'lock', ...RTNL },
  { function: 'rtnl_unlock', does: 'unlock', ...RTNL },
  { function: 'cpus_read_lock', does: 'rlock', ...HOTPLUG },
  { function: 'get_online_cpus', does: 'rlock', ...HOTPLUG },
  { function: 'cpus_write_lock', does: 'lock', ...HOTPLUG },
  { function: 'cpus_read_unlock', does: 'unlock', ...HOTPLUG },
  { function: 'put_online_cpus', does: 'unlock', ...HOTPLUG },
  { function: 'cpus_write_unlock', does: 'unlock', ...HOTPLUG },
  { function: 'console_lock', does: 'lock', lock: 'console_lock', source: 'kernel/printk/printk.c' },
  { function: 'console_unlock', does: 'unlock', lock: 'console_lock', source: 'kernel/printk/printk.c' },
  { function: 'devl_lock', does: 'lock', lock: '&devlink->lock_key', source: 'net/devlink/core.c' },
  { function: 'devl_unlock', does: 'unlock', lock: '&devlink->lock_key', source: 'net/devlink/core.c' },
  { function: 'lock_sock', does: 'lock', lock: 'sk_lock', source: 'include/net/sock.h' },
  { function: 'lock_sock_nested', does: 'lock', lock: 'sk_lock', source: 'include/net/sock.h' },
  { function: 'release_sock', does: 'unlock', lock: 'sk_lock', source: 'net/core/sock.c' },
  { function: 'mmap_read_lock', does: 'rlock', ...MMAP },
  { function: 'mmap_write_lock', does: 'lock', ...MMAP },
  { function: 'mmap_read_unlock', does: 'unlock', ...MMAP },
  { function: 'mmap_write_unlock', does: 'unlock', ...MMAP },
  { function: 'inode_lock', does: 'lock', ...INODE },
  { function: 'inode_lock_shared', does: 'rlock', ...INODE },
  { function: 'inode_unlock', does: 'unlock', ...INODE },
  { function: 'inode_unlock_shared', does: 'unlock', ...INODE },
  {
    function: 'lock_device_hotplug',
    does: 'lock',
    lock: 'device_hotplug_lock',
    source: 'drivers/base/core.c',
  },
  {
    function: 'unlock_device_hotplug',
    does: 'unlock',
    lock: 'device_hotplug_lock',
    source: 'drivers/base/core.c',
  },
  { function: 'wait_for_completion', does: 'wait', lock: '@', source: 'kernel/sched/completion.c' },
];

/** Families of functions: prefix or pattern, tried after the exact names. */
const FAMILIES: readonly (readonly [RegExp, Omit<LockCall, 'function'>])[] = [
  [/^(?:ww_)?mutex_lock(?:_\w+)?$/, { does: 'lock', ...MUTEX }],
  [/^(?:ww_)?mutex_unlock$/, { does: 'unlock', ...MUTEX }],
  [/^rt_mutex_lock(?:_\w+)?$/, { does: 'lock', lock: '@', source: 'include/linux/rtmutex.h' }],
  [/^rt_mutex_unlock$/, { does: 'unlock', lock: '@', source: 'include/linux/rtmutex.h' }],
  [/^_?(?:raw_)?spin_lock(?:_(?:irq|irqsave|bh|nested|irqsave_nested))?$/, { does: 'lock', ...SPIN }],
  [/^_?(?:raw_)?spin_unlock(?:_(?:irq|irqrestore|bh))?$/, { does: 'unlock', ...SPIN }],
  [/^xa_lock(?:_(?:irq|irqsave|bh))?$/, { does: 'lock', lock: '@', source: 'include/linux/xarray.h' }],
  [/^xa_unlock(?:_(?:irq|irqrestore|bh))?$/, { does: 'unlock', lock: '@', source: 'include/linux/xarray.h' }],
  [/^(?:percpu_)?down_read(?:_\w+)?$/, { does: 'rlock', ...RWSEM }],
  [/^(?:percpu_)?down_write(?:_\w+)?$/, { does: 'lock', ...RWSEM }],
  [/^(?:percpu_)?up_(?:read|write)$/, { does: 'unlock', ...RWSEM }],
  [/^_?(?:raw_)?read_lock(?:_(?:irq|irqsave|bh))?$/, { does: 'rlock', ...RWLOCK }],
  [/^_?(?:raw_)?write_lock(?:_(?:irq|irqsave|bh))?$/, { does: 'lock', ...RWLOCK }],
  [/^_?(?:raw_)?(?:read|write)_unlock(?:_(?:irq|irqrestore|bh))?$/, { does: 'unlock', ...RWLOCK }],
  [
    /^down(?:_interruptible|_killable|_timeout)?$/,
    { does: 'lock', lock: '@', source: 'include/linux/semaphore.h' },
  ],
  [/^up$/, { does: 'unlock', lock: '@', source: 'include/linux/semaphore.h' }],
  [/^wait_for_completion_\w+$/, { does: 'wait', lock: '@', source: 'kernel/sched/completion.c' }],
];

const BY_NAME = new Map(EXACT.map((call) => [call.function, call]));

/** First argument of a call, up to a comma outside brackets. */
function firstArgument(list: string): string {
  let depth = 0;
  for (let i = 0; i < list.length; i++) {
    const char = list[i];
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (char === ',' && depth === 0) return list.slice(0, i).trim();
  }
  return list.trim();
}

/** Argument as a place to put in `&@->mutex`: `&pdev->dev` gives `pdev->dev` and a dot. */
function fill(pattern: string, argument: string): string {
  if (pattern === '@') return argument;
  if (argument.startsWith('&')) return pattern.replace('@->', `${argument.slice(1)}.`);
  return pattern.replace('@', argument);
}

/** What a call does to which lock. */
export interface Locking {
  readonly does: LockCall['does'];
  readonly lock: string;
  /** The class, where `lock` is named after the argument: `device_lock(pf)` is `&pf->mutex`, of `&dev->mutex`. */
  readonly class: string;
}

/** What a call of `name` with this argument list does to which lock; null if the function is not known to lock. */
export function lockCall(name: string, argumentList: string): Locking | null {
  const known = BY_NAME.get(name) ?? FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
  if (known === undefined) return null;
  const argument = firstArgument(argumentList);
  if (!known.lock.includes('@')) return { does: known.does, lock: known.lock, class: known.lock };
  const vague = argument === '' || argument === '...' || argument === '…';
  if (vague)
    return known.bare === undefined ? null : { does: known.does, lock: known.bare, class: known.bare };
  const lock = fill(known.lock, argument);
  return { does: known.does, lock, class: known.bare ?? lock };
}

/** Every lock function with its citation, for the documentation. */
export function knownLockCalls(): readonly LockCall[] {
  return [...EXACT, ...FAMILIES.map(([pattern, call]) => ({ function: pattern.source, ...call }))];
}
