// Random programs for laws: small, balanced, with the kinds of locks and ops that a law asks for.
import fc from 'fast-check';
import type { Op, OpAction, Program, ProgramLock } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';

export function op(action: OpAction, site: string | null = null): Op {
  return { ...action, guard: null, site, frames: [], line: null };
}

export function lockOp(
  lock: string,
  mode: 'exclusive' | 'read' | 'recursive-read' = 'exclusive',
  attempt = false,
): Op {
  return op({ do: 'lock', lock, mode, attempt }, `take_${lock}`);
}

export function unlockOp(lock: string): Op {
  return op({ do: 'unlock', lock });
}

export function lockOf(id: string, kind: ProgramLock['kind'] = 'mutex', cls: string = id): ProgramLock {
  return { id, kind, units: 1, class: cls, rules: [] };
}

export function program(
  locks: readonly ProgramLock[],
  bodies: Readonly<Record<string, readonly Op[]>>,
): Program {
  return {
    name: 'p',
    locks,
    flags: [],
    tasks: Object.entries(bodies).map(([name, body]) => ({
      name,
      function: `${name}_fn`,
      cpu: null,
      irq: null,
      after: null,
      body,
    })),
  };
}

export const AB_BA: Program = program([lockOf('A'), lockOf('B')], {
  one: [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')],
  two: [lockOp('B'), lockOp('A'), unlockOp('A'), unlockOp('B')],
});

export interface ShapeOfPrograms {
  readonly tasks: number;
  readonly locks: number;
  readonly ops: number;
  readonly kinds: readonly ProgramLock['kind'][];
  /** Locks may be released in another order than the reverse. */
  readonly crossing: boolean;
  /** Locks may be asked for again while held, and by trylock. */
  readonly wild: boolean;
}

/** A body from random numbers: takes a lock not yet held, or gives one back; gives back all that is left. */
function bodyFrom(numbers: readonly number[], locks: readonly ProgramLock[], shape: ShapeOfPrograms): Op[] {
  const held: string[] = [];
  const body: Op[] = [];
  for (const n of numbers) {
    const lock = locks[(n >> 2) % locks.length];
    if (lock === undefined) continue;
    const shared = lock.kind === 'rwlock' || lock.kind === 'rwsem';
    const mode = !shared || n & 256 ? 'exclusive' : n & 512 ? 'read' : 'recursive-read';
    const attempt = shape.wild && (n & 0x1c00) === 0;
    if ((n & 3) !== 0 && (!held.includes(lock.id) || (shape.wild && (n & 0xe000) === 0))) {
      held.push(lock.id);
      body.push(lockOp(lock.id, mode, attempt && !held.slice(0, -1).includes(lock.id)));
    } else if (held.length > 0) {
      const at = shape.crossing ? (n >> 5) % held.length : held.length - 1;
      const [id] = held.splice(at, 1);
      if (id !== undefined) body.push(unlockOp(id));
    }
  }
  for (const id of held.reverse()) body.push(unlockOp(id));
  return body;
}

export function programs(shape: ShapeOfPrograms): fc.Arbitrary<Program> {
  const numbers = fc.array(fc.nat({ max: 0xffff }), { minLength: 2, maxLength: shape.ops });
  return fc
    .record({
      bodies: fc.array(numbers, { minLength: 2, maxLength: shape.tasks }),
      kinds: fc.array(fc.constantFrom(...shape.kinds), { minLength: shape.locks, maxLength: shape.locks }),
    })
    .map(({ bodies, kinds }) => {
      const locks = kinds.map((kind, i) => lockOf(String.fromCharCode(65 + i), kind));
      return program(locks, Object.fromEntries(bodies.map((b, i) => [`t${i}`, bodyFrom(b, locks, shape)])));
    });
}

export const NESTED: ShapeOfPrograms = {
  tasks: 3,
  locks: 3,
  ops: 9,
  kinds: ['mutex'],
  crossing: false,
  wild: false,
};

export const WILD: ShapeOfPrograms = {
  tasks: 3,
  locks: 3,
  ops: 8,
  kinds: ['mutex', 'rwsem', 'rwlock', 'spinlock'],
  crossing: true,
  wild: true,
};

export function genomes(tasks: number, steps: number): fc.Arbitrary<Genome> {
  return fc.record({
    order: fc.shuffledSubarray(Array.from({ length: tasks }, (_, i) => i)),
    preempts: fc.array(fc.record({ step: fc.nat({ max: steps }), task: fc.nat({ max: tasks - 1 }) }), {
      maxLength: 6,
    }),
  });
}
