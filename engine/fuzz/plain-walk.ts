// Plain walk: what the random walks of plain programs have in common, however they are done.

/** How a walk ended. */
export const COMPLETED = 0;
export const DEADLOCKED = 1;
export const STRANDED = 2;
/** Something was given back that was not held. */
export const BROKEN = 3;

/** Random schedules of one program, made one after the other. */
export interface PlainWalk {
  /** Transitions of the last walk: the first `length` are its schedule. */
  readonly schedule: Uint8Array;
  readonly length: number;
  /** Ops done in the last walk. */
  readonly steps: number;
  /** One walk from the start; says how it ended. `weighted`: by the ops that each task has left; otherwise uniformly. */
  run(seed: number, weighted: boolean): number;
}
