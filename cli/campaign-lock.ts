// Who works on a campaign: this process's name for its lock, and whether another one still lives.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CampaignOwner, Store } from '../corpus/store/store.js';
import { agoText } from '../reports/text/durations.js';
import { Trouble } from './trouble.js';

/** Of a process on another host only its last sign of life is known. */
const SILENT_MS = 180_000;

interface ProcessFacts {
  /** One letter of proc(5); empty where there is no /proc. */
  readonly state: string;
  /** When it began, in ticks since boot: tells two processes of one pid apart. */
  readonly began: string;
}

/** Fields 3 and 22 of /proc/PID/stat (proc(5)). */
function factsOf(pid: number): ProcessFacts {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', began: fields[19] ?? '' };
  } catch {
    return { state: '', began: '' };
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** This process. */
export function thisOwner(): CampaignOwner {
  return {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    began: `${bootId()} ${factsOf(process.pid).began}`,
  };
}

/** False if the process is known to be dead, or has given no sign of life for long on a host that we cannot ask. */
export function isAlive(owner: CampaignOwner, lastSign: string): boolean {
  if (owner.host !== hostname()) return Date.now() - Date.parse(lastSign) < SILENT_MS;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const facts = factsOf(owner.pid);
  // Killed, and its parent has not asked for its end yet: the pid still takes signals.
  if (facts.state === 'Z' || facts.state === 'X') return false;
  // The pid may be another process's by now.
  const began = `${bootId()} ${facts.began}`;
  return began === owner.began || began.trim() === '' || owner.began.trim() === '';
}

/** Takes the campaign for this process; throws Trouble if another one works on it. Returns words on a stale lock. */
export function takeCampaign(store: Store, name: string, owner: CampaignOwner): string | null {
  const taken = store.lockCampaign(name, owner, new Date().toISOString(), isAlive);
  if (!taken.ok) {
    const { pid, host } = taken.holder;
    throw new Trouble(
      {
        title: `CAMPAIGN ${name} IS BEING WORKED ON`,
        facts: [
          `Process ${pid} on ${host} has it; its last sign of life came ${agoText(taken.since, Date.now())}. Nothing was touched.`,
          'One process works on a campaign at a time; threads (-j N) and hosts (--queue) share the work.',
        ],
        next: `relock status ${name} --watch`,
      },
      store.path,
    );
  }
  return taken.stale === null
    ? null
    : `${name} was left by process ${taken.stale.pid}, which has died; I go on from its last checkpoint.`;
}

export function lostCampaign(name: string, path: string): Trouble {
  return new Trouble(
    {
      title: `CAMPAIGN ${name} WAS TAKEN OVER`,
      facts: [
        'Another process works on it now: this one gave no sign of life for too long.',
        'What came since the last checkpoint was not saved.',
      ],
      next: `relock status ${name}`,
    },
    path,
  );
}
