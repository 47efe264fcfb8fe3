// What else lockdep and the lock debugging code print, kept as a report with its stack and whatever locks it names.
import type { LockdepKind } from '../draft.js';

/**
 * kernel/locking/lockdep.c: bad contention, unregistered keys, tables that are full.
 * kernel/locking/spinlock_debug.c: spin_dump(), rwlock_bug(). kernel/workqueue.c: leaked locks in process_one_work().
 */
export const otherLock: LockdepKind = {
  kind: 'other-lock',
  headline:
    /^(?:bad contention detected!?|key \S+ has not been registered!|MAX_(?:LOCKDEP|LOCK|STACK)_\w+ too low!|looking up invalid subclass: .*|trying to register non-static key\.?|chain_key collision|(?:spinlock|rwlock|rtmutex|mutex)[- ](?:bad magic|recursion|lockup(?: suspected)?|already unlocked|wrong owner|wrong CPU|trylock failure on UP|cpu recursion|uninitialized).*|workqueue leaked (?:lock|atomic).*)$/,
  fits(draft) {
    return draft.verb === 'contend';
  },
  make(draft) {
    const who =
      / on CPU#(\d+), (.+)\/(\d+)(?:, \S+)?$/.exec(draft.title) ??
      /leaked [^:]+()?: (.+?)(?:\/0x[0-9a-f]+)?[/[](\d+)\]?$/.exec(draft.title);
    return {
      task: who?.[2] === undefined ? null : { task: who[2], pid: Number(who[3]) },
      wants: draft.wants,
      holds: draft.held.lists()[0]?.locks ?? [],
      ...(who?.[1] === undefined ? {} : { facts: { cpu: Number(who[1]) } }),
    };
  },
};
