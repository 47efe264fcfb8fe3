// Counters of what the importers of tools' text formats skipped; part of the list in skips.ts.

/** How bad it is, and what to do about it, by counter. */
export const FORMAT_SKIPS = {
  too_many_notes: {
    severity: 'info',
    advice:
      'The file has more annotations than one capture keeps; the first 100,000 were. They do not bear on what is found.',
  },
  chain_line_unreadable: {
    severity: 'data-loss',
    advice:
      'A line of a list of lock chains or classes could not be read. Copy the file again: `cat /proc/lockdep_chains > chains.txt`.',
  },
  lockdep_list_cut: {
    severity: 'data-loss',
    advice:
      'The list ends in the middle of an entry. Copy the whole file, with `cat` and not with `head -c`: what a chain ends in decides what may block.',
  },
  lock_cycles_left_out: {
    severity: 'notice',
    advice:
      'The lock chains hold more cycles than are made into programs; the ones with the shortest chains were. `relock predict` over the rest needs a trace.',
  },
  lock_stat_disabled: {
    severity: 'notice',
    advice:
      'Lock debugging was off when the statistics were read (lockdep had reported something), so they may have stopped early. Look for that report in dmesg and import it.',
  },
  archive_link_ignored: {
    severity: 'info',
    advice:
      'A link in an archive was passed over: what it points to is read where it lies, if it is in the archive.',
  },
  archive_special_ignored: {
    severity: 'info',
    advice: 'A device, pipe or part of a sparse file in an archive was passed over. Nothing of it is text.',
  },
  archive_member_too_large: {
    severity: 'data-loss',
    advice:
      'A file in an archive has more than 4 GiB and was passed over. Unpack it with tar and import it by its name.',
  },
  archive_too_large: {
    severity: 'data-loss',
    advice:
      'The archive holds more than 100,000 files or unpacks to more than 16 GiB; the first ones were read. Unpack it with tar and import the files that matter.',
  },
  archive_too_deep: {
    severity: 'data-loss',
    advice:
      'An archive lies inside more than three others and was not opened. Unpack the outer ones with tar and import it by its name.',
  },
  archive_damaged: {
    severity: 'data-loss',
    advice:
      'The archive is damaged or ends inside a file; what came before was read. Copy it again, and compare sizes.',
  },
  nvidia_section_passed_over: {
    severity: 'info',
    advice:
      'Sections of an NVIDIA bug report that are no kernel logs were passed over: they say nothing about locks.',
  },
  nvidia_without_kernel_log: {
    severity: 'notice',
    advice:
      'The NVIDIA bug report has no kernel log in it. Run nvidia-bug-report.sh as root, with --extra-system-data, or import the output of `dmesg`.',
  },
  bpftrace_line_unused: {
    severity: 'info',
    advice:
      'A line of a bpftrace script is neither a record of recorder.bt nor a map and was passed over. Record with importers/bpftrace/recorder.bt, or `relock record`.',
  },
  bpftrace_record_unreadable: {
    severity: 'data-loss',
    advice:
      'A record of recorder.bt could not be read: was the file cut, or edited? Record again with `bpftrace -f json -o locks.json recorder.bt 0`.',
  },
  bpftrace_out_of_order: {
    severity: 'data-loss',
    advice:
      'A record came too late to be put in its place, and nothing is concluded across it. Record fewer probes, or sort the lines by time before the import.',
  },
  s390dbf_line_unreadable: {
    severity: 'notice',
    advice:
      'A line among records of the s390 debug feature is none and was passed over. Copy the views sprintf and hex_ascii as they are: `cat /sys/kernel/debug/s390dbf/pci_msg/sprintf`.',
  },
  perf_line_unreadable: {
    severity: 'notice',
    advice:
      'A line of the output of perf could not be read. Look at it: was the file cut, or edited? The default columns of `perf script` are always read.',
  },
  perf_without_task: {
    severity: 'error',
    advice:
      'The records have no thread id, so nobody knows who took which lock. `perf script -F comm,tid,cpu,time,event,trace` prints all that is used.',
  },
  perf_losses_unplaced: {
    severity: 'data-loss',
    advice:
      'perf lost records and did not say where, so what is concluded assumes that none of them bore on it. `perf script --show-lost-events` says where; record fewer events or with a larger buffer (perf record -m 64M).',
  },
  perf_sequences_broken: {
    severity: 'notice',
    advice:
      'perf could not match some lock events to each other (`bad:` in its output), so its table counts too few. Record with a larger buffer: perf lock record -m 64M.',
  },
  ctf_line_unreadable: {
    severity: 'notice',
    advice:
      'A line of the output of babeltrace2 could not be read. Look at it: was the file cut, or edited? Nothing is concluded across half a record. Print again: `babeltrace2 TRACE > run.txt 2>&1`.',
  },
  ctf_without_thread: {
    severity: 'data-loss',
    advice:
      'The records do not say which thread they are of, and no sched_switch on that CPU had told. Record with `lttng add-context -k -t tid -t procname`, and with sched_switch among the events.',
  },
  ctf_without_names: {
    severity: 'error',
    advice:
      'The names of the fields were left out, so nothing tells a lock from a flag. Print again without `--names`: `babeltrace2 TRACE > run.txt 2>&1`.',
  },
  ctf_lock_without_address: {
    severity: 'data-loss',
    advice:
      'A lock event has no address of the lock, so it was not used. Look at it: LTTng prints lockdep_addr, perf lock_addr; was the output filtered?',
  },
  ctf_events_discarded: {
    severity: 'data-loss',
    advice:
      'The tracer discarded events; nothing is concluded across such a place. Record fewer events or with larger buffers: `lttng enable-channel -k --subbuf-size=8M --num-subbuf=8 NAME`.',
  },
  ctf_between_losses: {
    severity: 'data-loss',
    advice:
      'Records stand in a stretch of time in which the tracer discarded others, so what they say of locks was not used. Record with larger buffers: `lttng enable-channel -k --subbuf-size=8M --num-subbuf=8 NAME`.',
  },
  ctf_losses_unplaced: {
    severity: 'data-loss',
    advice:
      'The tracer discarded events and nothing says where, so what is concluded assumes that none of them bore on it. Print both outputs into one file, without --clock-cycles: `babeltrace2 TRACE > run.txt 2>&1`.',
  },
  std_line_unreadable: {
    severity: 'data-loss',
    advice:
      'A line of an STD trace is not THREAD|OP(NAME)|LOCATION and was passed over. Look at it, and write the trace again.',
  },
  std_operation_unused: {
    severity: 'notice',
    advice:
      'An operation other than req, acq, rel, r, w, fork, join, begin and end was counted and passed over. Write a wait as rel and acq, and a notify as a write of a variable that the waiter then reads.',
  },
  std_too_many_locations: {
    severity: 'info',
    advice:
      'The trace has more than a million locations; later ones are not told apart, which changes names of places and nothing else.',
  },
} as const;
