// Soft and hard lockups: kernel/watchdog.c, kernel/watchdog_perf.c, kernel/watchdog_buddy.c, arch/powerpc/kernel/watchdog.c.
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

/** `watchdog: BUG: soft lockup - CPU#0 stuck for 223s! [sh:109]`; 6.17 adds a line of its own on the CPU's use. */
const SOFT = /^(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(\d+) stuck for (\d+)s! \[(.+):(\d+)\]/;
const SOFT_OLD = /^BUG: soft lockup detected on CPU#(\d+)!/;
const HARD =
  /^(?:(?:NMI )?watchdog: )?(?:BUG: |CPU\d+: )?(?:Watchdog detected hard LOCKUP on cpu ?(\d+)|CPU (\d+) (?:self-detected|detected) hard LOCKUP|Watchdog CPU:? ?(\d+) (?:self-detected )?hard LOCKUP)/i;

const form: StackReportForm = {
  detail: (text) =>
    /^(?:CPU#\d+ (?:Utilization every|Detect HardIRQ Time)|#\d+: +(?:\d+% system|\d+\s+irq#)|CPU \d+ TB:|irq event stamp:|Sending NMI)/.test(
      text,
    ),
};

export const lockupRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    const soft = text.includes('soft lockup') ? SOFT.exec(text) : null;
    if (soft !== null)
      return stackReport(
        line,
        {
          kind: 'soft-lockup',
          task: soft[3] ?? null,
          pid: Number(soft[4]),
          facts: { cpu: Number(soft[1]), stuck_s: Number(soft[2]) },
        },
        form,
      );
    const old = text.includes('soft lockup') ? SOFT_OLD.exec(text) : null;
    if (old !== null)
      return stackReport(line, { kind: 'soft-lockup', facts: { cpu: Number(old[1]), stuck_s: null } }, form);
    const hard = text.includes('LOCKUP') ? HARD.exec(text) : null;
    if (hard !== null)
      return stackReport(
        line,
        {
          kind: 'other-lock',
          facts: { what: 'hard lockup', cpu: Number(hard[1] ?? hard[2] ?? hard[3]) },
        },
        form,
      );
    return null;
  },
};
