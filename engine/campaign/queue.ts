// Queue: an executor that puts jobs on a queue for workers on any host, and takes what they send back.
import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { faultOf } from './arrivals.js';
import type { Executor } from './campaign.js';
import type { Job, JobResult } from './job.js';
import { work } from './pool-worker.js';
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
  type QueueServer,
  QueueTrouble,
  repliesOf,
} from './queue-server.js';
import { type Dialect, decodeReply, encodeJob } from './wire.js';

export interface QueueOptions {
  readonly address: QueueAddress;
  readonly dialect: Dialect;
  readonly host: string;
  readonly pid: number;
  readonly talk: (text: string) => void;
}

/** Jobs in flight for each that can be worked on, and in all: what is not out cannot fill the server's memory. */
const AHEAD = 2;
const LEAST_OUT = 4;
const MOST_OUT = 1024;
const SWEEP_MS = 1_000;
const ATTEMPTS = 3;
/** Failed jobs of coordinators that died are kept so many seconds. */
const KEEP_FAILED = 3600;
/** Seconds without a worker before somebody is told. */
const LONELY_MS = 5_000;

interface Waiting {
  readonly job: Job;
  readonly sent: string;
  faults: number;
  missing: boolean;
  resolve(result: JobResult | null): void;
  reject(error: unknown): void;
}

/** Connects to the queue as a coordinator. Throws QueueTrouble. */
export async function openQueue(options: QueueOptions): Promise<QueueLink> {
  const server = await connect(options.address, options.talk);
  const link = new QueueLink(server, options);
  await link.begin();
  return link;
}

/** Guards what is out: each job is answered once, whoever does it and however often. */
export class QueueLink {
  readonly #server: QueueServer;
  readonly #options: QueueOptions;
  readonly #own: Presence;
  readonly #queue: Queue;
  readonly #waiting = new Map<string, Waiting>();
  readonly #listener: QueueServer['redis'];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #told = new Set<string>();
  readonly #began = performance.now();
  #serial = 0;
  #hosts = 0;
  #slots = 0;
  #open = true;
  #listening: Promise<void> = Promise.resolve();

