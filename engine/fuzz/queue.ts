// Queue: the genomes that showed something new, and which of them to change next.
import type { Genome } from '../../corpus/schema/schedule.js';
import type { Rng } from '../rng.js';

export interface QueueEntry {
  readonly genome: Genome;
  /** Features that it was the first to show. */
  readonly features: readonly number[];
  /** Ops of its run. */
  readonly steps: number;
  /** Children made of it. */
  children: number;
}

/** Entries that are compared for each pick. */
const DRAWN = 3;

/** Energy of an entry: high if its features are rare, lower with each child. */
export function energyOf(entry: QueueEntry, counts: ReadonlyMap<number, number>): number {
  let rarest = 0;
  for (const f of entry.features) rarest = Math.max(rarest, 1 / (counts.get(f) ?? 1));
  return (rarest + 1e-9) / (1 + entry.children);
}

/** Draws a few entries and takes the one with the most energy. The queue must not be empty. */
export function pickEntry(
  queue: readonly QueueEntry[],
  counts: ReadonlyMap<number, number>,
  rng: Rng,
): QueueEntry {
  let best: QueueEntry | undefined;
  for (let i = 0; i < DRAWN; i++) {
    const drawn = queue[rng.below(queue.length)];
    if (drawn === undefined) continue;
    if (best === undefined || energyOf(drawn, counts) > energyOf(best, counts)) best = drawn;
  }
  if (best === undefined) throw new Error('the queue is empty');
  return best;
}
