// The end of a recording: names and kinds of locks by all that was seen, and one account of each where several were given.
import type { LockKind } from '../../corpus/schema/lock.js';
import { lockFacts } from '../kernel-log/episodes/lock-facts.js';
import type { CallMapper } from './calls.js';
import type { Ledger } from './ledger.js';
import { kindOf, type Lock, SOURCE } from './locks.js';
import type { Pairing } from './pairing.js';

const BY_CALL =
  'calls show no addresses: locks that different tasks took in the same function path are taken for one object';

/** Settles what had to wait for the last record. The mapper must not be fed afterwards. */
export function finishMapping(ledger: Ledger, pairing: Pairing, calls: CallMapper): void {
  const { builder, locks } = ledger;
  ledger.countUnexplained();
  calls.finish();
  ledger.forgetPending();
  const resolved = pairing.resolve();
  const dropped = new Set<number>();
  const named = new Set<string>();
  for (const klass of locks.classes()) if (klass.byEvent) named.add(klass.name);
  // Where lock events were recorded too, they say what the calls do not.
  if (named.size === 0 && calls.withoutLock > 0)
    builder.skips.count('calls_without_lock', ledger.lineAt(calls.firstWithoutLock), calls.withoutLock);
  for (const object of locks.objects) {
    const map = resolved.get(object);
    if (map !== undefined) {
      // Lock events tell the same with a name.
      dropped.add(object.id);
      const kind = object.seenAs;
      if (kind !== null && !map.klass.isInner) map.klass.told ??= kind;
      named.add(map.klass.name);
      continue;
    }
    const probe = locks.seenByProbe(object.address);
    if (object.source === SOURCE.contention && probe !== undefined) {
      dropped.add(object.id);
      continue;
    }
    const kind: LockKind = object.seenAs ?? 'mutex';
    const known = pairing.nameOf(object);
    const name = known ?? `${kind}@${locks.addresses.text(object.address, locks.digits)}`;
    if (known !== null) named.add(known);
    builder.refineLock(
      object.id,
      builder.lockClass(name, kind, known !== null && lockFacts(known, []).single),
    );
  }
  const kept = locks.objects.filter((object) => !dropped.has(object.id));
  const waits = kept.filter((object) => object.source === SOURCE.contention).length;
  if (waits > 0 && waits === kept.length && named.size === 0)
    builder.skips.count(
      'contention_without_order',
      ledger.firstContention < 0 ? null : ledger.lineOf(ledger.firstContention),
      waits,
    );
  for (const klass of locks.classes()) builder.refineClass(klass.id, kindOf(klass));
  const byCall: Lock[] = [];
  for (const lock of locks.keyed()) {
    if (named.has(lock.klass.name)) dropped.add(lock.id);
    else if (!lock.klass.facts.single) byCall.push(lock);
  }
  if (byCall.length > 0)
    for (const episode of ledger.episodes)
      builder.refineEpisode(episode, {
        basis: 'aliased',
        assumes: [...builder.assumesOf(episode), BY_CALL],
      });
  // What was told of locks that have a better account.
  builder.closeUp(dropped);
  if (ledger.thinned > 0) builder.skips.count('sched_events_thinned', null, ledger.thinned);
}
