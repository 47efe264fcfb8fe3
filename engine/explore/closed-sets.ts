// Closed sets: of the tasks that can move, the fewest that a search has to move, by what each of them needs beside it.

/** What a task demands of a closed set that it is in: the tasks that have to be in it, too, as a mask. */
export interface Demands {
  neededBy(t: number): number;
}

/** Finds small closed sets, in one state after another. */
export class ClosedSets {
  private readonly asked: Int32Array;
  /** Tasks that were asked for in this state, as a mask. */
  private known = 0;

  /** `tasks`: at most 31. */
  constructor(
    tasks: number,
    private readonly demands: Demands,
  ) {
    this.asked = new Int32Array(tasks);
  }

  /** What task `t` demands in this state. */
  private needs(t: number): number {
    const bit = 1 << t;
    if ((this.known & bit) === 0) {
      this.known |= bit;
      this.asked[t] = this.demands.neededBy(t);
    }
    return this.asked[t]!;
  }

  /**
   * The tasks of `movable` in the smallest closed set that was found: the closure of each of them is tried, no two joined.
   * `movable` is not 0. Asks for each task once.
   */
  smallest(movable: number): number {
    if ((movable & (movable - 1)) === 0) return movable;
    this.known = 0;
    let best = movable;
    let size = count(movable);
    for (let left = movable; left !== 0 && size > 1; left &= left - 1) {
      const seed = left & -left;
      let closed = seed;
      let open = seed;
      while (open !== 0) {
        const t = 31 - Math.clz32(open & -open);
        open &= open - 1;
        const more = this.needs(t);
        open |= more & ~closed;
        closed |= more;
        if (count(closed & movable) >= size) break;
      }
      const mine = closed & movable;
      if (open === 0 && count(mine) < size) {
        best = mine;
        size = count(mine);
      }
    }
    return best;
  }
}

/** How many bits are set (H. S. Warren, "Hacker's Delight", figure 5-2). */
function count(mask: number): number {
  let n = mask - ((mask >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
