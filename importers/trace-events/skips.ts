// Counters of what the importers of tracer recordings skipped; part of the list in importers/skips.ts.

/** How bad it is, and what to do about it, by counter. */
export const TRACE_SKIPS = {
  records_lost: {
    severity: 'data-loss',
    advice:
      'The recorder lost records; nothing is concluded across such a place. Record with a larger buffer (trace-cmd -b 65536, buffer_size_kb, BPFTRACE_PERF_RB_PAGES) or fewer events.',
  },
  records_overwritten: {
    severity: 'notice',
    advice:
      'The buffer was full and its oldest records were overwritten, so the recording begins late. Enlarge buffer_size_kb or read trace_pipe while it runs.',
  },
  trace_rows_beyond: {
    severity: 'data-loss',
    advice:
      'The recording is longer, or names more locks, than memory is meant for: from this line on records were counted and not looked at. Import a part of it (`split -l 5000000 FILE`), or record fewer events with a filter.',
  },
  trace_functions_beyond: {
    severity: 'notice',
    advice:
      'The stacks name more functions than any kernel has; those behind the first 262 144 were left out of them. Is this a recording?',
  },
  cpus_missing: {
    severity: 'data-loss',
    advice:
      'Tasks were woken on a CPU that has no records here, so what ran there is not known. Copy the trace of all CPUs (trace, not per_cpu/cpuN/trace; trace-cmd report without --cpu).',
  },
  contention_without_order: {
    severity: 'notice',
    advice:
      'The recording shows waits (contention_begin, contention_end) and not who holds what, so nothing follows about the order of locks. Record lock:* events on a kernel with CONFIG_LOCKDEP, or kprobes of mutex_lock and mutex_unlock with the address of the lock.',
  },
  calls_without_lock: {
    severity: 'notice',
    advice:
      'Calls of lock functions show neither the address of the lock nor a caller that tells which one it is, so they were not used. `relock record` prints probes that fetch the address; lock:* events of a kernel with CONFIG_LOCKDEP have it.',
  },
  trace_line_unreadable: {
    severity: 'notice',
    advice: 'A line of a trace could not be read. Look at it: was the file cut, or edited?',
  },
  trace_in_raw_form: {
    severity: 'error',
    advice:
      'The trace was printed in raw, hex or bin form, which has no names. `echo 0 > options/raw; echo 0 > options/hex; echo 0 > options/bin` in /sys/kernel/tracing, then copy `trace` again.',
  },
  trace_without_context: {
    severity: 'error',
    advice:
      'The trace has no task, CPU and time columns, so nobody knows who took which lock. `echo 1 > options/context-info` in /sys/kernel/tracing, then copy `trace` again.',
  },
  lock_without_address: {
    severity: 'data-loss',
    advice:
      'A lock event has no address: `(____ptrval____)` is printed until the kernel has gathered randomness. Record later, or boot with no_hash_pointers.',
  },
  sched_events_thinned: {
    severity: 'info',
    advice:
      'There were very many scheduler and work-queue events; behind the first ones only those of tasks that take locks were kept.',
  },
} as const;
