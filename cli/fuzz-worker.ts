// One worker thread of a campaign: fuzzes with a seed of its own and tells its crew what it finds.
import { parentPort, workerData } from 'node:worker_threads';
import type { Witness } from '../corpus/schema/witness.js';
import { runCampaign } from '../engine/campaign/campaign.js';
import type { CampaignProgram, CampaignProgress, CampaignState } from '../engine/campaign/state.js';

/** What a worker is started with. */
export interface WorkerOrder {
  readonly programs: readonly CampaignProgram[];
  readonly seed: number;
  /** The campaign's state with this worker's seed and fuzzer in it; its phase is `fuzz`. */
  readonly from: CampaignState;
  /** In all, as in CampaignOptions. */
  readonly budget: { readonly ms: number | null; readonly execs: number | null };
  /** Shared with the crew: see `FLAGS`. */
  readonly flags: Int32Array;
}

/** Places in the shared flags: not zero means stop; a number that changes asks for the state. */
export const FLAGS = { stop: 0, wantState: 1, length: 2 } as const;

/** What a worker says. `state` comes when asked for, and as its last word. */
export type WorkerWord =
  | { readonly kind: 'progress'; readonly progress: CampaignProgress }
  | { readonly kind: 'witness'; readonly witness: Witness }
  | { readonly kind: 'state'; readonly state: CampaignState };

const PROGRESS_MS = 200;

async function work(order: WorkerOrder, say: (word: WorkerWord) => void): Promise<void> {
  let toldAt = 0;
  let asked = 0;
  const result = await runCampaign({
    programs: order.programs,
    seed: order.seed,
    budget: order.budget,
    resume: order.from,
    now: () => performance.now(),
    timestamp: () => new Date().toISOString(),
    shouldStop: () => Atomics.load(order.flags, FLAGS.stop) !== 0,
    onWitness: (witness) => say({ kind: 'witness', witness }),
    onProgress: (progress) => {
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      say({ kind: 'progress', progress });
    },
    onPause: (state) => {
      const wanted = Atomics.load(order.flags, FLAGS.wantState);
      if (wanted === asked) return;
      asked = wanted;
      say({ kind: 'state', state: state() });
    },
  });
  say({ kind: 'state', state: result.state });
}

if (parentPort !== null) {
  const port = parentPort;
  await work(workerData as WorkerOrder, (word) => port.postMessage(word));
}
