// Arms: which way of making the next schedule gets the next exec - the one that brings most new features a step.
import type { Rng } from '../rng.js';

/** Ways that share the execs: changing a genome of the queue, and the schedulers that draw whole schedules. */
export const ARMS = ['change', 'pct', 'pos', 'surw'] as const;
export type Arm = (typeof ARMS)[number];

/** What one arm did lately. Whole numbers, so that a state that was stored goes on exactly. */
export interface ArmRecord {
  readonly execs: number;
  /** Ops of these execs. */
  readonly steps: number;
  /** Features that these execs were the first to show. */
  readonly features: number;
}

/** Execs after which all records are halved: what brought much an hour ago may bring nothing now. */
const WINDOW = 512;
/** Records are kept in parts of so many, so that halving them loses little. */
const SCALE = 1024;
/** Weight of not knowing against what is known: with 1, as in the proof, half of all execs would go to finding out. */
const CURIOSITY = 0.4;

const NONE: ArmRecord = { execs: 0, steps: 0, features: 0 };

export const noRecords = (): ArmRecord[] => ARMS.map(() => NONE);

/** The records after an exec of `arm`. */
export function recorded(
  records: readonly ArmRecord[],
  arm: Arm,
  exec: { readonly steps: number; readonly features: number },
): ArmRecord[] {
  const after = ARMS.map((name, i) => {
    const { execs, steps, features } = records[i] ?? NONE;
    if (name !== arm) return { execs, steps, features };
    return {
      execs: execs + SCALE,
      steps: steps + exec.steps * SCALE,
      features: features + exec.features * SCALE,
    };
  });
  const all = after.reduce((n, { execs }) => n + execs, 0);
  if (all <= WINDOW * SCALE) return after;
  return after.map(({ execs, steps, features }) => ({
    execs: Math.floor(execs / 2),
    steps: Math.floor(steps / 2),
    features: Math.floor(features / 2),
  }));
}

/**
 * Draws the arm of the next exec: discounted UCB (A. Garivier, E. Moulines, "On Upper-Confidence Bound Policies for Switching
 * Bandit Problems", ALT 2011) with new features a step as the reward, as part of the best arm's, and with halving in place of
 * a factor at each exec. Where nobody brings anything, all arms take turns.
 */
export function pickArm(records: readonly ArmRecord[], rng: Rng): Arm {
  let all = 0;
  let best = 0;
  for (const { execs, steps, features } of records) {
    all += execs;
    if (steps > 0) best = Math.max(best, features / steps);
  }
  const log = Math.log(Math.max(2, all / SCALE));
  let picked: Arm = ARMS[0];
  let highest = Number.NEGATIVE_INFINITY;
  // Whoever is first among equals must not be the same one each time.
  const from = rng.below(ARMS.length);
  for (let i = 0; i < ARMS.length; i++) {
    const at = (from + i) % ARMS.length;
    const arm = ARMS[at]!;
    const { execs, steps, features } = records[at] ?? NONE;
    const reward = steps > 0 && best > 0 ? features / steps / best : 0;
    const index =
      execs === 0 ? Number.POSITIVE_INFINITY : reward + Math.sqrt((2 * log * SCALE) / execs) * CURIOSITY;
    if (index > highest) {
      highest = index;
      picked = arm;
    }
  }
  return picked;
}
