// Warnings of the locking code, and tasks that cannot die: messages that have no kind of their own.
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

interface OtherKind {
  readonly what: string;
  readonly headline: RegExp;
}

const KINDS: readonly OtherKind[] = [
  // kernel/locking/lockdep.c; the WARNING of the same check follows on the next line.
  { what: 'lockdep', headline: /^DEBUG_LOCKS_WARN_ON\(/ },
  {
    what: 'task cannot die',
    headline: /^INFO: task (?<comm>.+):(?<pid>\d+) can't die for more than \d+ seconds/,
  },
  {
    what: 'warning in locking code',
    headline: /^WARNING: CPU: \d+ PID: (?<pid>\d+) at (?:kernel\/locking\/|lib\/debug_locks)/,
  },
  { what: 'warning in locking code', headline: /^WARNING: (?:kernel\/locking\/|lib\/debug_locks)\S+ at / },
];

const form: StackReportForm = {
  detail: (text) => /^(?:lock: |last function: |\.magic: |DEBUG_LOCKS_WARN_ON|Modules linked in)/.test(text),
  continues: (text) => text.startsWith('WARNING: ') || text.startsWith('DEBUG_LOCKS_WARN_ON'),
};

export const otherLockRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    if (!/^(?:INFO|WARNING): |^DEBUG_LOCKS/.test(text)) return null;
    for (const { what, headline } of KINDS) {
      const head = headline.exec(text);
      if (head === null) continue;
      const pid = head.groups?.['pid'];
      return stackReport(
        line,
        {
          kind: 'other-lock',
          task: head.groups?.['comm'] ?? null,
          pid: pid === undefined ? null : Number(pid),
          facts: { what },
        },
        form,
      );
    }
    return null;
  },
};
