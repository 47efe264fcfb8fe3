// What a run reached: the counters of one input, and the classes of counts that any input ever reached.

/** Where instrumented modules find their counters; `instrument.ts` writes this name into them. */
export const COUNTERS = '__relockCounters';

/** Classes of counts as in AFL: once, twice, three times, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
const CLASS = Uint8Array.from({ length: 256 }, (_, count) => {
  if (count === 0) return 0;
  const bounds = [1, 2, 3, 7, 15, 31, 127, 255];
  return 1 << bounds.findIndex((bound) => count <= bound);
});

/** Counters in a number of places, cleared before each input. A counter goes round at 256. */
export class Coverage {
  readonly #counts: Uint8Array;
  /** The same bytes, four at a time: most are zero. */
  readonly #words: Uint32Array;
  readonly #seen: Uint8Array;
  /** Places that were reached at all. */
  places = 0;

  constructor(counters: number) {
    const room = Math.ceil(counters / 4) * 4;
    this.#counts = new Uint8Array(room);
    this.#words = new Uint32Array(this.#counts.buffer);
    this.#seen = new Uint8Array(room);
    (globalThis as Record<string, unknown>)[COUNTERS] = this.#counts;
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** True if the counts since `clear` reached a place, or a class of counts at a place, for the first time. */
  isNew(): boolean {
    const counts = this.#counts;
    const words = this.#words;
    const seen = this.#seen;
    let isNew = false;
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue;
      for (let at = 4 * word; at < 4 * word + 4; at++) {
        const reached = CLASS[counts[at]!]!;
        const before = seen[at]!;
        if ((reached & ~before) === 0) continue;
        if (before === 0) this.places++;
        seen[at] = before | reached;
        isNew = true;
      }
    }
    return isNew;
  }
}
