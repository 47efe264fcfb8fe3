// What a call of a lock function does: takes, tries or gives back which kind of lock in which mode.
import type { LockKind, LockMode } from '../../corpus/schema/lock.js';

/** How the caller learns whether it got the lock, by the return value. */
export type Success = 'always' | 'zero' | 'nonzero';

/** What calling one function does to the lock that is its first argument. */
export interface LockCall {
  readonly does: 'take' | 'try' | 'give' | 'wait' | 'signal';
  readonly kind: LockKind;
  readonly mode: LockMode;
  readonly success: Success;
}

type Row = readonly [RegExp, LockCall['does'], LockKind, LockMode, Success];

/**
 * First match stands. Sources: include/linux/{mutex,rwsem,spinlock,spinlock_api_smp,rwlock_api_smp,semaphore,rtmutex,ww_mutex,
 * completion}.h. Only the entry points that callers use: a slow path is inside one of them.
 */
const ROWS: readonly Row[] = [
  [/^mutex_unlock$|^__mutex_unlock$/, 'give', 'mutex', 'exclusive', 'always'],
  [/^mutex_trylock(_nest_lock|_nested)?$|^_mutex_trylock\w*$/, 'try', 'mutex', 'exclusive', 'nonzero'],
  [/^mutex_lock_(interruptible|killable)(_nested)?$/, 'take', 'mutex', 'exclusive', 'zero'],
  [
    /^(mutex_lock|mutex_lock_nested|_mutex_lock_nest_lock|mutex_lock_io(_nested)?)$/,
    'take',
    'mutex',
    'exclusive',
    'always',
  ],
  [/^ww_mutex_unlock$/, 'give', 'ww_mutex', 'exclusive', 'always'],
  [/^ww_mutex_trylock$/, 'try', 'ww_mutex', 'exclusive', 'nonzero'],
  [/^ww_mutex_lock(_interruptible)?$/, 'take', 'ww_mutex', 'exclusive', 'zero'],
  [/^up_read(_non_owner)?$/, 'give', 'rwsem', 'read', 'always'],
  [/^up_write$/, 'give', 'rwsem', 'exclusive', 'always'],
  [/^down_read_trylock$/, 'try', 'rwsem', 'read', 'nonzero'],
  [/^down_write_trylock$/, 'try', 'rwsem', 'exclusive', 'nonzero'],
  [/^down_read_(killable|interruptible)(_nested)?$/, 'take', 'rwsem', 'read', 'zero'],
  [/^down_write_killable(_nested)?$/, 'take', 'rwsem', 'exclusive', 'zero'],
  [/^(down_read|down_read_nested|down_read_non_owner)$/, 'take', 'rwsem', 'read', 'always'],
  [/^(down_write|down_write_nested|_down_write_nest_lock)$/, 'take', 'rwsem', 'exclusive', 'always'],
  [/^up$/, 'give', 'semaphore', 'exclusive', 'always'],
  [/^down_trylock$/, 'try', 'semaphore', 'exclusive', 'zero'],
  [/^down_(interruptible|killable|timeout)$/, 'take', 'semaphore', 'exclusive', 'zero'],
  [/^down$/, 'take', 'semaphore', 'exclusive', 'always'],
  [/^rt_mutex_unlock$/, 'give', 'rtmutex', 'exclusive', 'always'],
  [/^rt_mutex_trylock$/, 'try', 'rtmutex', 'exclusive', 'nonzero'],
  [/^rt_mutex_lock_(interruptible|killable)$/, 'take', 'rtmutex', 'exclusive', 'zero'],
  [/^rt_mutex_lock(_nested)?$/, 'take', 'rtmutex', 'exclusive', 'always'],
  [
    /^_?_?raw_spin_unlock(_bh|_irq|_irqrestore)?$|^_spin_unlock\w*$/,
    'give',
    'spinlock',
    'exclusive',
    'always',
  ],
  [/^_?_?raw_spin_trylock(_bh)?$/, 'try', 'spinlock', 'exclusive', 'nonzero'],
  [
    /^_?_?raw_spin_lock(_bh|_irq|_irqsave|_nested|_irqsave_nested|_nest_lock)?$|^_spin_lock\w*$/,
    'take',
    'spinlock',
    'exclusive',
    'always',
  ],
  [/^_?_?raw_read_unlock(_bh|_irq|_irqrestore)?$/, 'give', 'rwlock', 'read', 'always'],
  [/^_?_?raw_write_unlock(_bh|_irq|_irqrestore)?$/, 'give', 'rwlock', 'exclusive', 'always'],
  [/^_?_?raw_read_trylock$/, 'try', 'rwlock', 'read', 'nonzero'],
  [/^_?_?raw_write_trylock$/, 'try', 'rwlock', 'exclusive', 'nonzero'],
  [/^_?_?raw_read_lock(_bh|_irq|_irqsave)?$/, 'take', 'rwlock', 'read', 'always'],
  [/^_?_?raw_write_lock(_bh|_irq|_irqsave|_nested)?$/, 'take', 'rwlock', 'exclusive', 'always'],
  [/^wait_for_completion(_io)?$/, 'wait', 'completion', 'exclusive', 'always'],
  [/^complete$/, 'signal', 'completion', 'exclusive', 'always'],
];

/** A function around one lock with static storage: who is inside it takes or gives back just that lock. */
export interface Wrapper {
  readonly does: 'take' | 'give';
  readonly lock: string;
}

const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>(
  Object.entries({
    // drivers/pci/probe.c
    pci_lock_rescan_remove: { does: 'take', lock: 'pci_rescan_remove_lock' },
    pci_unlock_rescan_remove: { does: 'give', lock: 'pci_rescan_remove_lock' },
    // net/core/rtnetlink.c
    rtnl_lock: { does: 'take', lock: 'rtnl_mutex' },
    rtnl_unlock: { does: 'give', lock: 'rtnl_mutex' },
    // drivers/acpi/scan.c
    acpi_scan_lock_acquire: { does: 'take', lock: 'acpi_scan_lock' },
    acpi_scan_lock_release: { does: 'give', lock: 'acpi_scan_lock' },
  } satisfies Record<string, Wrapper>),
);

/** A function as its name tells it. */
export interface LockFunction {
  readonly name: string;
  /** What a call of it does, or null if it is none of the lock functions. */
  readonly call: LockCall | null;
  /** The lock that it is a wrapper of, or null. */
  readonly wrapper: Wrapper | null;
  /** True if a call of it means anything to the mapper. */
  readonly concerns: boolean;
}

const SEEN = new Map<string, LockFunction>();
const MOST_SEEN = 8192;

/** What is known of the function of that name; mostly the same object for the same name. */
export function lockFunction(name: string): LockFunction {
  const seen = SEEN.get(name);
  if (seen !== undefined) return seen;
  const plain = name.replace(/(\.(isra|constprop|part|cold|llvm)\b.*)$/, '');
  const row = ROWS.find(([pattern]) => pattern.test(plain));
  const call: LockCall | null =
    row === undefined ? null : { does: row[1], kind: row[2], mode: row[3], success: row[4] };
  const wrapper = call === null ? (WRAPPERS.get(name) ?? null) : null;
  const made: LockFunction = { name, call, wrapper, concerns: call !== null || wrapper !== null };
  if (SEEN.size >= MOST_SEEN) SEEN.clear();
  SEEN.set(name, made);
  return made;
}
