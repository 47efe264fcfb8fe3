// Feature counts: how often each feature of one program was met, within a budget that never grows.
import { type Feedback, kindOf } from './feedback/feedback.js';

/** Each kind of feature has a budget of its own, so that none crowds out the others. */
export class FeatureCounts {
  readonly #counts: Map<number, number>;
  readonly #left: number[];

  /** `from`: pairs of feature and count, as `entries` gives them. */
  constructor(feedbacks: readonly Feedback[], from: readonly (readonly [number, number])[] = []) {
    this.#counts = new Map(from);
    this.#left = feedbacks.map(({ budget }) => budget);
    for (const [feature] of from) this.#take(kindOf(feature));
  }

  get size(): number {
    return this.#counts.size;
  }

  /** How often the feature was met; 1 for one that there was no room for. */
  of(feature: number): number {
    return this.#counts.get(feature) ?? 1;
  }

  /** Counts a sighting. True if it is the first, and there is room to remember it. */
  add(feature: number): boolean {
    const count = this.#counts.get(feature);
    if (count !== undefined) {
      this.#counts.set(feature, count + 1);
      return false;
    }
    if (!this.#take(kindOf(feature))) return false;
    this.#counts.set(feature, 1);
    return true;
  }

  /** In the order of the first sightings. */
  entries(): (readonly [number, number])[] {
    return [...this.#counts];
  }

  #take(kind: number): boolean {
    const left = this.#left[kind] ?? 0;
    if (left <= 0) return false;
    this.#left[kind] = left - 1;
    return true;
  }
}
