// Interrupt levels: how deep in interrupts each CPU is, by the events of their entry and exit, for recordings without flags.
import type { Level } from './runners.js';

const SOFT = 2;
const HARD = 4;

/** By CPU; an unknown one (-1) is a CPU of its own. */
export class InterruptLevels {
  /** By CPU, plus 1. */
  readonly #levels: number[] = [];

  /** An interrupt begins there, or ends. */
  set(cpu: number, isSoft: boolean, enters: boolean): void {
    const bit = isSoft ? SOFT : HARD;
    const before = this.#levels[cpu + 1] ?? 0;
    this.#levels[cpu + 1] = enters ? before | bit : before & ~bit;
  }

  at(cpu: number): Level {
    const levels = this.#levels[cpu + 1] ?? 0;
    return (levels & HARD) !== 0 ? 2 : (levels & SOFT) !== 0 ? 1 : 0;
  }

  /** Something is missing: nobody knows. */
  clear(): void {
    this.#levels.length = 0;
  }
}
