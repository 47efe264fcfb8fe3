// Queue server: the connection to Redis or Valkey, made only when asked for, and who is on it.
import type { Redis } from 'ioredis';
import * as is from './shapes.js';
import { type Dialect, dialect, mismatch } from './wire.js';

/** Queue of the jobs of all campaigns of one version: workers of another never see them. */
export function jobsOf({ protocol, relock, model }: Dialect): string {
  return `jobs-${protocol}-${relock}-${model}`.replace(/[^\w.-]/g, '-');
}
/** All keys begin with it. */
export const PREFIX = 'relock';
const OPEN = `${PREFIX}:open`;
const WORKERS = `${PREFIX}:workers`;
export const repliesOf = (token: string): string => `${PREFIX}:replies:${token}`;

/** Who gives no sign of life for so long is taken for dead. */
const SILENT_MS = 15_000;
export const BEAT_MS = 2_000;
const CONNECT_MS = 5_000;

/** Trouble with the queue: for the user, not a bug. */
export class QueueTrouble extends Error {
  readonly kind: 'missing' | 'unreachable' | 'versions' | 'address' | 'fatal-job';
  readonly facts: readonly string[];
  constructor(kind: QueueTrouble['kind'], facts: readonly string[]) {
    super(facts.join(' '));
    this.name = 'QueueTrouble';
    this.kind = kind;
    this.facts = facts;
  }
}

export interface QueueAddress {
  /** redis://HOST:PORT/DB or rediss:// for TLS. */
  readonly url: string;
  /** Where the URL has none. */
  readonly password: string | null;
}

/** The address without its password. */
export function shownAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  return parsed === null
    ? url
    : `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

async function libraries() {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, ioredis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new QueueTrouble('missing', [
      'Queues need the packages bullmq and ioredis, which are not installed here (they are optional).',
    ]);
  }
}

/** One connection and the library that uses it. */
export interface QueueServer {
  readonly bullmq: Awaited<ReturnType<typeof libraries>>['bullmq'];
  readonly redis: Redis;
}

/**
 * Connects once, to see whether there is a server that lets us in, then for good: from then on an outage is waited
 * for. Throws QueueTrouble.
 */
export async function connect(address: QueueAddress, talk: (text: string) => void): Promise<QueueServer> {
  const { url, password } = address;
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    throw new QueueTrouble('address', [`"${shownAddress(url)}" is no address of a queue.`]);
  const { bullmq, ioredis } = await libraries();
  const login = password !== null && new URL(url).password === '' ? { password } : {};
  const probe = new ioredis.Redis(url, {
    ...login,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
  });
  let reason = '';
  probe.on('error', (error: Error) => {
    reason ||= error.message;
  });
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    throw new QueueTrouble('unreachable', [
      `${shownAddress(url)}: ${reason || (error as Error).message || 'no answer'}.`,
    ]);
  } finally {
    probe.disconnect();
  }
  const redis = new ioredis.Redis(url, { ...login, maxRetriesPerRequest: null });
  let away = false;
  redis.on('error', () => {
    if (!away) talk('the queue does not answer; I wait until it is back');
    away = true;
  });
  redis.on('ready', () => {
    if (away) talk('the queue is back');
    away = false;
  });
  return { bullmq, redis };
}

/** A coordinator or a worker, as it tells of itself. */
export interface Presence {
  readonly token: string;
  readonly dialect: Dialect;
  readonly host: string;
  readonly pid: number;
  /** Jobs at once; 0 for a coordinator. */
  readonly slots: number;
}
const presence = is.record<Presence>({
  token: is.text,
  dialect,
  host: is.text,
  pid: is.count,
  slots: is.count,
});

export type Side = 'coordinator' | 'worker';
const setOf = (side: Side): string => (side === 'worker' ? WORKERS : OPEN);

async function serverMs(redis: Redis): Promise<number> {
  // One clock for all hosts.
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Number(micros) / 1000;
}

/** Gives a sign of life. */
export async function announce(redis: Redis, side: Side, own: Presence): Promise<void> {
  const now = await serverMs(redis);
  await redis
    .multi()
    .zadd(setOf(side), now, JSON.stringify(own))
    .zremrangebyscore(setOf(side), '-inf', now - SILENT_MS)
    .exec();
}

export async function leave(redis: Redis, side: Side, own: Presence): Promise<void> {
  await redis.zrem(setOf(side), JSON.stringify(own));
}

/** Who has given a sign of life of late: those whose version is ours, and the others with what differs. */
export async function present(redis: Redis, side: Side, ours: Dialect) {
  const since = (await serverMs(redis)) - SILENT_MS;
  const entries = (await redis.zrangebyscore(setOf(side), since, '+inf')).flatMap((entry) => {
    const value = readJson(entry);
    return presence(value) ? [value as Presence] : [];
  });
  const judged = entries.map((who) => ({ who, differs: mismatch(who.dialect, ours) }));
  return {
    fitting: judged.filter(({ differs }) => differs === null).map(({ who }) => who),
    strange: judged.flatMap(({ who, differs }) => (differs === null ? [] : [{ who, differs }])),
  };
}

function readJson(entry: string): unknown {
  try {
    return JSON.parse(entry);
  } catch {
    return null;
  }
}
