// Witness: a minimal program and schedule that deadlocks, with what it rests on; replayed before it is stored, never changed.
import type { Basis } from './capture.js';
import type { CaptureId, Signature, WitnessId } from './ids.js';
import type { LockMode } from './lock.js';

export const WITNESS_KINDS = ['self-deadlock', 'inversion', 'irq-inversion', 'stranded', 'violated'] as const;
export type WitnessKind = (typeof WITNESS_KINDS)[number];

/** minimal: nothing can go and no shorter schedule exists, by exhaustive search. */
export const GRADES = ['minimal', 'reduced', 'raw'] as const;
export type Grade = (typeof GRADES)[number];

export const TRIAGE_STATES = ['open', 'reported', 'fixed', 'invalid', 'dup'] as const;
export type TriageState = (typeof TRIAGE_STATES)[number];

export interface WitnessHold {
  readonly lock: string;
  readonly class: string;
  readonly mode: LockMode;
  readonly site: string | null;
  /** `FILE:LINE` of the step or attempt where known. */
  readonly at?: string | null;
}

export interface WitnessTask {
  readonly name: string;
  readonly holds: readonly WitnessHold[];
  readonly wants: WitnessHold | null;
}

/** The witness of contract.md section 2. `state` is that of its signature's triage. */
export interface Witness {
  readonly id: WitnessId;
  readonly signature: Signature;
  readonly kind: WitnessKind;
  readonly basis: Basis;
  readonly grade: Grade;
  /** Tasks of the cycle in waits-for order: each waits for the next. */
  readonly tasks: readonly WitnessTask[];
  /** Classes of the wanted locks in waits-for order, in canonical rotation. */
  readonly cycle: readonly string[];
  readonly preemptions: number;
  readonly steps: number;
  readonly captures: readonly CaptureId[];
  readonly assumes: readonly string[];
  /** Version of the lock model it was replayed with: `kernel/4`. */
  readonly model: string;
  /** Complete litmus text: program, rules, schedule, expectation. */
  readonly litmus: string;
  readonly state: TriageState | 'regressed';
  readonly ruledOut?: readonly string[];
  /** Tasks seen queueing behind the cycle, in an observed dump. */
  readonly bystanders?: readonly string[];
  /** `FILE:LINE` of each step of the schedule where known, same length as `steps`; null where not. */
  readonly provenance?: readonly (string | null)[];
  /** ISO 8601 time of the first sighting. */
  readonly found_at?: string;
}
