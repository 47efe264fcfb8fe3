// Coverage: whether a trace as text has records of every CPU on which tasks were woken.
import type { SkipCounter } from '../skips.js';
import { tableOf } from '../trace-events/lists.js';

/** Wake-ups on a CPU without records before it counts as one that is missing: the last ones may just not have run yet. */
const SURE = 2;

export class Coverage {
  readonly #seen = tableOf<boolean>();
  /** By CPU: wake-ups meant for it, and the line of the first. */
  readonly #woken = tableOf<{ count: number; readonly where: number }>();

  /** A record of that CPU. */
  record(cpu: number): void {
    this.#seen[cpu] = true;
  }

  /** A task was woken to run on that CPU. */
  wakes(cpu: number, where: number): void {
    const known = this.#woken[cpu];
    if (known === undefined) this.#woken[cpu] = { count: 1, where };
    else known.count++;
  }

  /** Counts the CPUs that are missing. `switches`: whether switches of tasks were recorded, so that a CPU at work has records. */
  finish(switches: boolean, skips: SkipCounter): void {
    if (!switches) return;
    this.#woken.forEach((woken, cpu) => {
      if (woken !== undefined && woken.count >= SURE && this.#seen[cpu] !== true)
        skips.count('cpus_missing', woken.where);
    });
  }
}
