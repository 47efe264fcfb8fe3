// All feedbacks, in the order in which their features are counted.
import { blockedPairs } from './blocked-pairs.js';
import type { Feedback } from './feedback.js';
import { handOffs } from './hand-offs.js';
import { lockOrder } from './lock-order.js';
import { stateHashes } from './state-hashes.js';
import { waitsForShapes } from './waits-for-shapes.js';

/** New ones (at most eight: `featureOf`) for each fuzzed program: they keep what they saw during a run. */
export function feedbacks(): Feedback[] {
  return [lockOrder(), blockedPairs(), handOffs(), waitsForShapes(), stateHashes()];
}
