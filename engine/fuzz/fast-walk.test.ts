// Tests of the fast walk: it goes where the machine goes, choice for choice, and ends as it ends.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { type Rng, xorshift } from '../rng.js';
import { randomScheduler } from '../schedulers/random.js';
import { run } from '../schedulers/run.js';
import { urwScheduler } from '../schedulers/urw.js';
import { ExclusiveWalk, FEATURES } from './exclusive-walk.js';
import { FastWalk, plainWalk } from './fast-walk.js';
import { BROKEN, COMPLETED, DEADLOCKED, STRANDED } from './plain-walk.js';

const ENDS = { completed: COMPLETED, deadlock: DEADLOCKED, stranded: STRANDED, violated: BROKEN } as const;

/** The generator of `rng.ts`, from a given state on. */
function from(seed: number): Rng {
  let state = seed | 0;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return { next, below: (n) => Math.floor((next() / 0x100000000) * n) };
}

describe('the fast walk', () => {
  it('makes the choices of the machine and ends like it', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 0x7fffffff }),
        fc.boolean(),
        fc.constantFrom(0, 15),
        (seed, state, weighted, oddities) => {
          const program = randomProgram(xorshift(seed), {
            ...PLAIN_SHAPE,
            tasks: 1 + (seed % 6),
            ops: 12,
            kinds: ['mutex', 'rwsem', 'rwlock', 'spinlock'],
            rules: true,
            unfair: 30,
            oddities,
          });
          const machine = new Machine(compileOrThrow(program));
          const fast = FastWalk.of(machine.compiled)!;
          const slow = run(machine, weighted ? urwScheduler() : randomScheduler(), from(state), 1000);
          // Twice: what a walk leaves behind must not show in the next.
          for (let i = 0; i < 2; i++) {
            const end = fast.run(state, weighted);
            expect([...fast.schedule.subarray(0, fast.length)]).toEqual(slow.schedule);
            expect(fast.steps).toBe(slow.steps);
            expect(end).toBe(ENDS[slow.verdict.kind as keyof typeof ENDS]);
          }
          seen.add(slow.verdict.kind);
        },
      ),
      { numRuns: 3000 },
    );
    expect([...seen].sort()).toEqual(Object.keys(ENDS).sort());
  });

  it('leaves alone what does more than take and give back locks', () => {
    const odd = { tries: true, irqs: true, forks: true, flags: true, oddities: 60 };
    const kinds = ['mutex', 'srcu', 'completion', 'semaphore'] as const;
    for (let seed = 0; seed < 50; seed++) {
      const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...odd, kinds, ops: 12 });
      const plain = program.tasks.every(
        (task) =>
          task.irq === null &&
          task.after === null &&
          task.body.length > 0 &&
          task.body.every(
            (op) =>
              (op.do === 'unlock' || (op.do === 'lock' && !op.attempt)) &&
              op.guard === null &&
              program.locks.find((lock) => lock.id === op.lock)?.kind === 'mutex',
          ),
      );
      expect(FastWalk.of(compileOrThrow(program)) !== null).toBe(plain);
    }
  });
});

describe('the walk over exclusive locks', () => {
  it('makes the choices of the machine, ends like it, and has seen each hand-off that it made', () => {
    const ends = new Set<number>();
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 0x7fffffff }),
        fc.boolean(),
        fc.constantFrom(2, 5, 8, 9, 20, 31),
        fc.boolean(),
        (seed, state, weighted, tasks, rules) => {
          const kinds = ['mutex', 'spinlock'] as const;
          const shape = { ...PLAIN_SHAPE, tasks, locks: 5, ops: 10, kinds, rules };
          const machine = new Machine(compileOrThrow(randomProgram(xorshift(seed), shape)));
          const walk = plainWalk(machine.compiled);
          if (!(walk instanceof ExclusiveWalk)) throw new Error('a program of exclusive locks');
          const slow = run(machine, weighted ? urwScheduler() : randomScheduler(), from(state), 1000);
          // Twice: what a walk leaves behind must not show in the next.
          for (let i = 0; i < 2; i++) {
            const end = walk.run(state, weighted);
            expect([...walk.schedule.subarray(0, walk.length)]).toEqual(slow.schedule);
            expect(walk.steps).toBe(slow.steps);
            expect(end).toBe(ENDS[slow.verdict.kind as keyof typeof ENDS]);
            if (!rules) expect(walk.features).toBe(handOffs(machine, slow.schedule).size);
            expect(walk.seen.reduce((sum, one) => sum + one, 0)).toBe(walk.features);
            ends.add(end);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect([...ends].sort()).toEqual([COMPLETED, DEADLOCKED, STRANDED]);
  });

  it('is not taken where a lock is read', () => {
    const seen = new Set<boolean>();
    for (let seed = 0; seed < 200; seed++) {
      const shape = { ...PLAIN_SHAPE, kinds: ['mutex', 'rwlock'] as const, rules: true, locks: 2 };
      const walk = plainWalk(compileOrThrow(randomProgram(xorshift(seed), shape)));
      if (walk !== null) seen.add(walk instanceof ExclusiveWalk);
    }
    expect([...seen].sort()).toEqual([false, true]);
  });
});

/** The slots of the hand-offs of a schedule, from the machine: which release each taking followed. */
function handOffs(machine: Machine, schedule: readonly number[]): Set<number> {
  const c = machine.compiled;
  const giver = new Map<number, number>();
  const slots = new Set<number>();
  machine.reset();
  for (const t of schedule) {
    const pc = machine.pc(t);
    const op = c.program.tasks[t]!.body[pc]!;
    machine.act(t);
    if (machine.pc(t) === pc || !('lock' in op)) continue;
    const lock = c.opArg[c.opBase[t]! + pc]!;
    const place = c.opBase[t]! + t + pc;
    if (op.do === 'unlock') giver.set(lock, place);
    else slots.add((Math.imul(giver.get(lock) ?? 0, 40503) ^ place) & (FEATURES - 1));
  }
  return slots;
}
