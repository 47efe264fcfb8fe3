// Edit: the rules of all locks of a class are overridden.
import type { LockRule } from '../../corpus/schema/lock.js';
import type { Program } from '../../corpus/schema/program.js';
import { type Edited, isClass } from './names.js';

const CONTRARY: Readonly<Record<LockRule, LockRule>> = {
  reentrant: 'no-reentrant',
  'no-reentrant': 'reentrant',
  fair: 'unfair',
  unfair: 'fair',
};

/** A rule takes the place of its contrary. */
export function overrideRules(program: Program, pattern: string, rules: readonly LockRule[]): Edited {
  const applied: string[] = [];
  const locks = program.locks.map((lock) => {
    if (!isClass(pattern, lock.class)) return lock;
    applied.push(lock.class);
    const kept = lock.rules.filter((rule) => !rules.includes(CONTRARY[rule]));
    return { ...lock, rules: [...new Set([...kept, ...rules])].sort() };
  });
  return { program: { ...program, locks }, applied: [...new Set(applied)], passed: [] };
}
