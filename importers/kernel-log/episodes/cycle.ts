// Turns a cycle of "holds X, wants Y" claims of a lockdep report into episodes of tasks that can run.
import { type Basis, BEYOND_THE_LOG } from '../../../corpus/schema/capture.js';
import type { LockMode } from '../../../corpus/schema/lock.js';
import type { HeldLocks } from '../../../corpus/schema/report.js';
import { lockFacts } from './lock-facts.js';
import type { Actor, Scribe, Taking } from './scribe.js';

/** What is put together: the actors, and the report that it rests on. */
export interface CycleClaim {
  readonly origin: string;
  readonly report: number;
  readonly actors: readonly Actor[];
  /** True if the actors are unordered claims about classes, so that "the same object" is an assumption. */
  readonly byClass: boolean;
  /** Basis if it is known to be further from the log than what the locks alone say. */
  readonly basis?: Basis;
  readonly assumes: readonly string[];
  readonly ruledOut: readonly string[];
  readonly line: number;
}

/** Classes that more than one actor names, in order of name. */
function sharedLocks(actors: readonly Actor[]): string[] {
  const users = new Map<string, Set<Actor>>();
  for (const actor of actors)
    for (const taking of [...actor.takes, ...(actor.wants === null ? [] : [actor.wants])])
      users.set(taking.lock, (users.get(taking.lock) ?? new Set()).add(actor));
  return [...users]
    .filter(([, who]) => who.size > 1)
    .map(([lock]) => lock)
    .sort();
}

/**
 * Sentences on what has to be true of the locks in a cycle: one object of a class (`byClass` says why that is not known;
 * null if it is), and what markers stand for.
 */
export function lockAssumptions(
  locks: readonly string[],
  byClass: string | null,
): { readonly aliased: boolean; readonly sentences: string[] } {
  const sentences: string[] = [];
  let aliased = false;
  for (const lock of locks) {
    const facts = lockFacts(lock, []);
    if (facts.marker !== null) sentences.push(`\`${lock}\` stands for ${facts.marker}`);
    if (byClass !== null && !facts.single) {
      aliased = true;
      sentences.push(`the tasks mean the same \`${lock}\`: ${byClass}`);
    }
  }
  return { aliased, sentences };
}

/**
 * The locks that the reporting task held besides those of the cycle and that could be a gate: one object in the whole
 * kernel, taken exclusively. Whether the other tasks hold them too is not in the report.
 */
export function possibleGates(
  held: readonly HeldLocks[],
  pid: number | null,
  cycle: readonly string[],
): string[] {
  const own = held.find((entry) => entry.pid === pid) ?? held[0];
  return [...new Set((own?.locks ?? []).map((lock) => lock.lock))].filter((lock) => {
    const facts = lockFacts(lock, []);
    const exclusive = facts.kind === 'mutex' || facts.kind === 'spinlock' || facts.kind === 'rtmutex';
    return facts.single && exclusive && facts.marker === null && !cycle.includes(lock);
  });
}

/** Wanted locks that their holder shares with the waiter: no deadlock unless a writer queues between the two. */
function sharedWaits(actors: readonly Actor[]): Taking[] {
  return actors.flatMap(({ wants }) => {
    if (wants === null || wants.mode === 'exclusive') return [];
    const kind = lockFacts(wants.lock, wants.frames).kind;
    if (kind !== 'rwsem' && kind !== 'rwlock') return [];
    const holders = actors.flatMap((actor) => actor.takes.filter((taking) => taking.lock === wants.lock));
    return holders.length > 0 && holders.every((taking) => taking.mode !== 'exclusive') ? [wants] : [];
  });
}

/**
 * Writes the episode of a claim; where readers would share a lock, a second one in which a writer queues between them.
 * Returns the number of episodes.
 */
export function writeCycle(scribe: Scribe, claim: CycleClaim): number {
  const { builder } = scribe;
  const { aliased, sentences } = lockAssumptions(
    sharedLocks(claim.actors),
    claim.byClass ? 'lockdep compares classes, not objects' : null,
  );
  const assumes = [...claim.assumes, ...sentences];
  const episode = builder.episode({
    origin: claim.origin,
    report: claim.report,
    basis: claim.basis ?? (aliased ? 'aliased' : 'recorded'),
    assumes,
    ruledOut: claim.ruledOut,
  });
  for (const actor of claim.actors) scribe.write(actor, episode);
  const shared = sharedWaits(claim.actors);
  if (shared.length === 0) return 1;
  const queued = builder.episode({
    origin: `${claim.origin}, writers queued`,
    report: claim.report,
    basis: 'composed',
    assumes: [
      ...assumes,
      ...shared.map(
        (taking) =>
          `${BEYOND_THE_LOG}a task that is not in the log queues to write \`${taking.lock}\` between its two readers`,
      ),
    ],
    ruledOut: claim.ruledOut,
  });
  for (const actor of claim.actors) scribe.write(actor, queued);
  for (const taking of new Map(shared.map((t) => [t.lock, t])).values()) scribe.write(writer(taking), queued);
  return 2;
}

function writer(taking: Taking): Actor {
  const mode: LockMode = 'exclusive';
  return {
    task: { name: `writer of ${taking.lock}`, pid: null, function: null, named: false, runs: 'task' },
    key: null,
    cpu: null,
    irqsOff: false,
    takes: [],
    wants: { ...taking, mode, frames: [], site: null },
  };
}
