// Options of commands that speak to a queue: its address, and its troubles in words for the user.
import { hostname } from 'node:os';
import { type QueueAddress, QueueTrouble, shownAddress } from '../engine/campaign/queue-server.js';
import { type Dialect, PROTOCOL } from '../engine/campaign/wire.js';
import { MODEL_VERSION } from '../engine/model/rules.js';
import type { Session } from './session.js';
import { Trouble, usage } from './trouble.js';
import { version } from './version.js';

/** --queue, or null. The password may stand in $RELOCK_QUEUE_PASSWORD, where `ps` does not show it. */
export function queueAddress(session: Session): QueueAddress | null {
  const url = session.text('queue');
  if (url === null) return null;
  if (!URL.canParse(url) || !/^rediss?:$/.test(new URL(url).protocol))
    throw usage(
      `--queue ${shownAddress(url)}: I expected redis://HOST:PORT, or rediss:// for TLS.`,
      'relock worker --queue redis://lab:6379',
    );
  return { url, password: process.env['RELOCK_QUEUE_PASSWORD'] ?? null };
}

export function ownDialect(): Dialect {
  return { protocol: PROTOCOL, relock: version(), model: MODEL_VERSION };
}

export const thisHost = (): { readonly host: string; readonly pid: number } => ({
  host: hostname(),
  pid: process.pid,
});

/** Runs what speaks to the queue; tells its troubles as the user's. */
export async function onQueue<T>(address: QueueAddress, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof QueueTrouble)) throw error;
    const [title, next] = wordsFor(error.kind);
    throw new Trouble({ title, facts: error.facts, next }, shownAddress(address.url));
  }
}

function wordsFor(kind: QueueTrouble['kind']): readonly [string, string] {
  switch (kind) {
    case 'missing':
      return ['QUEUES ARE NOT INSTALLED HERE', 'npm install bullmq ioredis'];
    case 'unreachable':
      return ['I CANNOT REACH THE QUEUE', 'apt-get install redis-server    (docs/distributed.md)'];
    case 'versions':
      return ['THIS WORKER DOES NOT FIT THE CAMPAIGN', 'relock --version    (on both hosts)'];
    case 'address':
      return ['THIS IS NO ADDRESS OF A QUEUE', 'relock worker --queue redis://lab:6379'];
    case 'fatal-job':
      return [
        'A JOB TAKES ITS WORKERS DOWN',
        'relock fuzz --states 100000    (searches that need less memory)',
      ];
    default: {
      const never: never = kind;
      return never;
    }
  }
}
