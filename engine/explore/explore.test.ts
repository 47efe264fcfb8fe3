// Tests of the searches: reduced against unreduced against the interpreter, and that what is found replays.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { findOf } from './find.js';
import { fullSteps } from './full.js';
import { findsByInterpreter } from './interpreter-search.js';
import { shortest } from './shortest.js';
import { StateSet } from './state-set.js';

const SHAPES: Readonly<Record<string, Partial<ProgramShape>>> = {
  mutexes: { tasks: 4, locks: 4 },
  'reentrant mutexes, misused': { rules: true, oddities: 15 },
  'readers that do not queue': { kinds: ['rwsem', 'rwlock', 'mutex'], unfair: 100, tasks: 4 },
  'readers that queue': { kinds: ['rwsem', 'mutex'], rules: true, unfair: 20 },
  'attempts and flags': { kinds: ['mutex', 'rwsem'], tries: true, flags: true, oddities: 15 },
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex'], oddities: 20 },
  'forks and joins': { forks: true, oddities: 25 },
  waits: { kinds: ['semaphore', 'completion', 'mutex'], oddities: 25 },
  interrupts: { kinds: ['spinlock', 'rwlock'], irqs: true, oddities: 25 },
  'everything but interrupts': {
    kinds: LOCK_KINDS,
    oddities: 30,
    tries: true,
    flags: true,
    forks: true,
    rules: true,
    unfair: 20,
  },
  everything: {
    kinds: LOCK_KINDS,
    oddities: 30,
    tries: true,
    flags: true,
    forks: true,
    irqs: true,
    rules: true,
  },
};
const LIMITS = { states: 200_000 };

function named(result: SearchResult): string[] {
  return result.finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
}

describe('exhaustive search', () => {
  it.each(Object.entries(SHAPES))('finds the same reduced, unreduced and interpreted: %s', (_name, shape) => {
    let fewer = 0;
    let more = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (tasks, ops, seed) => {
          const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks, ops });
          const all = explore(program, LIMITS, false);
          const reduced = explore(program, LIMITS);
          expect(all.complete && reduced.complete).toBe(true);
          expect(named(reduced)).toEqual(named(all));
          // What lies beyond a bad end is looked at too: where there is one, that may be more than is left out of a small program.
          const hasIrqs = program.tasks.some((task) => task.irq !== null);
          if (!hasIrqs && all.finds.length === 0) expect(reduced.states).toBeLessThanOrEqual(all.states);
          if (!hasIrqs) {
            fewer += reduced.states;
            more += all.states;
          }
          const interpreted = findsByInterpreter(program, 1500);
          if (interpreted !== null) expect(interpreted).toEqual(named(all));
          for (const find of [...all.finds, ...reduced.finds]) {
            const again = findOf(replay(program, find.schedule).verdict);
            expect(again).toEqual({ kind: find.kind, tasks: find.tasks });
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(fewer).toBeLessThanOrEqual(more / 2);
  });

  it('counts schedules: one for each way that ends, or comes to where another was', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, tasks: 3, ops: 4 });
        const search = fullSteps(new Machine(compileOrThrow(program)), LIMITS);
        let next = search.next();
        while (next.done !== true) next = search.next();
        const all = next.value;
        // A transition leads to a state that is new, or ends a way.
        expect(all.schedules).toBe(all.steps - Math.max(0, all.states - 1));
        expect(explore(program, LIMITS).schedules).toBeGreaterThan(0);
        expect(explore(program, LIMITS, false).schedules).toBeGreaterThan(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is not complete where the limit of states was hit', () => {
    const program = randomProgram(xorshift(5), { ...PLAIN_SHAPE, tasks: 5, ops: 8 });
    const result = explore(program, { states: 10 }, false);
    expect(result.complete).toBe(false);
  });
});

describe('shortest schedule', () => {
  it('exists for each find, is no longer than any other, and replays', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...Object.values(SHAPES)), (seed, shape) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks: 3, ops: 5 });
        for (const find of explore(program, LIMITS, false).finds) {
          const least = shortest(program, find, LIMITS);
          expect(least.complete).toBe(true);
          expect(least.find?.schedule.length).toBeLessThanOrEqual(find.schedule.length);
          const again = findOf(replay(program, least.find?.schedule ?? []).verdict);
          expect(again).toEqual({ kind: find.kind, tasks: find.tasks });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('says that there is none', () => {
    const program = randomProgram(xorshift(5), { ...PLAIN_SHAPE, tasks: 2, ops: 4 });
    const none = shortest(program, { kind: 'stranded', tasks: [0, 1] }, LIMITS);
    expect([none.find, none.complete]).toEqual([null, true]);
  });
});

describe('state set', () => {
  it('tells keys apart as a map would', () => {
    const keys = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(keys, (list) => {
        const set = new StateSet(3);
        const map = new Map<string, number>();
        for (const key of list) {
          const index = set.add(Int32Array.from(key), 0);
          const known = map.get(key.join());
          expect(index).toBe(known ?? ~map.size);
          if (known === undefined) map.set(key.join(), map.size);
        }
        expect(set.size).toBe(map.size);
      }),
    );
  });

  it('keeps its keys as it grows', () => {
    const set = new StateSet(1);
    for (let i = 0; i < 10_000; i++) expect(set.add(Int32Array.of(i * 7919), 0)).toBe(~i);
    for (let i = 0; i < 10_000; i++) expect(set.add(Int32Array.of(i * 7919), 0)).toBe(i);
  });
});
