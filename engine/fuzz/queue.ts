// Queue: the genomes that showed something new, and which of them to change next.
import type { Genome } from '../../corpus/schema/schedule.js';
import type { Rng } from '../rng.js';
import type { FeatureCounts } from './feature-counts.js';

export interface QueueEntry {
  readonly genome: Genome;
  /** Features that it was the first to show, no more than `FEATURES_KEPT`. */
  readonly features: readonly number[];
  /** Ops of its run. */
  readonly steps: number;
  /** Children made of it. */
  children: number;
}

/** Features of an entry that are remembered: the rarest of so many is rare enough. */
export const FEATURES_KEPT = 16;
/** Entries of one queue. */
const QUEUE_LIMIT = 2048;

/** Adds an entry; from a full queue, the one that was the first to show the fewest features goes. */
export function enqueue(queue: QueueEntry[], entry: QueueEntry): void {
  queue.push(entry);
  if (queue.length <= QUEUE_LIMIT) return;
  let worst = 0;
  for (let i = 1; i < queue.length; i++) {
    if (queue[i]!.features.length < queue[worst]!.features.length) worst = i;
  }
  queue.splice(worst, 1);
}

/** Entries that are compared for each pick. */
const DRAWN = 3;

/** Energy of an entry: high if its features are rare, lower with each child. */
export function energyOf(entry: QueueEntry, counts: FeatureCounts): number {
  let rarest = 0;
  for (const f of entry.features) rarest = Math.max(rarest, 1 / counts.of(f));
  return (rarest + 1e-9) / (1 + entry.children);
}

/** Draws a few entries and takes the one with the most energy. The queue must not be empty. */
export function pickEntry(queue: readonly QueueEntry[], counts: FeatureCounts, rng: Rng): QueueEntry {
  let best: QueueEntry | undefined;
  for (let i = 0; i < DRAWN; i++) {
    const drawn = queue[rng.below(queue.length)];
    if (drawn === undefined) continue;
    if (best === undefined || energyOf(drawn, counts) > energyOf(best, counts)) best = drawn;
  }
  if (best === undefined) throw new Error('the queue is empty');
  return best;
}
