// The interface of feedback: what a run did that counts as new, as numbers.
import type { Machine } from '../../model/machine.js';

/** What one transition did. */
export type StepKind = 'blocked' | 'acquired' | 'released' | 'other';

/** One transition, with what the feedbacks need to know; one object is used again for all. */
export interface ObservedStep {
  /** Index in the program. */
  task: number;
  /** Op that was attempted or done. */
  op: number;
  kind: StepKind;
  /** Lock that the op is about, or -1. */
  lock: number;
  /** Hash of the locks that the task held before the transition; the same set gives the same number. */
  held: number;
}

/** One kind of feature. `step` is called after each transition; features are 32-bit numbers. */
export interface Feedback {
  readonly name: string;
  /** Different features of one program that are kept, in all; later ones count as known. Bounds memory. */
  readonly budget: number;
  /** Before each run. */
  begin(machine: Machine): void;
  step(machine: Machine, step: ObservedStep, emit: (feature: number) => void): void;
}

/** Bits of a feature that say which feedback it comes from. */
const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;

/** A hash as a feature of the feedback with this number in the list. */
export function featureOf(hash: number, kind: number): number {
  return (hash & ~KIND_MASK) | kind;
}

/** Number in the list of the feedback that the feature comes from. */
export function kindOf(feature: number): number {
  return feature & KIND_MASK;
}

/** Mixes numbers into a 32-bit hash (the finisher of MurmurHash3, A. Appleby, public domain). */
export function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0xcc9e2d51), 0x1b873593) ^ (a >>> 13);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
