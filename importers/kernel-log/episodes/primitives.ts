// The kernel's lock primitives: which function takes which kind of lock in which mode, and where the caller's code begins.
import type { LockKind, LockMode } from '../../../corpus/schema/lock.js';

/** What a primitive found in a call chain says about the lock that it takes. */
export interface Primitive {
  readonly kind: LockKind;
  readonly mode: LockMode;
}

type Row = readonly [pattern: RegExp, kind: LockKind, mode: LockMode];

/**
 * Innermost match wins, and within a frame the first row. Sources: include/linux/{mutex,rwsem,spinlock,rwlock,
 * percpu-rwsem,srcu,completion}.h, kernel/locking/*.c, kernel/workqueue.c, fs/kernfs/dir.c.
 */
const PRIMITIVES: readonly Row[] = [
  [/^(__)?ww_mutex_lock|^__ww_mutex/, 'ww_mutex', 'exclusive'],
  [/^(__)?rt_mutex_(slow)?lock|^rtlock_slowlock|^rt_spin_lock|^__rt_mutex/, 'rtmutex', 'exclusive'],
  [/^(__)?mutex_lock|^__mutex_lock/, 'mutex', 'exclusive'],
  [
    /^rwsem_down_read|^(__)?down_read(_|$)|^percpu_down_read|^__percpu_down_read|^(__)?cpus_read_lock$|^cpus_read_lock|^get_online_cpus/,
    'rwsem',
    'read',
  ],
  [
    /^rwsem_down_write|^(__)?down_write(_|$)|^percpu_down_write|^cpus_write_lock|^percpu_rwsem_wait/,
    'rwsem',
    'exclusive',
  ],
  [/^(__)?_?raw_read_lock|^queued_read_lock|^do_raw_read_lock|^rt_read_lock/, 'rwlock', 'read'],
  [/^(__)?_?raw_write_lock|^queued_write_lock|^do_raw_write_lock|^rt_write_lock/, 'rwlock', 'exclusive'],
  [
    /^(__)?_?raw_spin_lock|^native_queued_spin_lock|^queued_spin_lock|^do_raw_spin_lock|^arch_spin_lock|^_spin_lock/,
    'spinlock',
    'exclusive',
  ],
  [/^(__)?down(_interruptible|_killable|_timeout|_common)?$|^__down_/, 'semaphore', 'exclusive'],
  [/^(__)?synchronize_srcu/, 'srcu', 'exclusive'],
  [/^(__)?srcu_read_lock/, 'srcu', 'read'],
  [/^wait_for_completion|^__wait_for_common|^do_wait_for_common|^wait_for_common/, 'completion', 'exclusive'],
];

/** Frames between the scheduler or lockdep and the code that asked for the lock. */
const SCAFFOLD =
  /^(__schedule|schedule(_preempt_disabled|_timeout\w*|_rtlock|_hrtimeout\w*)?|io_schedule\w*|preempt_schedule\w*|lock_acquire|__lock_acquire|lock_acquired|lock_release|lock_sync|__might_\w+|lock_map_acquire\w*|lockdep_\w+|check_\w*(deadlock|prev|noncircular)\w*|validate_chain|print_\w+|dump_stack\w*|show_stack|mark_lock\w*|osq_lock|mutex_spin_on_owner|mutex_optimistic_spin|rwsem_optimistic_spin|__switch_to\w*|context_switch|finish_task_switch\w*|percpu_rwsem_\w+|_?raw_spin_\w+|__raw_spin_\w+|seqcount_\w+|wait_for_common\w*)(\.\w+)*$/;

/** Rows of names seen before: a log repeats a few hundred functions. Emptied when full, so that it stays small. */
const ROWS_SEEN = new Map<string, Row | null>();
const MOST_ROWS_SEEN = 4096;

