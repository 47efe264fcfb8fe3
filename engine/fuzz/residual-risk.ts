// Residual risk: how likely the next independent random run is to show an end that no such run has shown yet.

/** What the random arm has seen. Only runs that no feedback steered may be counted: guided ones bias the estimate. */
export interface RandomRuns {
  readonly runs: number;
  /** Bad ends seen exactly once, and in all. */
  readonly once: number;
  readonly species: number;
}

export interface ResidualRisk extends RandomRuns {
  /** Good-Turing estimate of the chance that the next run shows a new end (I. J. Good, Biometrika 40, 1953). */
  readonly nextIsNew: number;
  /** Upper end of the 95 % interval if nothing was seen (rule of three: 3 / runs), else two standard errors up. */
  readonly atMost: number;
}

export function residualRisk(seen: RandomRuns): ResidualRisk {
  if (seen.runs === 0) return { ...seen, nextIsNew: 1, atMost: 1 };
  const nextIsNew = seen.once / seen.runs;
  const atMost = Math.min(1, (seen.once + Math.max(3, 2 * Math.sqrt(seen.once))) / seen.runs);
  return { ...seen, nextIsNew, atMost };
}
