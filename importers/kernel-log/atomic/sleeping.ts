// Sleeping, scheduling or per-CPU access where it is not allowed: kernel/sched/core.c, lib/smp_processor_id.c.
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

/** `__might_resched()`; until 5.16 `___might_sleep()`. */
const SLEEPING = /^BUG: sleeping function called from invalid context(?: at (\S+?):(\d+))?/;
/** `__schedule_bug()`: comm may hold slashes and blanks. */
const SCHEDULING = /^BUG: scheduling while atomic: (.+)\/(-?\d+)\/(0x[0-9a-f]+)/;
/** `check_preemption_disabled()`. */
const PREEMPTIBLE = /^BUG: using (\S+) in preemptible \[(\w+)\] code: (.+)\/(\d+)/;

const IN_ATOMIC =
  /^in_atomic\(\): (\d+), irqs_disabled\(\): (\d+)(?:, non_block: (\d+))?,(?: pid: (\d+)(?:,(?: name:(.*))?)?)?/;

const sleepingForm: StackReportForm = {
  detail(text, draft) {
    const place = /^(?:at )?([\w./-]+\.[chS]):(\d+)$/.exec(text);
    if (place !== null && draft.facts['file'] === null) {
      draft.facts['file'] = place[1] ?? null;
      draft.facts['lineno'] = Number(place[2]);
      return true;
    }
    const atomic = IN_ATOMIC.exec(text);
    if (atomic !== null) {
      draft.facts['in_atomic'] = Number(atomic[1]);
      draft.facts['irqs_disabled'] = Number(atomic[2]);
      if (atomic[4] !== undefined) {
        draft.pid = Number(atomic[4]);
        draft.task = (atomic[5] ?? '').trim() || null;
      }
      return true;
    }
    // The line above is longer than mails are wide: its end may stand on a line of its own.
    if (
      draft.facts['in_atomic'] !== undefined &&
      draft.task === null &&
      !/^(?:preempt|RCU|CPU|\d+ lock|---)/.test(text)
    ) {
      const name = /^(?:(?:pid: )?(\d+), )?(?:name: ?)?(\S.{0,20})?$/.exec(text);
      if (name !== null) {
        if (name[1] !== undefined) draft.pid = Number(name[1]);
        if (name[2] !== undefined) draft.task = name[2];
        return true;
      }
    }
    return /^(?:preempt_count: |RCU nest depth: )/.test(text);
  },
};

const plainForm: StackReportForm = {
  detail: (text) => /^caller is /.test(text),
};

export const sleepingRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    if (!text.startsWith('BUG: s') && !text.startsWith('BUG: u')) return null;
    const sleeping = SLEEPING.exec(text);
    if (sleeping !== null)
      return stackReport(
        line,
        {
          kind: 'sleeping-in-atomic',
          facts: {
            what: 'sleeping function',
            file: sleeping[1] ?? null,
            lineno: sleeping[2] === undefined ? null : Number(sleeping[2]),
          },
        },
        sleepingForm,
      );
    const scheduling = SCHEDULING.exec(text);
    if (scheduling !== null)
      return stackReport(
        line,
        {
          kind: 'sleeping-in-atomic',
          task: scheduling[1] ?? null,
          pid: Number(scheduling[2]),
          facts: { what: 'scheduling while atomic', preempt: scheduling[3] ?? null },
        },
        plainForm,
      );
    const preemptible = PREEMPTIBLE.exec(text);
    if (preemptible !== null)
      return stackReport(
        line,
        {
          kind: 'sleeping-in-atomic',
          task: preemptible[3] ?? null,
          pid: Number(preemptible[4]),
          facts: { what: preemptible[1] ?? null, preempt: preemptible[2] ?? null },
        },
        plainForm,
      );
    return null;
  },
};
