// Prediction against all schedules on wild random programs of every kind: nothing false, and where nothing is missed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Program } from '../../corpus/schema/program.js';
import { asWritten } from '../lower/as-written.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { reach } from '../shrink/reach.js';
import { type PredictedCycle, predict } from './predict.js';

/** Shapes of programs in which every deadlock is a cycle that the graph shows. */
const WHOLE: Readonly<Record<string, Partial<ProgramShape>>> = {
  mutexes: { tasks: 4, locks: 4 },
  'reentrant mutexes, misused': { rules: true, oddities: 15 },
  'readers that do not queue': { kinds: ['rwsem', 'rwlock', 'mutex'], unfair: 100, tasks: 4 },
  'readers that queue': { kinds: ['rwsem', 'mutex'], rules: true, unfair: 20 },
  'attempts and flags': { kinds: ['mutex', 'rwsem'], tries: true, flags: true, oddities: 15 },
};

/** Shapes in which others are left to the searches. */
const PARTLY: Readonly<Record<string, Partial<ProgramShape>>> = {
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex'], oddities: 20 },
  waits: { kinds: ['semaphore', 'completion', 'mutex'], oddities: 25 },
  interrupts: { kinds: ['spinlock', 'rwlock'], irqs: true, oddities: 25 },
  // Without forks: see below.
  'everything else': {
    kinds: LOCK_KINDS,
    oddities: 30,
    tries: true,
    flags: true,
    irqs: true,
    rules: true,
  },
};

function deadlocks(p: Program): Set<string> {
  const sets = new Set<string>();
  const all = reach(
    new Machine(compileOrThrow(p)),
    {
      matches: (m) => {
        const verdict = m.finished();
        if (verdict?.kind === 'deadlock')
          sets.add(
            [...verdict.cycle]
              .sort()
              .map((t) => p.tasks[t]?.name)
              .join(),
          );
        return false;
      },
    },
    500_000,
  );
  expect(all.complete).toBe(true);
  return sets;
}

function cyclesOf(p: Program): readonly PredictedCycle[] {
  return predict([{ lowered: asWritten(p), captures: ['c'] }]).cycles.filter((c) => c.status === 'confirmed');
}

function confirmed(p: Program): Set<string> {
  return new Set(cyclesOf(p).map((c) => [...c.tasks].sort().join()));
}

const drawn = (shape: Partial<ProgramShape>) =>
  fc
    .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 6 }), fc.nat())
    .map(([tasks, ops, seed]) => randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks, ops }));

describe('prediction over random programs', () => {
  it.each(Object.entries(WHOLE))('nothing missed, nothing false: %s', (_name, shape) => {
    let some = 0;
    fc.assert(
      fc.property(drawn(shape), (p) => {
        const truth = deadlocks(p);
        some += truth.size;
        expect(confirmed(p)).toEqual(truth);
      }),
      { numRuns: 1000 },
    );
    expect(some).toComeUpMoreThan(20);
  });

  it.each(Object.entries(PARTLY))('nothing false: %s', (_name, shape) => {
    let some = 0;
    fc.assert(
      fc.property(drawn(shape), (p) => {
        const found = confirmed(p);
        some += found.size;
        const truth = deadlocks(p);
        for (const tasks of found) expect(truth).toContain(tasks);
      }),
      { numRuns: 1000 },
    );
    expect(some).toComeUpMoreThan(3);
  });

  it('forks and joins: what is confirmed replays, by the interpreter too', () => {
    // A task that waits for a fork that never comes hangs from the start, and hides all cycles that come later:
    // so the deadlock is looked for in the tasks that it needs, not in the whole program.
    let some = 0;
    fc.assert(
      fc.property(drawn({ forks: true, oddities: 25 }), (p) => {
        for (const { candidate, find, tasks } of cyclesOf(p)) {
          if (candidate === null || find === null) throw new Error('confirmed without a find');
          some++;
          expect(replay(candidate.program, find.schedule).verdict).toEqual(find.verdict);
          expect(find.tasks.map((t) => candidate.program.tasks[t]?.name).sort()).toEqual([...tasks].sort());
        }
      }),
      { numRuns: 1000 },
    );
    expect(some).toComeUpMoreThan(20);
  });
});