  constructor(server: QueueServer, options: QueueOptions) {
    this.#server = server;
    this.#options = options;
    const { dialect, host, pid } = options;
    this.#own = { token: randomUUID(), dialect, host, pid, slots: 0 };
    this.#queue = new server.bullmq.Queue(jobsOf(dialect), {
      connection: server.redis,
      prefix: PREFIX,
      // Results do not go this way; nobody reads old events.
      streams: { events: { maxLen: 100 } },
    });
    this.#queue.on('error', () => {});
    this.#listener = server.redis.duplicate();
    this.#listener.on('error', () => {});
  }

  async begin(): Promise<void> {
    await this.#beat();
    this.#every(BEAT_MS, () => this.#beat());
    this.#every(SWEEP_MS, () => this.#sweep());
    this.#listening = this.#listen();
  }

  /** Workers of our version that give signs of life. */
  get hosts(): number {
    return this.#hosts;
  }

  /** For one run; several may follow each other. */
  executor(): Executor {
    const link = this;
    const own = new Set<string>();
    return {
      get width() {
        return Math.min(MOST_OUT, Math.max(LEAST_OUT, AHEAD * link.#slots));
      },
      run: (job) => link.#run(job, own),
      close: async () => {
        await Promise.all([...own].map((id) => link.#giveUp(id)));
      },
    };
  }

  /** Takes back what is out and leaves nothing of this process on the server. */
  async close(): Promise<void> {
    this.#open = false;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#waiting.keys()].map((id) => this.#giveUp(id)));
    const { redis } = this.#server;
    if (redis.status === 'ready') {
      await leave(redis, 'coordinator', this.#own);
      await redis.del(repliesOf(this.#own.token));
    }
    this.#listener.disconnect();
    await this.#listening;
    await this.#queue.close();
    redis.disconnect();
  }

  #every(ms: number, act: () => Promise<void>): void {
    let busy = false;
    this.#timers.push(
      setInterval(() => {
        if (busy || this.#server.redis.status !== 'ready') return;
        busy = true;
        // A connection that breaks meanwhile comes back; what was to be done is done the next time.
        act()
          .catch(() => {})
          .finally(() => {
            busy = false;
          });
      }, ms),
    );
  }

  #run(job: Job, own: Set<string>): Promise<JobResult | null> {
    const id = `${this.#own.token}-${++this.#serial}`;
    own.add(id);
    const sent = encodeJob({ dialect: this.#options.dialect, to: this.#own.token, job });
    return new Promise<JobResult | null>((resolve, reject) => {
      this.#waiting.set(id, { job, sent, faults: 0, missing: false, resolve, reject });
      this.#send(id, sent);
    }).finally(() => own.delete(id));
  }

  #send(id: string, sent: string): void {
    this.#queue
      .add('job', sent, {
        jobId: id,
        attempts: ATTEMPTS,
        backoff: { type: 'fixed', delay: 500 },
        removeOnComplete: true,
        removeOnFail: { age: KEEP_FAILED },
      })
      // Not there: the next sweep sees that, and sends it again.
      .catch(() => {});
  }

  async #giveUp(id: string): Promise<void> {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(null);
    // One that is being worked on cannot be removed; its worker finds nobody who waits for it.
    if (this.#server.redis.status === 'ready') await this.#queue.remove(id).catch(() => 0);
  }

  async #beat(): Promise<void> {
    const { redis } = this.#server;
    await announce(redis, 'coordinator', this.#own);
    const { fitting, strange } = await present(redis, 'worker', this.#options.dialect);
    this.#hosts = fitting.length;
    this.#slots = fitting.reduce((sum, { slots }) => sum + slots, 0);
    for (const { who, differs } of strange)
      this.#tell(who.token, `the worker on ${who.host} (pid ${who.pid}) is refused: ${differs}`);
    if (fitting.length === 0 && performance.now() - this.#began > LONELY_MS)
      this.#tell('lonely', 'no worker is on the queue; start some with: relock worker --queue ADDRESS');
  }

  #tell(about: string, text: string): void {
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.#options.talk(text);
  }

  async #listen(): Promise<void> {
    while (this.#open) {
      try {
        const popped = await this.#listener.blpop(repliesOf(this.#own.token), 1);
        if (popped !== null) this.#take(popped[1]);
      } catch {
        // The connection broke, or was closed: ioredis makes it anew.
        if (this.#open) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #take(sent: string): void {
    const reply = decodeReply(sent, this.#options.dialect);
    if (!reply.ok) {
      // Nobody can tell for which job it was; that one is missed by the next sweeps.
      this.#tell(reply.reason, `a result was refused: ${reply.reason}`);
      return;
    }
    const { id, by, result } = reply.message;
    const waiting = this.#waiting.get(id);
    // Done twice, or given up: the first counts.
    if (waiting === undefined) return;
    const fault = faultOf(waiting.job, result);
    if (fault === null) {
      this.#waiting.delete(id);
      waiting.resolve(result);
      // Where it was sent twice, or stalled and is on the queue again.
      this.#queue.remove(id).catch(() => 0);
      return;
    }
    this.#tell(`${by} ${fault}`, `a result of ${by} was refused: ${fault}`);
    if (++waiting.faults >= ATTEMPTS) this.#doHere(id, waiting);
    else waiting.missing = false;
  }

  /** Looks after each job that is out: lost with a server that forgot it, refused, or failed for good. */
  async #sweep(): Promise<void> {
    for (const [id, waiting] of [...this.#waiting]) {
      const state = await this.#queue.getJobState(id);
      if (!this.#waiting.has(id)) continue;
      if (state === 'failed') {
        const reason = (await this.#queue.getJob(id))?.failedReason ?? '';
        await this.#queue.remove(id);
        if (/stalled/.test(reason)) this.#fatal(id, waiting);
        else {
          this.#tell(reason, `workers could not do "${waiting.job.id}" (${reason}); I do it here`);
          this.#doHere(id, waiting);
        }
      } else if (state === 'unknown' && !waiting.missing) {
        // Its reply may be on the way.
        waiting.missing = true;
      } else if (state === 'unknown') {
        waiting.missing = false;
        if (++waiting.faults > ATTEMPTS) this.#doHere(id, waiting);
        else this.#send(id, waiting.sent);
      } else waiting.missing = false;
    }
  }

  /** It took several workers with it: this process would not be the one to survive it. */
  #fatal(id: string, waiting: Waiting): void {
    this.#waiting.delete(id);
    waiting.reject(
      new QueueTrouble('fatal-job', [
        `The job "${waiting.job.id}" was begun by several workers that then fell silent: it may need more memory than they have.`,
      ]),
    );
  }

  #doHere(id: string, waiting: Waiting): void {
    this.#waiting.delete(id);
    work(waiting.job).then(waiting.resolve, waiting.reject);
  }
}
