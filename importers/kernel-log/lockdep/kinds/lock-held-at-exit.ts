// A task leaves the kernel, freezes or ends with locks held: lockdep_sys_exit(), print_held_locks_bug().
import type { LockdepKind } from '../draft.js';

export const lockHeldAtExit: LockdepKind = {
  kind: 'lock-held-at-exit',
  headline:
    /^(?:lock held when returning(?: to(?: user(?: space!?)?)?)?|lock held at task exit time!?|.+\/\d+ still has(?: locks(?: held!)?)?|task exiting with locks still held!?)$/,
  fits(draft) {
    return draft.verb === 'leave' || draft.verb === 'exit';
  },
  make(draft) {
    const named = /^\W*(?:\w+: )?(.+)\/(\d+) still has locks held!/.exec(draft.title);
    const lists = draft.held.lists();
    return {
      task: named?.[1] === undefined ? null : { task: named[1], pid: Number(named[2]) },
      holds: lists[0]?.locks ?? [],
      facts: { where: draft.verb === 'leave' || /user/.test(draft.title) ? 'return-to-user' : 'exit' },
      problems: lists.length === 0 ? ['no-holding'] : [],
    };
  },
};
