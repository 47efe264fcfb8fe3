// A crew of worker threads that fuzz one campaign side by side, each with a seed of its own.
import { Worker } from 'node:worker_threads';
import type { Witness } from '../corpus/schema/witness.js';
import type { CampaignProgram, CampaignProgress, CampaignState } from '../engine/campaign/state.js';
import { FLAGS, type WorkerOrder, type WorkerWord } from './fuzz-worker.js';

export interface CrewOrder {
  readonly programs: readonly CampaignProgram[];
  /** State of each worker, in order; its phase is `fuzz`, its seed the worker's own. */
  readonly from: readonly CampaignState[];
  /** For this run, and for each worker. */
  readonly budget: { readonly ms: number | null; readonly execs: number | null };
  readonly shouldStop: () => boolean;
  readonly onWitness: (witness: Witness) => void;
  /** Called about five times a second with the last word of each worker. */
  readonly onProgress: (progress: readonly (CampaignProgress | null)[]) => void;
  /** Called every `checkpointMs` with states that are at most as old as that. */
  readonly onStates: (states: readonly CampaignState[]) => void;
  readonly checkpointMs: number;
}

const TICK_MS = 200;

/** Runs until every worker has ended; returns their states. If one fails the others are stopped, and it throws. */
export async function runCrew(order: CrewOrder): Promise<readonly CampaignState[]> {
  const flags = new Int32Array(new SharedArrayBuffer(FLAGS.length * Int32Array.BYTES_PER_ELEMENT));
  const states = [...order.from];
  const progress: (CampaignProgress | null)[] = order.from.map(() => null);
  let savedAt = performance.now();

  const stop = () => Atomics.store(flags, FLAGS.stop, 1);
  const one = (from: CampaignState, index: number): Promise<void> =>
    new Promise((ended, failed) => {
      const { ms, execs } = order.budget;
      const workerData: WorkerOrder = {
        programs: order.programs,
        seed: from.seed,
        from,
        budget: { ms: ms === null ? null : from.ms + ms, execs: execs === null ? null : from.execs + execs },
        flags,
      };
      const worker = new Worker(new URL('./fuzz-worker.js', import.meta.url), { workerData });
      worker.on('message', (word: WorkerWord) => {
        switch (word.kind) {
          case 'progress':
            progress[index] = word.progress;
            break;
          case 'witness':
            order.onWitness(word.witness);
            break;
          case 'state':
            states[index] = word.state;
            break;
          default: {
            const never: never = word;
            return never;
          }
        }
      });
      worker.once('error', (error) => {
        stop();
        failed(error);
      });
      worker.once('exit', () => ended());
    });

  const tick = setInterval(() => {
    order.onProgress(progress);
    if (order.shouldStop()) stop();
    if (performance.now() - savedAt < order.checkpointMs) return;
    savedAt = performance.now();
    // What each has said last; the next call finds what they answer to this one.
    order.onStates(states);
    Atomics.add(flags, FLAGS.wantState, 1);
  }, TICK_MS);
  try {
    const results = await Promise.allSettled(order.from.map(one));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    clearInterval(tick);
  }
  return states;
}
