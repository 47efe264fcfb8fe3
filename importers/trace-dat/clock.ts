// From the stamp of a record to nanoseconds of the capture, exact where they are beyond 2^53.
import type { TscScale } from './container.js';

const TWO_TO_32 = 2 ** 32;
const LOW_64 = (1n << 64n) - 1n;

/** What one unit of a clock is. */
export type ClockUnit = 'ns' | 'count';

/** Clocks that count something else than time (Documentation/trace/ftrace.rst, trace_clock). */
export function unitOf(clock: string, tsc: TscScale | null): ClockUnit {
  if (clock === 'counter' || clock === 'ppc-tb') return 'count';
  return clock === 'x86-tsc' && tsc === null ? 'count' : 'ns';
}

/** Holds the time of the record at hand as the halves of a signed 64-bit number; `at` sets them. */
export class RecordClock {
  high = 0;
  low = 0;
  readonly #base: bigint;
  readonly #baseHigh: number;
  readonly #baseLow: number;
  readonly #tsc: TscScale | null;
  readonly #offset: bigint;

  /** `base` is the stamp that is time 0 of the walk; `offsetNs` is what the options say to add. */
  constructor(base: bigint, offsetNs: bigint, tsc: TscScale | null) {
    this.#tsc = tsc;
    this.#base = base;
    this.#offset = offsetNs;
    const sum = (base + offsetNs) & LOW_64;
    this.#baseHigh = Number(sum >> 32n);
    this.#baseLow = Number(sum & 0xffff_ffffn);
  }

  /** Takes the time of that record. A number handed over would be an object on the heap for each record. */
  of(record: { readonly time: number }): void {
    this.at(record.time);
  }

  /** Takes the time of a record, relative to the base of its walk. */
  at(time: number): void {
    if (this.#tsc !== null) {
      this.#scaled(time, this.#tsc);
      return;
    }
    const above = Math.floor(time / TWO_TO_32);
    const low = this.#baseLow + (time - above * TWO_TO_32);
    const carry = low >= TWO_TO_32 ? 1 : 0;
    this.high = (this.#baseHigh + above + carry) | 0;
    this.low = (low - carry * TWO_TO_32) | 0;
  }

  /** The product of a counter and its factor has up to 96 bits. */
  #scaled(time: number, { mult, shift }: TscScale): void {
    const ticks = this.#base + BigInt(Number.isSafeInteger(time) ? time : 0);
    const ns = (((ticks * BigInt(mult)) >> BigInt(shift)) + this.#offset) & LOW_64;
    this.high = Number(ns >> 32n) | 0;
    this.low = Number(ns & 0xffff_ffffn) | 0;
  }
}
