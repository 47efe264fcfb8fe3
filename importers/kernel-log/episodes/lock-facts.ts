// What a lock's printed name says: its kind, whether there is only one of it, and whether it is a marker of lockdep.
import type { LockKind, LockMode } from '../../../corpus/schema/lock.js';
import { primitiveOf } from './primitives.js';

/** What is known of a lock class from its name and one call chain that took it. */
export interface LockFacts {
  readonly kind: LockKind;
  /** Mode of that acquisition where the call chain or the name says, else null. */
  readonly mode: LockMode | null;
  /** True if the class has exactly one instance. */
  readonly single: boolean;
  /** For lockdep's markers that are no locks: what the marker stands for, else null. */
  readonly marker: string | null;
}

interface Known {
  readonly pattern: RegExp;
  readonly kind: LockKind;
  /** Functions whose presence in the chain means the exclusive side; otherwise the shared side. */
  readonly exclusiveIn: RegExp | null;
  readonly marker: string | null;
  readonly single: boolean;
}

/** Names that are not plain locks. Sources: the `lockdep_init_map` and `lock_map_acquire` calls of the file named. */
const KNOWN: readonly Known[] = [
  {
    pattern: /^kn->active/,
    kind: 'rwsem',
    exclusiveIn: /kernfs_drain|kernfs_remove|kernfs_break/,
    marker: 'an active reference of a sysfs file: removal waits until the callback ends (fs/kernfs/dir.c)',
    single: false,
  },
  {
    pattern: /^s_active/,
    kind: 'rwsem',
    exclusiveIn: /sysfs_deactivate|sysfs_addrm_finish|sysfs_remove/,
    marker: 'an active reference of a sysfs file (fs/sysfs/dir.c)',
    single: false,
  },
  {
    pattern: /^\(wq_completion\)|^\(?"?\(wq_completion\)/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'the work items of a work queue: a flush waits for them (kernel/workqueue.c)',
    single: false,
  },
  {
    pattern: /^\(+(work_completion|&?\(?&)|^\(work_completion\)/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'a work item that runs: a flush or cancel waits for it (kernel/workqueue.c)',
    single: false,
  },
  {
    pattern: /^\(\(?&|^\(\(timer\)|^\(&.*timer\)?\)/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'a timer callback that runs: del_timer_sync waits for it (kernel/time/timer.c)',
    single: false,
  },
  {
    pattern: /^fs_reclaim$/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'memory reclaim that may enter a file system or shrinker (mm/page_alloc.c)',
    single: true,
  },
  {
    pattern: /^mmu_notifier_invalidate_range_start$/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'a section in which MMU notifiers may block (mm/mmu_notifier.c)',
    single: true,
  },
  {
    pattern: /^dma_fence_map$/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'a critical section of fence signalling (drivers/dma-buf/dma-fence.c)',
    single: true,
  },
  {
    pattern: /^(reservation_ww_class_acquire|crtc_ww_class_acquire|\w+_ww_class_acquire)$/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'an acquire context of a ww_mutex class (include/linux/ww_mutex.h)',
    single: false,
  },
  { pattern: /_ww_class_mutex$/, kind: 'ww_mutex', exclusiveIn: null, marker: null, single: false },
  {
    pattern: /^rcu_read_lock(_bh|_sched|_trace)?$|^rcu_callback$|^rcu_tasks_trace/,
    kind: 'rcu',
    exclusiveIn: /synchronize_|rcu_barrier/,
    marker: null,
    single: true,
  },
  { pattern: /srcu/, kind: 'srcu', exclusiveIn: /synchronize_srcu/, marker: null, single: false },
  {
    pattern: /^sb_(writers|pagefaults|internal)/,
    kind: 'rwsem',
    exclusiveIn: /percpu_down_write|freeze_super|sb_wait_write/,
    marker: null,
    single: false,
  },
  {
    pattern: /^jbd2_handle/,
    kind: 'rwsem',
    exclusiveIn: /jbd2_log_wait|jbd2_journal_commit|wait_on_commit/,
    marker: 'an open journal handle: the commit waits for it (fs/jbd2/transaction.c)',
    single: false,
  },
  {
    pattern: /^cpu_hotplug_lock|^cpu_hotplug\.lock|_percpu_rwsem$|percpu_rwsem/,
    kind: 'rwsem',
    exclusiveIn: /down_write|cpus_write_lock|_cpu_up|_cpu_down/,
    marker: null,
    single: true,
  },
  {
    pattern:
      /^(cb_lock|genl_sem|namespace_sem|dev_base_lock|tasklist_lock|btrfs_(trans|ordered)\w+|\w+_rwsem)$/,
    kind: 'rwsem',
    exclusiveIn: /./,
    marker: null,
    single: true,
  },
  {
    pattern: /^cpuhp_state(-up|-down)?$/,
    kind: 'mutex',
    exclusiveIn: null,
    marker: 'a CPU hotplug callback that runs (kernel/cpu.c)',
    single: true,
  },
  { pattern: /^(sk|k-sk)_lock-|^sk_lock/, kind: 'mutex', exclusiveIn: null, marker: null, single: false },
  {
    pattern: /^k?-?slock-|^_xmit_|^dev_addr|^&.*(_spinlock|spin_lock)$/,
    kind: 'spinlock',
    exclusiveIn: null,
    marker: null,
    single: false,
  },
  { pattern: /^console_(lock|owner)$/, kind: 'mutex', exclusiveIn: null, marker: null, single: true },
];

/** Names of classes with many instances although they look like a static lock. */
const MANY =
  /[#/*]|^(sb_|kn->|s_|sk_lock|slock|k-|i_mutex|jbd2|mapping|dev_addr|_xmit|rlock-|wlock-|elock-|key|&|\(|"|.*_key$|.*-AF_|btrfs-|xfs_|ext4_|.*_class)/;

/**
 * Facts of a lock by its printed name and, if given, a call chain (innermost first) that took it.
 * A name without `&`, `->`, `#` and subclass is a lock with static storage: DEFINE_MUTEX(x) prints `x`.
 */
export function lockFacts(name: string, frames: readonly string[]): LockFacts {
  const known = KNOWN.find(({ pattern }) => pattern.test(name));
  if (known !== undefined) {
    const shared = known.kind === 'rcu' || known.kind === 'srcu' || known.exclusiveIn !== null;
    const mode: LockMode =
      !shared || frames.some((frame) => known.exclusiveIn?.test(frame)) ? 'exclusive' : 'read';
    return {
      kind: known.kind,
      mode: frames.length === 0 && shared ? null : mode,
      single: known.single,
      marker: known.marker,
    };
  }
  const single = /^[A-Za-z_][\w.]*$/.test(name) && !MANY.test(name);
  const primitive = primitiveOf(frames);
  if (primitive !== null && primitive.kind !== 'completion')
    return { kind: primitive.kind, mode: primitive.mode, single, marker: null };
  return { kind: kindByName(name), mode: null, single, marker: null };
}

/** Locks with telling names; a mutex is the commonest of all others. */
const BY_NAME: readonly (readonly [RegExp, LockKind])[] = [
  [/^tasklist_lock$/, 'rwlock'],
  [
    /rwsem|_sem(aphore)?$|mmap_lock|mmap_sem|s_umount|i_rwsem|i_mutex|^cb_lock$|^btrfs_(trans|ordered)_/,
    'rwsem',
  ],
  [/spin|slock/, 'spinlock'],
];

function kindByName(name: string): LockKind {
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? 'mutex';
}
