// Test set-up: properties draw from a fixed seed, so that a run repeats; RELOCK_SEED=random or a number draws others.
import fc from 'fast-check';

const asked = process.env['RELOCK_SEED'];
if (asked !== 'random') fc.configureGlobal({ seed: asked === undefined ? 20_261_125 : Number(asked) });
