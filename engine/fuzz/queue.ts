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
  /** By direction (engine/fuzz/direction.ts): how near its run came. */
  readonly away: readonly number[];
  /** Children made of it. */
  children: number;
}

/** What energy depends on beside the entry itself. */
export interface Power {
  readonly counts: FeatureCounts;
  /** By direction: the nearest that any run has come; 0 where all its tasks stood at their goals already. */
  readonly nearest: readonly number[];
}

/** What an entry gets that is as near as any to a cycle which was not reached, for that of a feature met once. */
const DIRECTED = 1;

/** From 0 to 1: 1 for an entry that is as near as any run to some direction that was not reached. */
export function closeness(away: readonly number[], nearest: readonly number[]): number {
  let best = 0;
  for (let d = 0; d < nearest.length; d++) {
    if (nearest[d]! > 0 && away[d] !== undefined) best = Math.max(best, nearest[d]! / Math.max(1, away[d]!));
  }
  return Math.min(1, best);
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

/** Energy of an entry: high if its features are rare or a cycle is near, lower with each child. */
export function energyOf(entry: QueueEntry, { counts, nearest }: Power): number {
  let rarest = 0;
  for (const f of entry.features) rarest = Math.max(rarest, 1 / counts.of(f));
  const near = closeness(entry.away, nearest) ** 2;
  return (rarest + DIRECTED * near + 1e-9) / (1 + entry.children);
}

/** Draws a few entries and takes the one with the most energy. The queue must not be empty. */
export function pickEntry(queue: readonly QueueEntry[], power: Power, rng: Rng): QueueEntry {
  let best: QueueEntry | undefined;
  for (let i = 0; i < DRAWN; i++) {
    const drawn = queue[rng.below(queue.length)];
    if (drawn === undefined) continue;
    if (best === undefined || energyOf(drawn, power) > energyOf(best, power)) best = drawn;
  }
  if (best === undefined) throw new Error('the queue is empty');
  return best;
}
