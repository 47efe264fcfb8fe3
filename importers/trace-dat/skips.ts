// Counters of what was skipped in trace.dat files; part of the list in skips.ts.

/** How bad it is, and what to do about it, by counter. */
export const TRACE_DAT_SKIPS = {
  trace_dat_version_unknown: {
    severity: 'error',
    advice:
      'A trace.dat of a version that relock does not read; 6 and 7 are. `trace-cmd convert --file-version 6 -o new.dat old.dat` writes one.',
  },
  trace_dat_compression_unknown: {
    severity: 'error',
    advice:
      'A trace.dat compressed by a method that relock does not read; zlib, zstd and none are. `trace-cmd convert --compression none -o new.dat old.dat` writes one.',
  },
  trace_dat_head_broken: {
    severity: 'error',
    advice:
      'A trace.dat ends, or is damaged, before its ring buffers are described. Was it copied before `trace-cmd record` had ended? Copy it again; `trace-cmd restore` joins the trace.dat.cpuN files of a recording that was killed.',
  },
  trace_dat_without_data: {
    severity: 'notice',
    advice:
      'A trace.dat without a record. If the recording was killed, its data are in trace.dat.cpuN files: `trace-cmd restore -o new.dat trace.dat.cpu*`.',
  },
  trace_dat_section_unreadable: {
    severity: 'data-loss',
    advice: 'A section of a trace.dat could not be read or unpacked; the others were. Copy the file again.',
  },
  trace_dat_options_in_circles: {
    severity: 'data-loss',
    advice: 'The options of a trace.dat lead back to themselves; each was read once. The file is damaged.',
  },
  trace_dat_option_unknown: {
    severity: 'info',
    advice: 'An option of a trace.dat that this version of relock does not know was passed over.',
  },
  trace_dat_data_twice: {
    severity: 'data-loss',
    advice:
      'A trace.dat says that data of several CPUs stand in the same place; they were read once. The file is damaged.',
  },
  trace_dat_cut_short: {
    severity: 'data-loss',
    advice:
      'A trace.dat ends before the data that it announces; what is there was read (trace-cmd would refuse it). Copy the file again.',
  },
  trace_dat_chunk_unreadable: {
    severity: 'data-loss',
    advice:
      'A compressed part of a ring buffer could not be unpacked; the others were read. Copy the file again.',
  },
  trace_dat_chunk_too_large: {
    severity: 'data-loss',
    advice:
      'A compressed part of a ring buffer claims a size that no trace-cmd writes; it was not unpacked. The file is damaged, or made to harm.',
  },
  trace_dat_rows_beyond: {
    severity: 'data-loss',
    advice:
      'The recording is longer than memory is meant for: the records behind about the first three million lock events were counted and not looked at. Import a part of it: `trace-cmd split -i trace.dat -o part.dat START END`, or record fewer events with a filter.',
  },
  trace_dat_page_bad: {
    severity: 'data-loss',
    advice: 'A page of a ring buffer says that it holds more than a page can; it was passed over.',
  },
  trace_dat_page_rest_dropped: {
    severity: 'data-loss',
    advice: 'A record runs over the end of its page; the rest of that page was dropped.',
  },
  trace_dat_format_missing: {
    severity: 'notice',
    advice:
      'Records of an event whose format the file does not carry were counted as `unknown`: an event that was made while recording (kprobes before `trace-cmd record` are known). Record again.',
  },
  trace_dat_format_unreadable: {
    severity: 'notice',
    advice:
      'An event format of a trace.dat could not be read, or stands twice under one number; the last one counts.',
  },
  trace_dat_numbers_swapped: {
    severity: 'info',
    advice:
      'Numbers written in the byte order of another machine (`trace-cmd convert` or `listen` across byte orders does that) were read reversed; nothing is lost.',
  },
  trace_dat_clocks_differ: {
    severity: 'notice',
    advice:
      'Buffers of one trace.dat were recorded by different clocks and cannot be put on one timeline: each clock was read as a stretch of its own. Record all instances with the same `-C CLOCK`.',
  },
  trace_dat_clock_without_time: {
    severity: 'info',
    advice:
      'The clock of the trace counts (`counter`, `x86-tsc` without a scale, `ppc-tb`): order is exact, durations mean nothing. Record with `-C mono` for times.',
  },
  trace_dat_guest_time: {
    severity: 'notice',
    advice:
      'The trace of a guest was synchronised with its host; relock keeps the times of the guest. Do not compare them with those of the host.',
  },
  trace_dat_previous_boot: {
    severity: 'info',
    advice:
      'The buffer is what a boot before left behind (persistent ring buffer); addresses are those of that boot.',
  },
  trace_dat_records_differ: {
    severity: 'notice',
    advice:
      'The file says itself (CPUSTAT) how many records its buffers had, and another number was read. Some were read before (`trace_pipe`), or the file is damaged.',
  },
} as const;
