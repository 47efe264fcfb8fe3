// Verdicts: how one run of a program ended, and what a search over all runs concluded.

/** How one run ended. Task numbers are indices into `Program.tasks`. */
export type Verdict =
  | { readonly kind: 'completed' }
  /** `cycle` in waits-for order, starting at its smallest task index; bystanders are not part of it. */
  | { readonly kind: 'deadlock'; readonly cycle: readonly number[]; readonly bystanders: readonly number[] }
  /** Tasks that wait although nobody who could wake them can move, and no cycle explains it. Sorted. */
  | { readonly kind: 'stranded'; readonly tasks: readonly number[] }
  /** A `require` failed, or a lock was released by who may not (`reason` says which). */
  | { readonly kind: 'violated'; readonly task: number; readonly op: number; readonly reason: string }
  | { readonly kind: 'ill-formed'; readonly reason: string }
  | { readonly kind: 'out-of-steps' };

/** One end that a search found: verdict kind with its tasks, and one schedule that leads to it. */
export interface SearchFind {
  readonly kind: 'deadlock' | 'stranded' | 'violated';
  /** Task indices, sorted. */
  readonly tasks: readonly number[];
  readonly verdict: Verdict;
  readonly schedule: readonly number[];
}

export interface SearchResult {
  readonly finds: readonly SearchFind[];
  /** True if every schedule was covered, so that what is absent here is proved absent within the model. */
  readonly complete: boolean;
  /** Distinct states visited. */
  readonly states: number;
  /** Ways that were gone to an end, or to where another had been before: each is a schedule that was covered. */
  readonly schedules: number;
  /** Transitions taken. */
  readonly steps: number;
}
