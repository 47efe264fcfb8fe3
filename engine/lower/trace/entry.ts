// Entry: the function that says what a transaction is, from the call chains of its events.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { Occurrence } from './transactions.js';

/** Frames that only lead from user space to the function that does something. */
const WAY_IN =
  /^(?:entry_|do_syscall|__do_syscall|system_call|x64_sys_call$|__x64_sys|__se_sys|__s390x_sys|__arm64_sys|invoke_syscall|(?:do_)?el0|do_trap_ecall_u$|handle_exception$|ksys_|vfs_|new_sync_write|kernfs_|sysfs_kf_|dev_attr_store|drv_attr_store|bus_attr_store|_*ret_from_fork|kthread$|worker_thread$|process_one_work$|process_scheduled_works$)/;

/**
 * The outermost function behind the way in, of the first event of the transaction that has a call chain: one task may do many things, a
 * shell an exec and then a write. Without chains, the task's own, if it is known.
 */
export function entryOf(capture: Capture, { task, steps }: Occurrence): string | null {
  for (const { event } of steps) {
    // What was held since before the recording began has no event.
    const site = event < 0 ? undefined : capture.sites[capture.events.site[event]!];
    if (site === undefined || site.frames.length < 2) continue;
    const frames = site.frames.map((frame) => capture.strings[frame] ?? '');
    // Inside of where it happens there are the functions of the lock.
    const entry = frames.slice(Math.max(0, frames.indexOf(site.at))).findLast((frame) => !WAY_IN.test(frame));
    if (entry !== undefined) return entry;
  }
  return capture.tasks[task]!.function;
}
