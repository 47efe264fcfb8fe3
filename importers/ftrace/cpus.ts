// What is known of each CPU between records: how deep it is in interrupts, who runs there, and whose its last record was.
import { InterruptLevels } from '../trace-events/interrupt-levels.js';
import { tableOf } from '../trace-events/lists.js';
import type { Level } from '../trace-events/runners.js';

/** By CPU, for recordings whose heads do not say everything. */
export class TraceCpus {
  /** By events, for recordings without flags. */
  readonly #levels = new InterruptLevels();
  /** Who runs, by the switches of function_graph. */
  readonly #running = tableOf<number>();
  /** The pid of the last record, and whether that went to the mapper: a stack that follows is the record's. */
  readonly #lastPid = tableOf<number>();
  readonly #lastMapped = tableOf<boolean>();

  /** An interrupt begins or ends by an event. */
  interrupt(cpu: number, isSoft: boolean, enters: boolean): void {
    this.#levels.set(cpu, isSoft, enters);
  }

  /** The level of a record: `said` by its flags, or less than 0 where there are none. */
  level(cpu: number, said: number): Level {
    return said >= 0 ? (said as Level) : this.#levels.at(cpu);
  }

  /** A record of that task; `isMapped`: it went to the mapper. */
  record(cpu: number, pid: number, isMapped: boolean): void {
    this.#lastPid[cpu] = pid;
    this.#lastMapped[cpu] = isMapped;
  }

  /** A record that did not go to the mapper, whoever made it. */
  passed(cpu: number): void {
    this.#lastMapped[cpu] = false;
  }

  /** True if the last record there was the task's and went to the mapper. */
  wasMapped(cpu: number, pid: number): boolean {
    return this.#lastPid[cpu] === pid && this.#lastMapped[cpu] === true;
  }

  /** A switch of function_graph; true if it is the first that the CPU shows. */
  switchTo(cpu: number, pid: number): boolean {
    const isFirst = this.#running[cpu] === undefined;
    this.#running[cpu] = pid;
    return isFirst;
  }

  /** Who runs there; before the first switch, what stands for them. */
  running(cpu: number): number {
    return this.#running[cpu] ?? unknownOn(cpu);
  }
}

/** Stands for the pid of a task that ran before the first switch that a CPU shows. */
export function unknownOn(cpu: number): number {
  return -2 - cpu;
}
