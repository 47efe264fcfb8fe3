// The expected facts that a numbered sample carries in its header, beside what a capture says of itself.
import type { Capture } from '../../corpus/schema/capture.js';

/** Facts by name, as text: `tasks` -> `2`, `by acq` -> `4`, `skips std_line_unreadable` -> `1`. */
export type Facts = Readonly<Record<string, string>>;

/**
 * Reads `# expect: tasks 2, by acq 4, skips none` lines (several may stand anywhere in a sample, behind any comment mark).
 * A value is the last word of a fact; `skips none` says that nothing was skipped.
 */
export function expectedFacts(text: string): Facts {
  const facts: Record<string, string> = {};
  for (const [, list = ''] of text.matchAll(/\bexpect: (.*)/g))
    for (const fact of list.split(',')) {
      const words = fact.trim().split(/\s+/);
      const value = words.pop() ?? '';
      facts[words.join(' ')] = value;
    }
  if (Object.keys(facts).length === 0) throw new Error('the sample says nothing of what is expected of it');
  return facts;
}

/** The same facts of a capture. */
export function factsOf(capture: Capture): Facts {
  const isVariable = (lockClass: number): boolean => capture.classes[lockClass]?.variable === true;
  const variables = capture.locks.filter((lock) => isVariable(lock.class)).length;
  const kinds = new Map<string, number>();
  for (const report of capture.reports) kinds.set(report.kind, (kinds.get(report.kind) ?? 0) + 1);
  const facts: Record<string, string | number> = {
    format: capture.format,
    arch: capture.arch ?? 'unknown',
    kernel: capture.kernel ?? 'unknown',
    platform: capture.platform.length === 0 ? 'none' : capture.platform.join('+'),
    tasks: capture.tasks.length,
    locks: capture.locks.length - variables,
    classes: capture.classes.filter((lockClass) => lockClass.variable !== true).length,
    variables,
    events: capture.events.kind.length,
    episodes: capture.episodes.length,
    reports: capture.reports.length,
  };
  for (const [kind, times] of kinds) facts[`report ${kind}`] = times;
  for (const [name, times] of Object.entries(capture.byEvent)) facts[`by ${name}`] = times;
  for (const skip of capture.skipped) facts[`skips ${skip.stat}`] = skip.count;
  if (capture.skipped.length === 0) facts['skips'] = 'none';
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, String(value)]));
}
