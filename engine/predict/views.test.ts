// Tests of the views of dependencies: who is who, what is kept of many alike, and which cycles both views show.
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import { lockOf, lockOp, program, unlockOp } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { enumerateCycles } from './cycles.js';
import { dependenciesOf } from './dependencies.js';
import type { PredictSource } from './source.js';
import { byClass, byInstance, isByInstance } from './views.js';

const nest = (a: string, b: string) => [lockOp(a), lockOp(b), unlockOp(b), unlockOp(a)];
const source = (p: Program, ...captures: string[]): PredictSource => ({ lowered: asWritten(p), captures });
const nodesOf = (...sources: PredictSource[]) =>
  byClass(
    sources,
    sources.map(({ lowered }) => dependenciesOf(lowered.program)),
  );
const locks = [lockOf('a', 'mutex', 'A'), lockOf('b', 'mutex', 'B')];

describe('views', () => {
  it('a task of one name is one of a capture, and another one in each program without one', () => {
    const p = program(locks, { one: nest('a', 'b') });
    const who = (...sources: PredictSource[]): string[] => [
      ...new Set(nodesOf(...sources).map((n) => n.who)),
    ];
    expect(who(source(p, 'c'), source(p, 'c'))).toEqual(['c: one']);
    expect(who(source(p, 'c'), source(p, 'd'))).toEqual(['c: one', 'd: one']);
    expect(who(source(p), source(p))).toEqual(['program 0: one', 'program 1: one']);
    expect(byInstance(source(p, 'c', 'd'), 0, dependenciesOf(p)).map((n) => n.who)).toEqual([
      'c,d: one',
      'c,d: one',
    ]);
  });

  it('of tasks that do the same three are kept, each with all that it does', () => {
    const same = (n: number, fn: string): Program => {
      const p = program(
        locks,
        Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${i}`, nest('a', 'b')])),
      );
      return { ...p, tasks: p.tasks.map((t) => ({ ...t, function: fn })) };
    };
    const kept = (p: Program): number => nodesOf(source(p, 'c')).filter((n) => n.want === 'B').length;
    expect([1, 2, 3, 4, 9].map((n) => kept(same(n, 'f')))).toEqual([1, 2, 3, 3, 3]);
    const twice = program(locks, { one: [...nest('a', 'b'), ...nest('a', 'b')], two: nest('a', 'b') });
    expect(kept({ ...twice, tasks: twice.tasks.map((t) => ({ ...t, function: 'f' })) })).toBe(3);
    // What one of them holds for reading is something else.
    const [first, ...rest] = same(4, 'f').tasks;
    const reader = { ...first!, body: [lockOp('a', 'read'), ...first!.body.slice(1)] };
    const rw = [lockOf('a', 'rwsem', 'A'), locks[1]!];
    expect(kept({ ...same(4, 'f'), locks: rw, tasks: [...rest, reader] })).toBe(4);
    expect(
      nodesOf(source(same(2, 'f'), 'c'), source(same(2, 'f'), 'd')).filter((n) => n.want === 'B').length,
    ).toBe(3);
  });

  it('a lock inside another one of its class closes no cycle by class', () => {
    const p = program([lockOf('p', 'mutex', 'N'), lockOf('c', 'mutex', 'N')], { one: nest('p', 'c') });
    const inner = (nodes: ReturnType<typeof nodesOf>) => nodes.find(({ dependency }) => dependency.op === 1);
    expect(inner(nodesOf(source(p, 'c')))).toMatchObject({ want: 'N', holds: [null] });
    expect(inner(byInstance(source(p, 'c'), 0, dependenciesOf(p)))).toMatchObject({
      want: 'l:c',
      holds: ['l:p'],
    });
  });

  it('knows which cycles by class the view by instance shows', () => {
    const shown = (...sources: PredictSource[]): boolean[] => {
      const found: boolean[] = [];
      const limits = { length: 4, longerThan: 0, cycles: 100, faulty: 0, steps: 1000 };
      for (const cycle of enumerateCycles(nodesOf(...sources), limits))
        if (cycle !== null) found.push(isByInstance(sources, cycle.nodes));
      return found;
    };
    const one = program(locks, { one: nest('a', 'b'), two: nest('b', 'a') });
    expect(shown(source(one, 'c'))).toEqual([true]);
    const apart = program([...locks, lockOf('a2', 'mutex', 'A')], {
      one: nest('a', 'b'),
      two: nest('b', 'a2'),
    });
    expect(shown(source(apart, 'c'))).toEqual([false]);
    const first = program(locks, { one: nest('a', 'b') });
    const second = program(locks, { two: nest('b', 'a') });
    expect(shown(source(first, 'c'), source(second, 'c'))).toEqual([false]);
    const known = (p: Program, capture: string): PredictSource => ({
      lowered: asWritten(p, { byAddress: true }),
      captures: [capture],
    });
    expect(shown(known(first, 'c'), known(second, 'c'))).toEqual([true]);
    expect(shown(known(first, 'c'), known(second, 'd'))).toEqual([false]);
    expect(shown(known(first, 'c'), source(second, 'c'))).toEqual([false]);
    // A reader behind a waiting writer shares no held lock with it, but the lock.
    const rw = program([lockOf('a', 'rwsem', 'A')], {
      reader: [lockOp('a', 'read'), lockOp('a', 'read'), unlockOp('a'), unlockOp('a')],
      writer: [lockOp('a'), unlockOp('a')],
    });
    const nodes = byInstance(source(rw, 'c'), 0, dependenciesOf(rw));
    const reader = nodes.find(({ dependency }) => dependency.op === 1)!;
    const writer = nodes.find(({ dependency }) => dependency.task === 1)!;
    expect(isByInstance([source(rw, 'c')], [reader, writer])).toBe(true);
  });
});
