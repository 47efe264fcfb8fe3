// Test set-up: properties draw from a fixed seed, so that a run repeats; RELOCK_SEED=random or a number draws others.
import fc from 'fast-check';
import { expect } from 'vitest';

const asked = process.env['RELOCK_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: asked === undefined ? 20_261_125 : Number(asked) });

declare module 'vitest' {
  interface Matchers {
    /** How often something came up in the draws of a law; with other dice a fifth will do, and none of what is rare. */
    toComeUpMoreThan(least: number): void;
  }
}

expect.extend({
  toComeUpMoreThan(count: number, least: number) {
    const wanted = asked === undefined ? least : Math.floor(least / 5) - 1;
    return {
      pass: count > wanted,
      message: () =>
        `came up ${count} times in all draws, and not more than ${wanted}: the law shows too little`,
    };
  },
});
