// `BUG: workqueue lockup` with the list of busy workqueues: kernel/workqueue.c wq_watchdog_timer_fn(), show_pwq().
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

const HEADLINE = /^BUG: workqueue lockup - pool( .+?)? stuck for (\d+)s!/;
const CPUS = /\bcpus?=([\d,-]+)/;
/** `in-flight: 123:foo_work_fn [mod], 124(RESCUER):bar_fn for 30s`. */
const IN_FLIGHT = /^in-flight: (.+)$/;
const ENTRY = /(\d+)(?:\([A-Z]+\))?:([A-Za-z_.$][\w.$]*)/g;

const form: StackReportForm = {
  manyTasks: true,
  patience: 30,
  detail(text, draft) {
    const busy = IN_FLIGHT.exec(text);
    if (busy !== null) {
      // Workers are known by their pid; the kernel prints what they run, not their names.
      for (const entry of (busy[1] ?? '').matchAll(ENTRY))
        draft.blocked.push({
          task: 'kworker',
          pid: Number(entry[1]),
          seconds: null,
          state: null,
          frames: [entry[2] ?? ''],
        });
      return true;
    }
    return /^(?:Showing busy workqueues|workqueue \S+: flags=|pwq \d+: |pending: |inactive: |delayed: |pool \d+: |Showing backtraces of running workers|pool=)/.test(
      text,
    );
  },
};

export const workqueueStallRecogniser: ReportRecogniser = {
  open(line) {
    if (!line.text.includes('workqueue lockup')) return null;
    const head = HEADLINE.exec(line.text.trim());
    if (head === null) return null;
    return stackReport(
      line,
      {
        kind: 'workqueue-stall',
        facts: { cpus: CPUS.exec(head[1] ?? '')?.[1] ?? null, stuck_s: Number(head[2]) },
      },
      form,
    );
  },
};
