// A capture as `import --json` lists it.
import type { Capture } from '../corpus/schema/capture.js';
import { EVENT_KINDS, type EventKind } from '../corpus/schema/event.js';
import type { CaptureForm } from '../corpus/schema/forms.js';

/** Sums up a capture; `already`: its content was in the database before. */
export function captureForm(capture: Capture, already: boolean): CaptureForm {
  return {
    id: capture.id,
    file: capture.file,
    format: capture.format,
    arch: capture.arch,
    kernel: capture.kernel,
    platform: capture.platform,
    events: capture.events.kind.length,
    by_event: capture.byEvent,
    tasks: capture.tasks.length,
    locks: capture.locks.filter((lock) => capture.classes[lock.class]?.variable !== true).length,
    classes: capture.classes.filter((lockClass) => lockClass.variable !== true).length,
    reports: capture.reports,
    skipped: capture.skipped,
    ...(capture.notes === undefined ? {} : { notes: capture.notes.length }),
    already,
  };
}

/** Events that say nothing of locks or waits: of such alone a recording has nothing to test. */
const OF_TASKS: ReadonlySet<EventKind> = new Set([
  ...(['fork', 'exit', 'sleep', 'wake', 'queue-work', 'start-work', 'end-work'] as const),
  ...(['irq-enter', 'irq-exit', 'irqs-on', 'irqs-off', 'gap'] as const),
]);

/** True if there is something in it about locks that relock can work on, or a report to be read. */
export function hasLockFacts({ events, reports, programs }: Capture): boolean {
  return (
    reports.length > 0 || programs.length > 0 || events.kind.some((code) => !OF_TASKS.has(EVENT_KINDS[code]!))
  );
}

/** True if it is worth keeping: lock facts, or annotations that stand beside those of other captures. */
export function isWorthKeeping(capture: Capture): boolean {
  return hasLockFacts(capture) || (capture.notes ?? []).length > 0;
}
