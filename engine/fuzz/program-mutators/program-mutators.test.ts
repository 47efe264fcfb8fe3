// Laws of every program mutator in the list: same seed same program, it runs, it tells what it assumes, parents are untouched.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../corpus/schema/program.js';
import { asWritten } from '../../lower/as-written.js';
import { compile } from '../../model/compile.js';
import type { PredictSource } from '../../predict/source.js';
import { xorshift } from '../../rng.js';
import { createFuzzer } from '../fuzzer.js';
import { lockOf, lockOp, op, program, programs, unlockOp, WILD } from '../programs.laws.js';
import { aliasInstances } from './alias-instances.js';
import { PROGRAM_MUTATORS } from './list.js';
import { spliceShapes } from './splice-shapes.js';

const source = (p: Program, capture: string): PredictSource => ({
  lowered: asWritten(p),
  captures: [capture],
});

/** Locks of fewer classes than there are locks. */
const classed = programs({ ...WILD, locks: 4 }).map((p): Program => {
  const locks = p.locks.map((l, i) => ({
    ...l,
    kind: 'rwsem' as const,
    class: i % 2 === 0 ? 'even' : 'odd',
  }));
  return { ...p, locks };
});

describe.each(PROGRAM_MUTATORS.map((m) => [m.name, m] as const))('%s', (_name, mutator) => {
  it('same seed, same program; it runs; it says what it assumes; what it is made of is untouched', () => {
    let made = 0;
    fc.assert(
      fc.property(fc.array(classed, { minLength: 1, maxLength: 3 }), fc.nat(), (list, seed) => {
        const sources = list.map((p, i) => source(p, `c${i}`));
        const before = structuredClone(sources);
        const one = mutator.make(sources, 0, xorshift(seed));
        expect(mutator.make(sources, 0, xorshift(seed))).toEqual(one);
        expect(sources).toEqual(before);
        if (one === null) return;
        made++;
        const { lowered, taskSources } = one;
        expect(compile(lowered.program).ok).toBe(true);
        expect(['aliased', 'composed']).toContain(lowered.basis);
        expect(lowered.assumes.length).toBeGreaterThan(0);
        expect(lowered.observedSchedule).toBeNull();
        expect(taskSources).toHaveLength(lowered.program.tasks.length);
        // Every task does what it did, but for the names of the locks.
        const ownOps = (s: number): string[] =>
          (list[s]?.tasks ?? []).map(({ body }) => body.map(({ do: what }) => what).join(' '));
        lowered.program.tasks.forEach(({ body }, t) => {
          expect(ownOps(taskSources[t] ?? -1)).toContain(body.map(({ do: what }) => what).join(' '));
        });
      }),
      { numRuns: 200 },
    );
    expect(made).toComeUpMoreThan(20);
  });
});

describe('splice', () => {
  it('finds a wait that another capture never ends, and says that the locks have to be one object', () => {
    const flusher = program([lockOf('m', 'mutex', 'M'), lockOf('done', 'completion')], {
      flusher: [lockOp('m'), op({ do: 'wait', lock: 'done' }), unlockOp('m')],
      worker: [op({ do: 'signal', lock: 'done' })],
    });
    const locks = [lockOf('x', 'mutex', 'M'), lockOf('y', 'mutex', 'N'), lockOf('gone', 'completion')];
    const other = program(locks, {
      leaver: [lockOp('x'), lockOp('y'), op({ do: 'wait', lock: 'gone' }), unlockOp('y'), unlockOp('x')],
    });
    const made = spliceShapes.make([source(flusher, 'one'), source(other, 'two')], 0, xorshift(1));
    expect(made?.lowered.basis).toBe('composed');
    expect(made?.lowered.assumes).toEqual([
      'the M of flusher in take_m and that of leaver in take_x are one object',
    ]);
    expect(made?.lowered.program.tasks.map(({ name }) => name)).toEqual(['flusher', 'worker', 'leaver']);
    if (made === null) throw new Error('nothing was made');
    const { finds } = createFuzzer([made.lowered.program], { seed: 1, maxSteps: 100 }).round(200);
    expect(finds.some(({ kind, tasks }) => kind === 'stranded' && tasks.includes(0))).toBe(true);
  });

  it('takes nothing of the same capture, and nothing without a class in common', () => {
    const a = program([lockOf('m')], { one: [lockOp('m'), unlockOp('m')] });
    const b = program([lockOf('n')], { two: [lockOp('n'), unlockOp('n')] });
    expect(spliceShapes.make([source(a, 'c'), source(a, 'c')], 0, xorshift(1))).toBeNull();
    expect(spliceShapes.make([source(a, 'c'), source(b, 'd')], 0, xorshift(1))).toBeNull();
  });
});

describe('alias', () => {
  const two = program([lockOf('a1', 'mutex', 'A'), lockOf('a2', 'mutex', 'A'), lockOf('b')], {
    one: [lockOp('a1'), lockOp('b'), unlockOp('b'), unlockOp('a1')],
    two: [lockOp('b'), lockOp('a2'), unlockOp('a2'), unlockOp('b')],
  });

  it('finds the inversion that two instances hide, with its assumption', () => {
    const made = aliasInstances.make([source(two, 'c')], 0, xorshift(1));
    expect(made?.lowered.basis).toBe('aliased');
    expect(made?.lowered.assumes).toEqual(['the A of one and that of two are one object']);
    if (made === null) throw new Error('nothing was made');
    const { finds } = createFuzzer([made.lowered.program], { seed: 1, maxSteps: 100 }).round(100);
    expect(finds.map(({ kind, tasks }) => [kind, tasks])).toEqual([['deadlock', [0, 1]]]);
  });

  it('does not where addresses tell them apart, or one task takes both', () => {
    const known = { lowered: asWritten(two, { byAddress: true }), captures: ['c'] };
    expect(aliasInstances.make([known], 0, xorshift(1))).toBeNull();
    const nested = program([lockOf('a1', 'mutex', 'A'), lockOf('a2', 'mutex', 'A')], {
      one: [lockOp('a1'), lockOp('a2'), unlockOp('a2'), unlockOp('a1')],
    });
    expect(aliasInstances.make([source(nested, 'c')], 0, xorshift(1))).toBeNull();
  });
});
