// Every counter of what an importer skipped: how bad it is, and what to do about it.
import type { Severity, Skip } from '../corpus/schema/capture.js';
import { FORMAT_SKIPS } from './format-skips.js';
import { TRACE_SKIPS } from './trace-events/skips.js';

interface SkipMeaning {
  readonly severity: Severity;
  readonly advice: string;
}

/** All skip counters. A counter that is not declared here cannot be counted (the compiler refuses it). */
export const SKIPS = {
  line_too_long: {
    severity: 'data-loss',
    advice:
      'A line was longer than 1 MiB; only its first 1 MiB was read. Is this a text log? Split it at newlines.',
  },
  invalid_utf8: {
    severity: 'info',
    advice: 'Bytes that are not UTF-8 were replaced. Names with such bytes may not match other logs.',
  },
  stream_cut_short: {
    severity: 'data-loss',
    advice: 'The compressed file ends before its end mark; what came before was read. Copy the file again.',
  },
  mail_part_skipped: {
    severity: 'info',
    advice: 'An attachment that is not text was not read. Save it to a file and import that.',
  },
  report_cut_off: {
    severity: 'data-loss',
    advice:
      'The log ends, or another log begins, inside a report. Boot with log_buf_len=4M, or read it from pstore.',
  },
  report_without_facts: {
    severity: 'notice',
    advice: 'A report names no lock and no task that could be used. Look for a fuller copy of the same log.',
  },
  report_interleaved: {
    severity: 'notice',
    advice:
      'Lines of another CPU stand inside a report. Build with CONFIG_PRINTK_CALLER=y so that they can be told apart.',
  },
  lockdep_off: {
    severity: 'notice',
    advice:
      'Lockdep had turned itself off before this point, so held locks were not printed. Only the first report after a boot is complete: reboot and reproduce again.',
  },
  too_many_reports: {
    severity: 'data-loss',
    advice:
      'The file has more reports than one capture holds; the first ones were kept. Split the file and import the parts.',
  },
  held_lock_unreadable: {
    severity: 'data-loss',
    advice:
      'A report has a list of held locks with a line that could not be read; the others were. Look for an unmangled copy of the log.',
  },
  running_task_without_list: {
    severity: 'info',
    advice:
      'The kernel prints no lock list for a task that was running. Take the dump with sysrq-d while the tasks are stuck.',
  },
  chain_incomplete: {
    severity: 'notice',
    advice:
      'A dependency chain is not whole, so no program was made of it. Look for a fuller copy of the same log.',
  },
  no_program_from_report: {
    severity: 'notice',
    advice:
      'A report lacks what a runnable program needs (a lock held and a lock wanted). It is kept as a report.',
  },
  wait_not_explained: {
    severity: 'notice',
    advice:
      'A task is blocked, but nothing in the log says on which lock or who holds it. Use a kernel with CONFIG_LOCKDEP, or 6.16 and later with CONFIG_DETECT_HUNG_TASK_BLOCKER.',
  },
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
  litmus_line_unreadable: {
    severity: 'error',
    advice:
      'A line of a litmus text could not be read: see docs/litmus.md. `relock check FILE` names the place.',
  },
  ...FORMAT_SKIPS,
  ...TRACE_SKIPS,
} as const satisfies Record<string, SkipMeaning>;

export type SkipStat = keyof typeof SKIPS;

/** Counts skips by name and remembers the first line of each. */
export class SkipCounter {
  readonly #seen = new Map<SkipStat, { count: number; firstLine: number | null }>();

  /** Counts one skip; `line` is 1-based, or null if it belongs to no line. */
  count(stat: SkipStat, line: number | null, times = 1): void {
    const seen = this.#seen.get(stat);
    if (seen === undefined) this.#seen.set(stat, { count: times, firstLine: line });
    else {
      seen.count += times;
      if (line !== null && (seen.firstLine === null || line < seen.firstLine)) seen.firstLine = line;
    }
  }

  /** All counters in order of name. */
  list(): Skip[] {
    return [...this.#seen]
      .map(([stat, { count, firstLine }]) => ({
        stat,
        severity: SKIPS[stat].severity,
        count,
        first_line: firstLine,
        advice: SKIPS[stat].advice,
      }))
      .sort((a, b) => (a.stat < b.stat ? -1 : 1));
  }
}
