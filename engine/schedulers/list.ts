// All schedulers that draw their schedules, each with its paper in its file: for comparison, and arms of the fuzzer.
import { delayBoundedScheduler } from './delay-bounded.js';
import { pctScheduler } from './pct.js';
import { posScheduler } from './pos.js';
import { randomScheduler } from './random.js';
import { rffScheduler } from './rff.js';
import type { Scheduler } from './scheduler.js';
import { surwScheduler } from './surw.js';
import { urwScheduler } from './urw.js';

export const SCHEDULERS: readonly (() => Scheduler)[] = [
  randomScheduler,
  urwScheduler,
  surwScheduler,
  posScheduler,
  rffScheduler,
  () => pctScheduler(2),
  () => pctScheduler(3),
  () => pctScheduler(5),
  () => delayBoundedScheduler(1),
  () => delayBoundedScheduler(3),
];
