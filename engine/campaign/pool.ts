// Pool: an executor over worker threads of this process.
import { fileURLToPath } from 'node:url';
import Tinypool from 'tinypool';
import type { Executor } from './campaign.js';
import type { JobResult } from './job.js';

/** Starts `jobs` worker threads that live until `close`. */
export function poolOf(jobs: number): Executor {
  const pool = new Tinypool({
    filename: fileURLToPath(new URL('./pool-worker.js', import.meta.url)),
    name: 'work',
    runtime: 'worker_threads',
    minThreads: jobs,
    maxThreads: jobs,
  });
  let open = true;
  return {
    // One more than threads: a thread that ends finds its next job at hand.
    width: jobs + 1,
    run: async (job) => {
      try {
        return (await pool.run(job)) as JobResult;
      } catch (error) {
        if (open) throw error;
        return null;
      }
    },
    close: async () => {
      open = false;
      await pool.destroy();
    },
  };
}
