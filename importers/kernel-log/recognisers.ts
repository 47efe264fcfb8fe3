// All report recognisers in the order in which they are asked.
import { sleepingRecogniser } from './atomic/sleeping.js';
import { suspiciousRcuRecogniser } from './atomic/suspicious-rcu.js';
import { hungTaskRecogniser } from './hung-task/hung-task.js';
import { locksHeldRecogniser } from './hung-task/locks-held.js';
import { sysrqRecogniser } from './hung-task/sysrq.js';
import type { ReportRecogniser } from './line.js';
import { lockdepReports } from './lockdep/recogniser.js';
import { lockupRecogniser } from './stall/lockup.js';
import { otherLockRecogniser } from './stall/other-lock.js';
import { rcuStallRecogniser } from './stall/rcu-stall.js';
import { workqueueStallRecogniser } from './stall/workqueue-stall.js';

export const RECOGNISERS: readonly ReportRecogniser[] = [
  hungTaskRecogniser,
  suspiciousRcuRecogniser,
  sleepingRecogniser,
  rcuStallRecogniser,
  lockupRecogniser,
  workqueueStallRecogniser,
  sysrqRecogniser,
  otherLockRecogniser,
  lockdepReports,
  locksHeldRecogniser,
];
