// Random program: small programs over any kinds of locks, drawn from an Rng, for tests and benchmarks.
import type { LockKind, LockMode, LockRule } from '../../corpus/schema/lock.js';
import type { Op, OpAction, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import type { Rng } from '../rng.js';

export interface ProgramShape {
  readonly tasks: number;
  readonly locks: number;
  /** Most ops of a body. */
  readonly ops: number;
  readonly kinds: readonly LockKind[];
  /** Chance in percent that an op is drawn from what follows rather than a lock or unlock. */
  readonly oddities: number;
  readonly tries: boolean;
  readonly flags: boolean;
  readonly forks: boolean;
  readonly irqs: boolean;
  readonly rules: boolean;
  /** Acquire contexts around stretches of a body, and policies of ww_mutexes. */
  readonly contexts?: boolean;
  /** Chance in percent that a lock is unfair. */
  readonly unfair: number;
}

/** Mutexes taken and given back, nothing else. */
export const PLAIN_SHAPE: ProgramShape = {
  tasks: 3,
  locks: 3,
  ops: 6,
  kinds: ['mutex'],
  oddities: 0,
  tries: false,
  flags: false,
  forks: false,
  irqs: false,
  rules: false,
  unfair: 0,
};

const LOCK_SHAPES: Readonly<Record<LockKind, readonly LockMode[]>> = {
  mutex: ['exclusive'],
  rtmutex: ['exclusive'],
  spinlock: ['exclusive'],
  ww_mutex: ['exclusive'],
  semaphore: ['exclusive'],
  completion: [],
  rcu: ['exclusive'],
  srcu: ['exclusive'],
  rwlock: ['exclusive', 'read', 'recursive-read'],
  rwsem: ['exclusive', 'read', 'recursive-read'],
};

/** A well-formed program; not all of them are sensible, which is the point. */
export function randomProgram(rng: Rng, shape: ProgramShape): Program {
  const pick = <T>(list: readonly T[]): T => list[rng.below(list.length)]!;
  const chance = (percent: number): boolean => rng.below(100) < percent;
  const locks: ProgramLock[] = Array.from({ length: shape.locks }, (_, i) => {
    const kind = pick(shape.kinds);
    const rules: LockRule[] = [];
    if (shape.rules && chance(25)) rules.push('reentrant');
    if (chance(shape.unfair)) rules.push('unfair');
    const units = kind === 'semaphore' ? rng.below(3) : 1;
    const heeds = shape.contexts === true && kind === 'ww_mutex' && chance(90);
    const ww = heeds ? { ww: pick(['wound-wait', 'wait-die'] as const) } : {};
    return { id: `L${i}`, kind, units, class: `L${i}`, rules, ...ww };
  });
  const flags = shape.flags ? ['F', 'G'].map((id) => ({ id, set: chance(40) })) : [];
  const names = Array.from({ length: shape.tasks }, (_, i) => `T${i}`);

  const oddity = (): OpAction => {
    const able: OpAction[] = [];
    for (const lock of locks) {
      if (lock.kind === 'completion')
        able.push({ do: pick(['wait', 'signal', 'signal'] as const), lock: lock.id });
      if (lock.kind === 'rcu' || lock.kind === 'srcu') able.push({ do: 'sync', lock: lock.id });
      else if (lock.kind !== 'completion') able.push({ do: 'unlock', lock: lock.id });
    }
    if (shape.flags) {
      able.push({ do: pick(['set', 'clear'] as const), flag: pick(['F', 'G']) });
      if (chance(30)) able.push({ do: 'require', flag: pick(['F', 'G']), value: chance(50) });
    }
    if (shape.forks) able.push({ do: chance(50) ? 'fork' : 'join', task: pick(names) });
    if (shape.irqs) {
      const on = chance(50);
      able.push({ do: 'irqs', on }, { do: 'bh', on }, { do: 'irqs', on: !on });
    }
    const completion = locks.find((lock) => lock.kind === 'completion');
    if (completion !== undefined && chance(10)) return { do: 'signal-all', lock: completion.id };
    return able.length > 0 ? pick(able) : lockOf(pick(locks));
  };
  const lockOf = (lock: ProgramLock): OpAction => {
    const modes = LOCK_SHAPES[lock.kind];
    if (modes.length === 0) return { do: chance(50) ? 'wait' : 'signal', lock: lock.id };
    return { do: 'lock', lock: lock.id, mode: pick(modes), attempt: shape.tries && chance(20) };
  };
  const body = (): Op[] => {
    const ops: Op[] = [];
    const held: string[] = [];
    const length = 1 + rng.below(shape.ops);
    while (ops.length < length) {
      let action: OpAction;
      const room = length - ops.length;
      if (chance(shape.oddities)) action = oddity();
      else if (held.length > 0 && (held.length >= room || chance(40))) {
        const at = chance(75) ? held.length - 1 : rng.below(held.length);
        action = { do: 'unlock', lock: held.splice(at, 1)[0]! };
      } else {
        action = lockOf(pick(locks));
        if (action.do === 'lock') held.push(action.lock);
      }
      const guard = shape.flags && chance(15) ? { flag: pick(['F', 'G']), when: chance(50) } : null;
      ops.push({ ...action, guard, site: null, frames: [], line: null });
    }
    if (shape.contexts !== true || chance(15)) return ops;
    const bare = { guard: null, site: null, frames: [], line: null };
    const from = chance(70) ? 0 : rng.below(ops.length);
    const to = chance(70) ? ops.length : from + rng.below(ops.length - from + 1);
    ops.splice(to, 0, { do: 'ww', begin: false, ...bare });
    ops.splice(from, 0, { do: 'ww', begin: true, ...bare });
    return ops;
  };
  const tasks: ProgramTask[] = names.map((name, i) => {
    const irq = shape.irqs && i > 0 && chance(45) ? pick(['hard', 'soft'] as const) : null;
    return {
      name,
      function: null,
      cpu: shape.irqs && chance(60) ? rng.below(2) : null,
      irq,
      after: shape.forks && i > 0 && chance(15) ? names[rng.below(i)]! : null,
      body: shape.forks && chance(5) ? [] : body(),
    };
  });
  return { name: 'random', locks, flags, tasks };
}
