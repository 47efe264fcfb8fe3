// Queue worker: takes jobs of any campaign from the queue, does them on threads, sends back what came of it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { poolOf } from './pool.js';
import {
  announce,
  BEAT_MS,
  connect,
  jobsOf,
  leave,
  PREFIX,
  type Presence,
  present,
  type QueueAddress,
  QueueTrouble,
  repliesOf,
} from './queue-server.js';
import { type Dialect, decodeJob, encodeReply } from './wire.js';

export interface QueueWorkerOptions {
  readonly address: QueueAddress;
  readonly dialect: Dialect;
  readonly host: string;
  readonly pid: number;
  /** Threads: jobs at once. */
  readonly jobs: number;
  readonly shouldStop: () => boolean;
  /** Called once it waits for jobs. */
  readonly onReady: () => void;
  readonly talk: (text: string) => void;
}

/** A worker that gives no sign of life for so long loses its jobs to others. Threads work; this thread only renews. */
const LOCK_MS = 6_000;
const STALLED_MS = 2_000;
/** A job that so many workers fell silent over is not given to another. */
const MOST_STALLED = 5;
/** Seconds after which results that nobody fetches are gone. */
const KEEP_REPLIES = 600;
const LOOK_MS = 100;

/**
 * Works until it is told to stop; then ends what it has begun. Returns how many jobs it did. Throws QueueTrouble if
 * the queue cannot be reached, or if there are campaigns on it, all of them of other versions.
 */
export async function workOn(options: QueueWorkerOptions): Promise<number> {
  const { dialect, host, pid, jobs } = options;
  const { bullmq, redis } = await connect(options.address, options.talk);
  const own: Presence = { token: randomUUID(), dialect, host, pid, slots: jobs };
  let open = new Set<string>();
  const look = async (): Promise<void> => {
    await announce(redis, 'worker', own);
    const { fitting, strange } = await present(redis, 'coordinator', dialect);
    open = new Set(fitting.map(({ token }) => token));
    const [other] = strange;
    if (fitting.length > 0 || other === undefined) return;
    throw new QueueTrouble('versions', [
      `The campaign that ${other.who.host} (pid ${other.who.pid}) put on this queue is of another version: ${other.differs}.`,
      'Results of two versions would not add up. Nothing was taken from the queue.',
    ]);
  };
  let done = 0;
  const pool = poolOf(jobs);
  try {
    await look();
    const worker = new bullmq.Worker<string>(
      jobsOf(dialect),
      async ({ id, data }) => {
        const read = decodeJob(data, dialect);
        if (!read.ok) throw new bullmq.UnrecoverableError(read.reason);
        const { to, job } = read.message;
        if (!open.has(to)) await look();
        // Its coordinator has died, or has no more use for it.
        if (!open.has(to)) return;
        const result = await pool.run(job);
        if (result === null) throw new Error(`${host} stops`);
        const reply = encodeReply({ dialect, id: id ?? '', by: host, result });
        // Sent before the job is taken off the queue: a death in between makes it be done twice, never lost.
        await redis.multi().rpush(repliesOf(to), reply).expire(repliesOf(to), KEEP_REPLIES).exec();
        done++;
      },
      {
        connection: redis,
        prefix: PREFIX,
        name: host,
        concurrency: jobs,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        maxStalledCount: MOST_STALLED,
        drainDelay: 1,
      },
    );
    worker.on('error', () => {});
    try {
      await worker.waitUntilReady();
      options.onReady();
      for (let beat = performance.now(); !options.shouldStop(); await sleep(LOOK_MS)) {
        if (performance.now() - beat < BEAT_MS || redis.status !== 'ready') continue;
        beat = performance.now();
        await look();
      }
    } finally {
      await worker.close();
    }
    return done;
  } finally {
    await pool.close();
    if (redis.status === 'ready') await leave(redis, 'worker', own).catch(() => {});
    redis.disconnect();
  }
}
