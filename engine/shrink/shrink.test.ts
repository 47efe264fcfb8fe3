// Laws of the shrink passes and of shrinking as a whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import { createFuzzer } from '../fuzz/fuzzer.js';
import { lockOf, lockOp, op, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { compile, compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { runGenome } from '../schedulers/genome.js';
import { closingOp } from './bodies.js';
import { fewestSteps, isImpossible } from './bounds.js';
import { weightOf } from './edit.js';
import { follow, outcomeOf } from './outcome.js';
import { PASSES } from './passes/list.js';
import { reach } from './reach.js';
import { sameShape } from './shape.js';
import { shrink } from './shrink.js';

const FUZZ = { seed: 3, maxSteps: 1000 };

/** Locks that bodies take more often than they give back, or the reverse. */
function unbalanced(p: Program): string[] {
  return p.tasks.flatMap((task) => {
    const open = task.body.filter((o, i) => o.do === 'lock' && closingOp(task.body, i) === null);
    const depth = new Map<string, number>();
    let strange = 0;
    for (const o of task.body) {
      if (o.do === 'lock') depth.set(o.lock, (depth.get(o.lock) ?? 0) + 1);
      if (o.do === 'unlock' && (depth.get(o.lock) ?? 0) === 0) strange++;
      else if (o.do === 'unlock') depth.set(o.lock, (depth.get(o.lock) ?? 0) - 1);
    }
    return open.length + strange > 0 ? [task.name] : [];
  });
}

const NOISY = program([lockOf('A'), lockOf('B'), lockOf('C'), lockOf('D')], {
  bystander: [lockOp('D'), lockOp('C'), unlockOp('C'), unlockOp('D')],
  one: [
    lockOp('C'),
    unlockOp('C'),
    lockOp('A'),
    lockOp('C'),
    lockOp('B'),
    unlockOp('B'),
    unlockOp('C'),
    unlockOp('A'),
    lockOp('D'),
    unlockOp('D'),
  ],
  two: [lockOp('D'), lockOp('B'), unlockOp('D'), lockOp('A'), unlockOp('A'), unlockOp('B')],
});

const RICH: Program = {
  ...program([{ ...lockOf('A'), rules: ['unfair'] }], {
    one: [
      op({ do: 'set', flag: 'f' }),
      { ...lockOp('A'), guard: { flag: 'f', when: true } },
      op({ do: 'fork', task: 'two' }),
      lockOp('A'),
      unlockOp('A'),
      unlockOp('A'),
      op({ do: 'join', task: 'two' }),
    ],
    two: [lockOp('A'), unlockOp('A')],
  }),
  flags: [{ id: 'f', set: false }],
};

describe('shrink', () => {
  it('keeps the race that breaks a requirement, and drops only tasks that have no part in it', () => {
    const race: Program = {
      ...program([lockOf('A'), lockOf('D')], {
        checker: [
          lockOp('A'),
          op({ do: 'set', flag: 'mine' }),
          op({ do: 'require', flag: 'mine', value: true }),
          unlockOp('A'),
        ],
        clearer: [op({ do: 'clear', flag: 'mine' })],
        bystander: [lockOp('D'), unlockOp('D')],
      }),
      flags: [{ id: 'mine', set: true }],
    };
    const small = shrink(race, [0, 0, 1, 0]);
    if (!small.ok) throw new Error(small.reason);
    const { program: left, grade, steps } = small.shrunk;
    expect(left.tasks.map(({ name }) => name)).toEqual(['checker', 'clearer']);
    expect(left.tasks[0]!.body).toHaveLength(4);
    expect(left.flags).toEqual([{ id: 'mine', set: true }]);
    expect([grade, steps]).toEqual(['reduced', 3]);
  });

  it('leaves the two tasks, two locks and one preemption that an inversion needs', () => {
    const [find] = createFuzzer([NOISY], FUZZ)
      .round(200)
      .finds.filter((f) => f.kind === 'deadlock' && f.tasks.length === 2 && f.tasks[0] === 1);
    if (find === undefined) throw new Error('the fuzzer found no deadlock');
    const result = shrink(NOISY, find.schedule);
    if (!result.ok) throw new Error(result.reason);
    const { shrunk } = result;
    expect(shrunk.grade).toBe('minimal');
    expect(shrunk.steps).toBe(2);
    expect(shrunk.genome.preempts).toHaveLength(1);
    expect(shrunk.program.tasks.map((t) => t.body.length)).toEqual([4, 4]);
    expect(shrunk.program.locks).toHaveLength(2);
    expect(unbalanced(shrunk.program)).toEqual([]);
  });

  it('removes flags, guards, forks and rules that do not matter', () => {
    const outcome = follow(new Machine(compileOrThrow(RICH)), [0, 0, 0, 0]);
    expect(outcome.verdict.kind).toBe('deadlock');
    const result = shrink(RICH, outcome.schedule);
    if (!result.ok) throw new Error(result.reason);
    expect(result.shrunk.program.flags).toEqual([]);
    expect(result.shrunk.program.tasks.map((t) => t.body.map((o) => o.do))).toEqual([
      ['lock', 'lock', 'unlock', 'unlock'],
    ]);
    expect(result.shrunk.program.locks[0]?.rules).toEqual([]);
    expect(result.shrunk.grade).toBe('minimal');
  });

  for (const pass of PASSES) {
    it(`${pass.name}: candidates are well formed and stay balanced; the ones that are lighter are smaller`, () => {
      let seen = 0;
      fc.assert(
        fc.property(fc.oneof(programs({ ...WILD, ops: 12 }), fc.constant(RICH)), (p) => {
          for (const edit of pass.candidates(p)) {
            seen++;
            if (edit.program.tasks.length > 0) expect(compile(edit.program).ok).toBe(true);
            expect(unbalanced(edit.program)).toEqual([]);
            expect(edit.tasks).toHaveLength(edit.program.tasks.length);
            expect(weightOf(edit.program)).toBeLessThan(weightOf(p));
          }
        }),
        { numRuns: 100 },
      );
      expect(seen).toBeGreaterThan(10);
    });
  }

  it('keeps the shape, is never larger, runs by its genome, and is idempotent', () => {
    let shrunkFinds = 0;
    fc.assert(
      fc.property(programs(WILD), fc.integer(), (p, seed) => {
        for (const find of createFuzzer([p], { seed, maxSteps: 1000 }).round(40).finds) {
          const machine = new Machine(compileOrThrow(p));
          const before = follow(machine, find.schedule);
          const result = shrink(p, find.schedule, { states: 20_000, total: 2_000_000 });
          if (!result.ok) throw new Error(result.reason);
          const { shrunk } = result;
          shrunkFinds++;
          expect(sameShape(shrunk.shape, before.shape)).toBe(true);
          expect(weightOf(shrunk.program)).toBeLessThanOrEqual(weightOf(p));
          expect(unbalanced(shrunk.program)).toEqual([]);
          const small = new Machine(compileOrThrow(shrunk.program));
          const run = runGenome(small, shrunk.genome, 1000);
          expect(run.verdict).toEqual(shrunk.verdict);
          expect(run.schedule).toEqual(shrunk.schedule);
          const again = shrink(shrunk.program, shrunk.schedule, { states: 20_000, total: 2_000_000 });
          expect(again).toEqual(result);
        }
      }),
      { numRuns: 120 },
    );
    expect(shrunkFinds).toComeUpMoreThan(20);
  });

  it('says minimal only where neither a task nor a section can go, by a search of its own', () => {
    fc.assert(
      fc.property(programs(WILD), fc.integer(), (p, seed) => {
        for (const find of createFuzzer([p], { seed, maxSteps: 1000 }).round(30).finds) {
          const result = shrink(p, find.schedule);
          if (!result.ok || result.shrunk.grade !== 'minimal') continue;
          for (const pass of PASSES.filter((x) => x.name === 'drop-task' || x.name === 'drop-section')) {
            for (const edit of pass.candidates(result.shrunk.program)) {
              if (edit.program.tasks.length === 0) continue;
              const machine = new Machine(compileOrThrow(edit.program));
              const left = reach(
                machine,
                {
                  matches: (m) =>
                    m.finished() !== null && sameShape(outcomeOf(m, []).shape, result.shrunk.shape),
                },
                100_000,
              );
              expect(left.schedule).toBeNull();
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('proves sixteen philosophers minimal without searching their states', () => {
    const n = 16;
    const table = program(
      Array.from({ length: n }, (_, i) => lockOf(`F${i}`)),
      Object.fromEntries(
        Array.from({ length: n }, (_, i) => {
          const [left, right] = [`F${i}`, `F${(i + 1) % n}`];
          return [`p${i}`, [lockOp(left), lockOp(right), unlockOp(right), unlockOp(left)]];
        }),
      ),
    );
    const all = Array.from({ length: n }, (_, i) => i);
    const result = shrink(table, [...all, ...all], { states: 100, total: 100 });
    if (!result.ok) throw new Error(result.reason);
    expect(result.shrunk).toMatchObject({ grade: 'minimal', steps: n });
    expect(result.shrunk.program.tasks).toHaveLength(n);
  });

  it('what the bounds call impossible, no search finds; and no schedule beats the fewest steps', () => {
    let impossible = 0;
    let bounded = 0;
    fc.assert(
      fc.property(programs(WILD), programs(WILD), fc.integer(), (p, q, seed) => {
        for (const find of createFuzzer([p], { seed, maxSteps: 1000 }).round(30).finds) {
          const { shape } = follow(new Machine(compileOrThrow(p)), find.schedule);
          if (shape === null) throw new Error('a find without a shape');
          const edits = PASSES.flatMap((pass) => [...pass.candidates(p)].map((e) => e.program));
          for (const other of [p, q, ...edits]) {
            if (other.tasks.length === 0) continue;
            const left = reach(
              new Machine(compileOrThrow(other)),
              { matches: (m) => m.finished() !== null && sameShape(outcomeOf(m, []).shape, shape) },
              100_000,
            );
            if (isImpossible(other, shape)) {
              impossible++;
              expect(left.schedule).toBeNull();
            }
            if (left.schedule === null) continue;
            const { steps } = follow(new Machine(compileOrThrow(other)), left.schedule);
            if (fewestSteps(other, shape) > 0) bounded++;
            expect(fewestSteps(other, shape)).toBeLessThanOrEqual(steps);
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(impossible).toComeUpMoreThan(20);
    expect(bounded).toComeUpMoreThan(20);
  });
});
