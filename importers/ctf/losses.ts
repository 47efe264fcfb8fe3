// Where a tracer discarded events: stretches of time, told in warnings that may stand far before them.
import type { Discarded, Stamp } from './line.js';

const DAY = 86_400;
/** More warnings than this are taken for ones without a place. */
const MOST_PENDING = 100_000;

interface Stretch {
  readonly from: Stamp;
  readonly to: Stamp;
}

function isBefore(a: Stamp, b: Stamp): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos < b.nanos);
}

/** Where a record stands to what was discarded. */
export interface Place {
  /** A stretch began or ended before the record: nothing is concluded across. */
  readonly gap: boolean;
  /** The record stands inside a stretch, between events that are missing. */
  readonly inside: boolean;
}
const WHOLE: Place = { gap: false, inside: false };

/** Follows the clock from record to record. */
export class Losses {
  #pending: Stretch[] = [];
  #sorted = true;
  #until: Stamp | null = null;
  #now: Stamp | null = null;
  #misplaced = 0;

  /** A stamp without a date, put behind the last record: a clock that goes back by half a day has passed midnight. */
  #placed(stamp: Stamp): Stamp {
    const now = this.#now;
    if (!stamp.ofDay || now === null) return stamp;
    const seconds = stamp.seconds + Math.floor(now.seconds / DAY) * DAY;
    return { ...stamp, seconds: seconds < now.seconds - DAY / 2 ? seconds + DAY : seconds };
  }

  /** Takes a warning. False if it has no place: no times, or times that have passed. */
  discarded({ from, to }: Discarded): boolean {
    if (from === null || to === null || this.#pending.length >= MOST_PENDING) return false;
    const begin = this.#placed(from);
    if (this.#now !== null && (this.#now.ofDay !== begin.ofDay || isBefore(begin, this.#now))) return false;
    const end = this.#placed(to);
    this.#pending.push({
      from: begin,
      to: end.ofDay && isBefore(end, begin) ? { ...end, seconds: end.seconds + DAY } : end,
    });
    this.#sorted = false;
    return true;
  }

  /** The next record's stamp. */
  at(stamp: Stamp): { readonly stamp: Stamp; readonly place: Place } {
    const now = this.#placed(stamp);
    this.#now = now;
    if (this.#pending.length === 0 && this.#until === null) return { stamp: now, place: WHOLE };
    if (!this.#sorted) {
      this.#pending.sort((a, b) => (isBefore(b.from, a.from) ? -1 : 1));
      this.#sorted = true;
    }
    let gap = false;
    for (let next = this.#pending.at(-1); next !== undefined; next = this.#pending.at(-1)) {
      if (!isBefore(next.from, now)) break;
      this.#pending.pop();
      gap = true;
      if (next.from.ofDay !== now.ofDay) {
        this.#misplaced++;
        continue;
      }
      if (this.#until === null || isBefore(this.#until, next.to)) this.#until = next.to;
    }
    const inside = this.#until !== null && !isBefore(this.#until, now);
    if (!inside && this.#until !== null) {
      this.#until = null;
      gap = true;
    }
    return { stamp: now, place: { gap, inside } };
  }

  /** Warnings that could not be held to records, at the end: these have no stamps, or ones of another form. */
  get unplaced(): number {
    const now = this.#now;
    return (
      this.#misplaced + this.#pending.filter(({ from }) => now === null || from.ofDay !== now.ofDay).length
    );
  }
}
