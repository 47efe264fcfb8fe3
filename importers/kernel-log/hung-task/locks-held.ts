// `Showing all locks held in the system:` of sysrq-d and khungtaskd, and lists of held locks that stand alone.
import type { Report } from '../../../corpus/schema/report.js';
import { isHeadline } from '../headlines.js';
import type { Fed, LogLine, ReportParser, ReportRecogniser } from '../line.js';
import { createHeldList, type HeldListReader, parseHeldHeadline } from '../lockdep/held-list.js';
import { heldOf, reportOf } from '../report-draft.js';

const HEADLINE = /^Showing all locks held in the system:/;
const END = /^={20,}$/;
/** Strangers' lines between two lists before a dump counts as over; a single list is over sooner. */
const PATIENCE = 200;
const PATIENCE_ALONE = 4;

class LocksHeld implements ReportParser {
  readonly maxLines = 100_000;
  readonly #line: LogLine;
  readonly #whole: boolean;
  readonly #lists: HeldListReader = createHeldList();
  #end: number;
  #strangers = 0;

  constructor(line: LogLine, whole: boolean) {
    this.#line = line;
    this.#whole = whole;
    this.#end = line.no;
    if (!whole) this.#lists.feed(line);
  }

  feed(line: LogLine): Fed {
    const text = line.text.trim();
    if (text === '') return 'taken';
    if (isHeadline(text)) return 'over';
    if (this.#lists.feed(line) === 'taken') {
      this.#end = line.no;
      this.#strangers = 0;
      return 'taken';
    }
    if (this.#whole && END.test(text)) {
      this.#end = line.no;
      return 'last';
    }
    return ++this.#strangers > (this.#whole ? PATIENCE : PATIENCE_ALONE) ? 'over' : 'foreign';
  }

  finish(): Report | null {
    const lists = this.#lists.lists();
    // `1 lock held by someone/12` in prose has no entries, and a lone `no locks held by` says nothing.
    if (!this.#whole && lists.every((list) => list.locks.length === 0)) return null;
    const first = lists[0];
    const alone = !this.#whole && lists.length === 1 ? first : undefined;
    return reportOf({
      kind: 'locks-held',
      line: this.#line.no,
      title: this.#line.text.trim(),
      task: alone?.task ?? null,
      pid: alone?.pid ?? null,
      held: heldOf(lists),
      endLine: this.#end,
      problems: [
        ...(lists.some((list) => list.locks.length !== list.count) ? ['held-count-mismatch'] : []),
        ...(lists.some((list) => list.unreadable > 0) ? ['held-unparsed'] : []),
      ],
    });
  }
}

export const locksHeldRecogniser: ReportRecogniser = {
  open(line) {
    const text = line.text.trim();
    if (HEADLINE.test(text)) return new LocksHeld(line, true);
    if (text.includes(' held by ') && parseHeldHeadline(text) !== null) return new LocksHeld(line, false);
    return null;
  },
};
