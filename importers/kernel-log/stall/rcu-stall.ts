// RCU stall warnings of all flavours: kernel/rcu/tree_stall.h, tree_exp.h, tasks.h; before 5.0 kernel/rcu/tree.c.
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

const HEADLINE =
  /^[?@]?(?:rcu: )?INFO: (rcu\w*|\w+) (?:(self-)detected stall on CPU|detected (?:(expedited) )?stalls?(?: on (?:CPUs\/tasks|CPUs|tasks)|, but suppressed full report|\? \(Late IPI\?\)))/;
/** `(detected by 7, t=65008 jiffies, ...)`, `(t=2100 jiffies g=...)`, `10886 jiffies s: 1 root: 0x4/.` */
const DETECTED_BY = /\(detected by (\d+), t=(\d+) jiffies/;
const JIFFIES = /\(t=(\d+) jiffies/;
const EXPEDITED = /\} (\d+) jiffies s: /;

function readTimes(text: string, facts: Record<string, string | number | boolean | null>): boolean {
  const by = DETECTED_BY.exec(text);
  if (by !== null) {
    facts['detected_by'] ??= Number(by[1]);
    facts['jiffies'] ??= Number(by[2]);
    return true;
  }
  const jiffies = JIFFIES.exec(text) ?? EXPEDITED.exec(text);
  if (jiffies === null) return false;
  facts['jiffies'] ??= Number(jiffies[1]);
  return true;
}

/** A form of its own for each report: it remembers the last line, in case the times were wrapped to the next. */
const newForm = (headline: string): StackReportForm => {
  let last = headline;
  return {
    manyTasks: true,
    patience: 60,
    detail(text, draft) {
      const before = last;
      last = text;
      if (readTimes(text, draft.facts)) return true;
      if (/\([^)]*$/.test(before) && readTimes(`${before} ${text}`, draft.facts)) return true;
      return /^(?:rcu: |\d+-|\(|Tasks blocked|All QSes|blocking rcu_node|rcu_\w+ kthread|Task dump for CPU)/.test(
        text,
      );
    },
  };
};

export const rcuStallRecogniser: ReportRecogniser = {
  open(line) {
    if (!line.text.includes('INFO: ') || !line.text.includes('stall')) return null;
    const text = line.text.trim();
    const head = HEADLINE.exec(text);
    if (head === null) return null;
    const facts: Record<string, string | number | boolean | null> = {
      flavour: head[1] ?? null,
      self: head[2] !== undefined,
      expedited: head[3] !== undefined,
      detected_by: null,
      jiffies: null,
    };
    readTimes(text, facts);
    return stackReport(line, { kind: 'rcu-stall', facts }, newForm(text));
  },
};
