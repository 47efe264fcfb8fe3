// Schedules: the exact order of steps, and the genome that writes it as exceptions to run-until-blocked.

/** Switch away from whoever runs: after `step` steps in all, go on with `task`. */
export interface Preemption<Task> {
  /** Steps done in all when the switch happens, counted from the start. */
  readonly step: number;
  readonly task: Task;
  /** For an irq task without `cpu`: the task whose CPU it hits; absent: the CPU of whoever acted last. */
  readonly over?: Task;
}

/**
 * A schedule as its exceptions: run each task of `order` until it blocks or ends, then the next runnable one in
 * `order`; except at `preempts`, sorted by step. Every genome is valid for every program.
 */
export interface GenomeOf<Task> {
  readonly order: readonly Task[];
  readonly preempts: readonly Preemption<Task>[];
}

/** Genome over task indices of one program: what the engine works on. */
export type Genome = GenomeOf<number>;
/** Genome over task names: what litmus text and the database hold. */
export type NamedGenome = GenomeOf<string>;

/**
 * One entry for each transition (an op done, or a task becoming a waiter), in order; the exact record of a run. An
 * entry is a task index, plus 32 * (c + 1) where an irq task without `cpu` hits the program's c-th CPU rather than
 * that of whoever acted last (engine/model/choice.ts). In a program of more than 32 tasks, which only the interpreter
 * runs whole, the 32 is the next power of two that they fit in.
 */
export type Schedule = readonly number[];
