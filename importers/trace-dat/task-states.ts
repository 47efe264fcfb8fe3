// What `prev_state` of sched_switch means, by the bits that the event's own print format spells out.

/** How a task left its CPU: preempted, of its own will, or for ever. */
export const LEFT = { preempted: 0, slept: 1, dead: 2 } as const;

export interface StateBits {
  /** Bits of all states but running. */
  readonly asleep: number;
  readonly dead: number;
}

const BIT = /\{\s*(0x[0-9a-f]+|\d+)(?:UL)?\s*,\s*"(\w)"\s*\}/gi;
/** Linux 4.14 and later (include/linux/sched.h). */
const FALLBACK: StateBits = { asleep: 0xff, dead: 0x30 };

/** The bits by their letters: `X`, `Z` and `x` are dead, `R` is running. */
export function stateBits(format: string): StateBits {
  const from = format.indexOf('prev_state');
  let asleep = 0;
  let dead = 0;
  for (const [, number = '0', letter = ''] of format.slice(Math.max(0, from)).matchAll(BIT)) {
    const bits = Number(number);
    if (letter === 'R' || bits > 0x7fff_ffff) continue;
    asleep |= bits;
    if (letter === 'X' || letter === 'Z' || letter === 'x') dead |= bits;
  }
  return asleep === 0 ? FALLBACK : { asleep, dead };
}
