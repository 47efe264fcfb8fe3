// Rng: the only source of chance in the engine, seeded, so that every run can be repeated.

export interface Rng {
  /** The next number, uniform over 0 .. 2^32 - 1. */
  next(): number;
  /** A number from 0 to n - 1; n must be at least 1. */
  below(n: number): number;
}

/**
 * Marsaglia's xorshift with 32 bits of state and the shifts 13, 17, 5 (G. Marsaglia, "Xorshift RNGs", Journal of
 * Statistical Software 8(14), 2003). Period 2^32 - 1. A seed that would give the forbidden state 0 is replaced.
 */
export function xorshift(seed: number): Rng {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0;
  if (state === 0) state = 0x6d2b79f5;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 4; i++) next();
  return { next, below: (n) => Math.floor((next() / 0x100000000) * n) };
}