function rowOf(frame: string): Row | undefined {
  const seen = ROWS_SEEN.get(frame);
  if (seen !== undefined) return seen ?? undefined;
  const row = PRIMITIVES.find(([pattern]) => pattern.test(frame));
  if (ROWS_SEEN.size >= MOST_ROWS_SEEN) ROWS_SEEN.clear();
  ROWS_SEEN.set(frame, row ?? null);
  return row;
}

/** The primitive that a call chain (innermost first) ends in, or null if it ends in none. */
export function primitiveOf(frames: readonly string[]): Primitive | null {
  // The outermost of the leading primitive frames speaks: __mutex_lock takes a spinlock inside, the caller asked for a mutex.
  let found: Primitive | null = null;
  for (const frame of frames) {
    const row = rowOf(frame);
    if (row !== undefined) found = { kind: row[1], mode: row[2] };
    else if (!SCAFFOLD.test(frame)) break;
  }
  return found;
}

/** The call chain without the primitive and scheduler frames at its inner end. */
export function outsidePrimitives(frames: readonly string[]): readonly string[] {
  let i = 0;
  while (i < frames.length && (rowOf(frames[i]!) !== undefined || SCAFFOLD.test(frames[i]!))) i++;
  return frames.slice(i);
}

/** Wrappers around one lock that a reader looks through when asking what the task was doing. */
const ENTRY_SCAFFOLD =
  /^(kthread(_worker_fn)?|ret_from_(fork|kernel_thread|syscall)\w*|__ret_from_fork|do_syscall_\w+|entry_\w+|__?do_?syscall\w*|system_call\w*|syscall\w*|x64_sys_call|ia32_sys_call|invoke_syscall\w*|el0\w*|el0t_64_sync\w*|__(x64|ia32|se|arm64|s390x|do|riscv)_sys_\w+|ksys_\w+|_{2,4}sys_\w+|do_sys_\w+|task_work_run|exit_to_user_mode\w*|vfs_(write|read|writev|iter_write|ioctl)|new_sync_\w+|do_(iter_)?\w*writev?|call_write_iter|kernfs_fop_write\w*|kernfs_seq_\w+|sysfs_kf_\w+|dev_attr_store|bus_attr_store|drv_attr_store|worker_thread|process_one_work|process_scheduled_works|smpboot_thread_fn|start_secondary|cpu_startup_entry|do_idle|secondary_startup\w*|common_startup\w*|start_kernel|x86_64_start_\w+|arch_exit_to_user\w*|asm_\w+|sysvec_\w+|irq_thread(_fn)?|handle_\w*irq\w*|__handle_irq\w*|generic_handle_\w+|call_on_\w*stack|default_idle\w*|hrtimer_\w+|__hrtimer_\w+|__sysvec\w*|run_ksoftirqd|__do_softirq|handle_softirqs|do_softirq\w*|irq_exit\w*|__irq_exit\w*|kernel_thread_starter|unknown_\w+)(\.\w+)*$/;

/** The function that says what a task is doing: the outermost one that is not plumbing, or null. */
export function entryFunction(frames: readonly string[]): string | null {
  const outside = outsidePrimitives(frames);
  for (let i = outside.length - 1; i >= 0; i--) {
    const frame = outside[i]!;
    if (!ENTRY_SCAFFOLD.test(frame)) return frame;
  }
  return null;
}

/** The function that a reader would name as the place of an acquisition, or null for an empty chain. */
export function siteFunction(frames: readonly string[]): string | null {
  return outsidePrimitives(frames)[0] ?? frames[0] ?? null;
}

/** The part of a call chain that ran in the interrupt: from the lock outwards, up to the interrupt's own plumbing. */
export function insideInterrupt(frames: readonly string[]): readonly string[] {
  const outside = outsidePrimitives(frames);
  const end = outside.findIndex((frame) => ENTRY_SCAFFOLD.test(frame));
  return end === -1 ? outside : outside.slice(0, Math.max(1, end));
}
