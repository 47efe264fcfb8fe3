// One worker thread: does the jobs that the pool hands it, one after the other.
import { setImmediate } from 'node:timers/promises';
import { type Job, type JobResult, runJob } from './job.js';

/** Called by the pool. A worker that is to stop is terminated; nothing is shared that could be left half done. */
export async function work(job: Job): Promise<JobResult> {
  const steps = runJob(job);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await setImmediate();
  return step.value;
}
