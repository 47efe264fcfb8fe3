// Recognises the headlines of all lockdep reports, and excerpts of such reports that people cut without one.
import type { LogLine, ReportParser, ReportRecogniser } from '../line.js';
import type { LockdepKind } from './draft.js';
import { badUnlockBalance } from './kinds/bad-unlock-balance.js';
import { circular } from './kinds/circular.js';
import { heldLockFreed } from './kinds/held-lock-freed.js';
import { inconsistentState } from './kinds/inconsistent-state.js';
import { invalidWaitContext } from './kinds/invalid-wait-context.js';
import { irqInversion } from './kinds/irq-inversion.js';
import { irqOrder } from './kinds/irq-order.js';
import { lockHeldAtExit } from './kinds/lock-held-at-exit.js';
import { nestedLockNotTaken } from './kinds/nested-lock-not-taken.js';
import { otherLock } from './kinds/other-lock.js';
import { recursive } from './kinds/recursive.js';
import { lineKind, plain } from './line-kinds.js';
import { LockdepScanner } from './scanner.js';

/** Every kind; in an excerpt without a headline the first that fits is taken. */
const KINDS: readonly LockdepKind[] = [
  irqOrder,
  irqInversion,
  inconsistentState,
  nestedLockNotTaken,
  invalidWaitContext,
  badUnlockBalance,
  heldLockFreed,
  lockHeldAtExit,
  recursive,
  circular,
  otherLock,
];

/** `WARNING: words` since 4.12, `[ INFO: words ]` and `[ BUG: words ]` before; stars and equals of a joined rule. */
const HEADLINE = /^(?:[=*]+ *)?(?:\[ *)?(?:INFO|WARNING|BUG|DEBUG): +(.+?)(?: *\])?$/;

function headlineKind(text: string): LockdepKind | null {
  if (text.length > 160 || !/^[[=*IWBD]/.test(text)) return null;
  const words = HEADLINE.exec(text)?.[1];
  if (words === undefined) return null;
  return KINDS.find((kind) => kind.headline.test(words)) ?? null;
}

/** Words that a line must hold to begin an excerpt: most lines hold none, and are looked at no further. */
const MAY_BEGIN = /is trying to |takes:|just changed the|-> ?#\d|the existing dependency|still held!/;

/** Lines with which an excerpt may begin. */
function beginsExcerpt(line: LogLine): boolean {
  if (!MAY_BEGIN.test(line.text)) return false;
  const kind = lineKind(line.text, line.no);
  if (kind === null) return false;
  return (
    kind.is === 'link' ||
    (kind.is === 'task' && kind.verb !== 'free') ||
    (kind.is === 'phrase' && kind.phrase === 'chain-intro')
  );
}

/** Opens a parser for every report of kernel/locking/lockdep.c, and for the lock debugging code's one-liners. */
export const lockdepReports: ReportRecogniser = {
  open(line: LogLine): ReportParser | null {
    const kind = headlineKind(plain(line.text).trim());
    if (kind !== null) return new LockdepScanner(line, kind, KINDS, headlineKind);
    return beginsExcerpt(line) ? new LockdepScanner(line, null, KINDS, headlineKind) : null;
  },
};
