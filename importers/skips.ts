// Every counter of what an importer skipped: how bad it is, and what to do about it.
import type { Severity, Skip } from '../corpus/schema/capture.js';
import { FORMAT_SKIPS } from './format-skips.js';
import { TRACE_DAT_SKIPS } from './trace-dat/skips.js';
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
  litmus_line_unreadable: {
    severity: 'error',
    advice:
      'A line of a litmus text could not be read: see docs/litmus.md. `relock check FILE` names the place.',
  },
  ...FORMAT_SKIPS,
  ...TRACE_SKIPS,
  ...TRACE_DAT_SKIPS,
} as const satisfies Record<string, SkipMeaning>;

export type SkipStat = keyof typeof SKIPS;

/** Counts skips by name and remembers the first line of each. */
export class SkipCounter {
  readonly #seen = new Map<SkipStat, { count: number; firstLine: number | null }>();

  /** Counts one skip; `line` is 1-based, or null if it belongs to no line. */
  count(stat: SkipStat, line: number | null, times = 1): void {
    // "Lost 0 events" loses nothing; a number of four hundred digits, as damage writes it, is as many as can be counted.
    if (!(times > 0)) return;
    const seen = this.#seen.get(stat);
    if (seen === undefined)
      this.#seen.set(stat, { count: Math.min(times, Number.MAX_SAFE_INTEGER), firstLine: line });
    else {
      seen.count = Math.min(seen.count + times, Number.MAX_SAFE_INTEGER);
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
