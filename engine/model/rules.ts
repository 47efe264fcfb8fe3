// Rules: what every kind of lock does in every mode, as one table with the place in the kernel that says so.
import type { LockKind, LockMode, LockRule } from '../../corpus/schema/lock.js';

/** Version of this table; goes up with every change of meaning, and every witness names it. */
export const MODEL_VERSION = 'kernel/4';

export interface LockRow {
  readonly kind: LockKind;
  readonly mode: LockMode;
  /** True if one task holds it and nobody else. */
  readonly takesExclusively: boolean;
  /** Waits while somebody holds it exclusively. */
  readonly waitsForExclusive: boolean;
  /** Waits while somebody holds it for reading. */
  readonly waitsForReaders: boolean;
  /** Waits while a writer waits, if the lock is fair. */
  readonly stoppedByWaitingWriter: boolean;
  /** As `stoppedByWaitingWriter`, for an irq task. */
  readonly stoppedByWaitingWriterInIrq: boolean;
  /** Fair unless a rule says otherwise. */
  readonly fair: boolean;
  /** A task that holds it may take it again at once unless a rule says otherwise. */
  readonly reentrant: boolean;
  /** `holder`: a release by anybody else is a violation. `anyone`: a release adds a unit. `signal`: see completion. */
  readonly release: 'holder' | 'anyone' | 'signal';
  /** `one`: a single holder. `many`: a number of readers. `units`: N at a time. `signals`: signals not yet taken. */
  readonly counts: 'one' | 'many' | 'units' | 'signals';
  /** Where the kernel says so. */
  readonly source: string;
}

const NEVER_BLOCKS = {
  takesExclusively: false,
  waitsForExclusive: false,
  waitsForReaders: false,
  stoppedByWaitingWriter: false,
  stoppedByWaitingWriterInIrq: false,
  fair: false,
} as const;

function exclusive(kind: LockKind, source: string): LockRow {
  return {
    ...NEVER_BLOCKS,
    kind,
    mode: 'exclusive',
    takesExclusively: true,
    waitsForExclusive: true,
    reentrant: false,
    release: 'holder',
    counts: 'one',
    source,
  };
}

function readWrite(
  kind: 'rwlock' | 'rwsem',
  readStoppedInIrq: boolean,
  sources: readonly [string, string, string],
): LockRow[] {
  const row = {
    kind,
    takesExclusively: false,
    waitsForExclusive: true,
    waitsForReaders: false,
    stoppedByWaitingWriter: false,
    stoppedByWaitingWriterInIrq: false,
    fair: true,
    reentrant: false,
    release: 'holder',
    counts: 'many',
  } as const;
  return [
    {
      ...row,
      mode: 'exclusive',
      takesExclusively: true,
      waitsForReaders: true,
      counts: 'one',
      source: sources[0],
    },
    {
      ...row,
      mode: 'read',
      stoppedByWaitingWriter: true,
      stoppedByWaitingWriterInIrq: readStoppedInIrq,
      source: sources[1],
    },
    { ...row, mode: 'recursive-read', source: sources[2] },
  ];
}

/** The table. Every row stands in docs/lock-model.md. */
export const LOCK_TABLE: readonly LockRow[] = [
  exclusive('mutex', 'kernel/locking/mutex.c __mutex_lock_common(); Documentation/locking/mutex-design.rst'),
  exclusive('rtmutex', 'kernel/locking/rtmutex.c rt_mutex_slowlock()'),
  exclusive('spinlock', 'kernel/locking/qspinlock.c queued_spin_lock_slowpath()'),
  ...readWrite('rwlock', false, [
    'kernel/locking/qrwlock.c queued_write_lock_slowpath()',
    'kernel/locking/qrwlock.c queued_read_lock_slowpath(): in_interrupt() readers pass a waiting writer',
    'include/linux/lockdep.h rwlock_acquire_read(), read_lock_is_recursive()',
  ]),
  ...readWrite('rwsem', true, [
    'kernel/locking/rwsem.c rwsem_down_write_slowpath()',
    'kernel/locking/rwsem.c rwsem_down_read_slowpath(), RWSEM_READ_FAILED_MASK',
    'kernel/locking/lockdep.c check_deadlock(): hlock->read == 2',
  ]),
  {
    ...NEVER_BLOCKS,
    kind: 'semaphore',
    mode: 'exclusive',
    reentrant: false,
    release: 'anyone',
    counts: 'units',
    source:
      'kernel/locking/semaphore.c down(), up(): "may be called ... by tasks which have never called down()"',
  },
  exclusive(
    'ww_mutex',
    'kernel/locking/ww_mutex.h __ww_mutex_check_kill(), __ww_mutex_wound(); see Acquire contexts',
  ),
  {
    ...NEVER_BLOCKS,
    kind: 'completion',
    mode: 'exclusive',
    reentrant: false,
    release: 'signal',
    counts: 'signals',
    source: 'kernel/sched/completion.c wait_for_completion(), complete(), complete_all(): done = UINT_MAX',
  },
  {
    ...NEVER_BLOCKS,
    kind: 'rcu',
    mode: 'exclusive',
    reentrant: true,
    release: 'holder',
    counts: 'many',
    source: 'kernel/rcu/tree.c synchronize_rcu(); include/linux/rcupdate.h rcu_read_lock(): lockdep read = 2',
  },
  {
    ...NEVER_BLOCKS,
    kind: 'srcu',
    mode: 'exclusive',
    reentrant: true,
    release: 'holder',
    counts: 'many',
    source: 'kernel/rcu/srcutree.c __synchronize_srcu(); include/linux/srcu.h srcu_lock_sync()',
  },
];

/** The row of a kind and mode, or null: that kind has no such mode. */
export function rowOf(kind: LockKind, mode: LockMode): LockRow | null {
  return LOCK_TABLE.find((row) => row.kind === kind && row.mode === mode) ?? null;
}

/** What one request of one lock obeys, as bits: the row after the lock's rules and the context are applied. */
export const TAKES_EXCLUSIVELY = 1;
export const WAITS_FOR_EXCLUSIVE = 2;
export const WAITS_FOR_READERS = 4;
export const WAITS_FOR_WAITING_WRITER = 8;
export const NESTS = 16;

/** The bits of a request. `inIrq`: asked by an irq task. Null: that kind has no such mode. */
export function requestBits(
  kind: LockKind,
  mode: LockMode,
  rules: readonly LockRule[],
  inIrq: boolean,
): number | null {
  const row = rowOf(kind, mode);
  if (row === null) return null;
  const fair = rules.includes('fair') || (row.fair && !rules.includes('unfair'));
  const nests = rules.includes('reentrant') || (row.reentrant && !rules.includes('no-reentrant'));
  const stopped = inIrq ? row.stoppedByWaitingWriterInIrq : row.stoppedByWaitingWriter;
  return (
    (row.takesExclusively ? TAKES_EXCLUSIVELY : 0) |
    (row.waitsForExclusive ? WAITS_FOR_EXCLUSIVE : 0) |
    (row.waitsForReaders ? WAITS_FOR_READERS : 0) |
    (stopped && fair ? WAITS_FOR_WAITING_WRITER : 0) |
    (nests ? NESTS : 0)
  );
}
