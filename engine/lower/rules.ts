// Rules that a class of locks has by what its code does, whatever its kind says.
import type { LockRule } from '../../corpus/schema/lock.js';

/** An active reference refuses newcomers while it drains; it does not queue them behind the drainer (fs/kernfs/dir.c). */
export function lockRules(className: string): LockRule[] {
  return /^(kn->active|s_active)/.test(className) ? ['unfair'] : [];
}
