// A capture as `import --json` lists it.
import type { Capture } from '../corpus/schema/capture.js';
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

/** True if there is something in it about locks that relock can work on, or a report to be read. */
export function hasLockFacts(capture: Capture): boolean {
  return capture.events.kind.length > 0 || capture.reports.length > 0 || capture.programs.length > 0;
}

/** True if it is worth keeping: lock facts, or annotations that stand beside those of other captures. */
export function isWorthKeeping(capture: Capture): boolean {
  return hasLockFacts(capture) || (capture.notes ?? []).length > 0;
}
