// `WARNING: suspicious RCU usage`: kernel/locking/lockdep.c lockdep_rcu_suspicious().
import type { ReportRecogniser } from '../line.js';
import { type StackReportForm, stackReport } from '../stack-report.js';

/** `[ INFO: suspicious RCU usage. ]` until 4.10; `suspicious rcu_dereference_check() usage` before 3.2. */
const HEADLINE = /^(?:\[ )?(?:INFO|WARNING): suspicious (?:RCU|rcu_dereference_\w+\(\)) usage/;
const PLACE = /^(\S+\.[chS]):(\d+) (.+)$/;
/** A place whose text was wrapped away by a mail client. */
const PLACE_ALONE = /^(\S+\.[chS]):(\d+)$/;

/** A form of its own for each report: it remembers whether the sentence behind the place is whole. */
const newForm = (): StackReportForm => {
  let cut = false;
  return {
    detail(text, draft) {
      if (draft.facts['file'] === null) {
        const place = PLACE.exec(text);
        if (place !== null) {
          draft.facts['file'] = place[1] ?? null;
          draft.facts['lineno'] = Number(place[2]);
          const words = place[3] ?? '';
          draft.facts['what'] = words.replace(/!$/, '');
          cut = !words.endsWith('!');
          return true;
        }
        const alone = PLACE_ALONE.exec(text);
        if (alone !== null) {
          draft.facts['file'] = alone[1] ?? null;
          draft.facts['lineno'] = Number(alone[2]);
          cut = true;
          return true;
        }
      } else if (cut && /^[\w(].{0,80}!$/.test(text)) {
        // The sentence ends in an exclamation mark, if need be on the next line.
        draft.facts['what'] = `${draft.facts['what'] ?? ''} ${text.slice(0, -1)}`.trim();
        cut = false;
        return true;
      }
      return /^(?:other info that might|rcu_scheduler_active = |RCU used illegally|stack backtrace:|-{10,}$|={10,}$|(?![0-9])\S+ (?:Not tainted|Tainted))/.test(
        text,
      );
    },
  };
};

export const suspiciousRcuRecogniser: ReportRecogniser = {
  open(line) {
    if (!line.text.includes('suspicious ') || !HEADLINE.test(line.text.trim())) return null;
    return stackReport(
      line,
      { kind: 'suspicious-rcu', facts: { file: null, lineno: null, what: null } },
      newForm(),
    );
  },
};
