// Identity: whether the locks of a ring are known to be one object each, or only by the name that calls without addresses give.
import type { Capture } from '../../../corpus/schema/capture.js';
import { EXCLUSIVE } from './codes.js';
import type { TraceCycle } from './cycles.js';

/** The locks that members of the ring wait for; where a member is interrupted, none. */
function wantedOf(cycle: TraceCycle): number[] {
  return cycle.members.flatMap(({ shape, step }) => shape.steps[step]?.lock ?? []);
}

/** True if only its name says that the lock is one object: calls were recorded without addresses. */
export function isByName(capture: Capture, episode: number, lock: number): boolean {
  const { address, class: of } = capture.locks[lock]!;
  return capture.episodes[episode]?.basis === 'aliased' && address === null && !capture.classes[of]!.single;
}

/** What must be true for the ring beside what was recorded: one sentence for each class whose objects are taken for one. */
export function sharedByName(capture: Capture, episode: number, locks: Iterable<number>): readonly string[] {
  const names = new Set<string>();
  for (const lock of locks)
    if (isByName(capture, episode, lock)) names.add(capture.classes[capture.locks[lock]!.class]!.name);
  return [...names].map(
    (name) =>
      `the tasks mean the same \`${name}\`: calls were recorded without addresses, and only their paths are alike`,
  );
}

/** Says that a ring is refuted by a gate which is one object only by its name. */
export function presumedGate(name: string): string {
  return `Tasks could wait for each other in a ring unless they mean the same \`${name}\`, which they hold there: calls were recorded without addresses.`;
}

/** The locks of a ring. */
export function locksOf(cycle: TraceCycle): ReadonlySet<number> {
  return new Set(wantedOf(cycle));
}

/**
 * A text that rings of the same classes share, if each member waits for a lock alone: one of them tells what the others do,
 * since which object each task meant is not known anyway. Null for rings with readers or interrupts.
 */
export function classCycle(capture: Capture, cycle: TraceCycle): string | null {
  const wants = cycle.members.map(({ shape, step, interrupted }) => {
    const wanted = interrupted ? undefined : shape.steps[step];
    return wanted === undefined || wanted.mode !== EXCLUSIVE ? null : capture.locks[wanted.lock]!.class;
  });
  return wants.includes(null) ? null : wants.map(String).sort().join(' ');
}
