// Tests of dependencies: what a task wants and may hold before each op, way by way.
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { lockOf, lockOp, op, program, unlockOp } from '../fuzz/programs.laws.js';
import { dependenciesOf, type Hold, resourceKey } from './dependencies.js';

const guarded = (one: Op, flag = 'f', when = true): Op => ({ ...one, guard: { flag, when } });
const locks = ['A', 'B', 'C', 'D', 'E'].map((id) => lockOf(id));

/** `task op how resource < holds`, `?` behind what is not sure. */
function told(p: Program): string[] {
  const text = (h: Hold): string => `${resourceKey(h.resource)}${h.sure ? '' : '?'}`;
  return dependenciesOf(p).map(
    ({ task, op: at, want, holds }) =>
      `${task} ${at} ${want.how} ${resourceKey(want.resource)} <${holds.map(text).join(',')}`,
  );
}
const flags = (p: Program, of?: string): Program => ({
  ...p,
  flags: [{ id: 'f', set: false, ...(of === undefined ? {} : { of }) }],
});

describe('dependencies', () => {
  it('have what is held at each request, in the order of taking', () => {
    const p = program(locks, {
      one: [
        lockOp('A'),
        lockOp('B'),
        lockOp('A', 'exclusive', true),
        unlockOp('A'),
        unlockOp('B'),
        lockOp('C'),
      ],
    });
    expect(told(p)).toEqual([
      '0 0 lock l:A <',
      '0 1 lock l:B <l:A',
      // An attempt that is granted gives back what was taken last; one that is not passes its section over.
      '0 5 lock l:C <l:A',
    ]);
  });

  it('an attempt that fails goes on behind what gives its lock back', () => {
    const p = program(locks, {
      one: [
        lockOp('A', 'exclusive', true),
        lockOp('B'),
        unlockOp('B'),
        unlockOp('A'),
        lockOp('C'),
        lockOp('D'),
      ],
    });
    expect(told(p)).toEqual(['0 1 lock l:B <l:A', '0 4 lock l:C <', '0 5 lock l:D <l:C']);
    const kept = program(locks, { one: [lockOp('A', 'exclusive', true), lockOp('B'), lockOp('C')] });
    expect(told(kept)).toEqual([
      '0 1 lock l:B <l:A',
      '0 1 lock l:B <',
      '0 2 lock l:C <l:A,l:B',
      '0 2 lock l:C <l:B',
    ]);
  });

  it('a guard is taken to go either way', () => {
    const p = flags(
      program(locks, { one: [guarded(lockOp('A')), lockOp('B'), guarded(unlockOp('A')), lockOp('C')] }),
    );
    expect(told(p)).toEqual([
      '0 0 lock l:A <',
      '0 1 lock l:B <l:A',
      '0 1 lock l:B <',
      '0 3 lock l:C <l:B',
      '0 3 lock l:C <l:A,l:B',
    ]);
  });

  it('but not where the flag cannot have changed since the lock was taken', () => {
    const body = (...middle: Op[]): Op[] => [
      lockOp('D'),
      guarded(lockOp('A')),
      ...middle,
      guarded(unlockOp('A')),
      lockOp('B'),
    ];
    const last = (bodyOf: Op[], of: string | undefined): string[] =>
      told(flags(program(locks, { one: bodyOf }), of))
        .filter((line) => line.includes('l:B'))
        .map((line) => line.slice(line.indexOf('<')));
    expect(last(body(), 'D')).toEqual(['<l:D']);
    expect(last(body(lockOp('C'), unlockOp('C')), 'D')).toEqual(['<l:D']);
    // The flag of another lock, of none, one that the task changes itself, and a lock that was taken under another guard.
    expect(last(body(), 'C')).toEqual(['<l:D', '<l:D,l:A']);
    expect(last(body(), undefined)).toEqual(['<l:D', '<l:D,l:A']);
    expect(last(body(op({ do: 'set', flag: 'f' })), 'D')).toEqual(['<l:D', '<l:D,l:A']);
    expect(last([lockOp('D'), lockOp('A'), guarded(unlockOp('A')), lockOp('B')], 'D')).toEqual([
      '<l:D',
      '<l:D,l:A',
    ]);
    expect(
      last([lockOp('D'), guarded(lockOp('A'), 'f', false), guarded(unlockOp('A')), lockOp('B')], 'D'),
    ).toEqual(['<l:D', '<l:D,l:A']);
    expect(last([guarded(lockOp('A')), lockOp('D'), guarded(unlockOp('A')), lockOp('B')], 'D')).toEqual([
      '<l:D',
      '<l:A,l:D',
    ]);
    // A reader of the owner's lock keeps nobody from changing it.
    const shared = flags(
      program([lockOf('D', 'rwsem'), ...locks.filter(({ id }) => id !== 'D')], {
        one: [lockOp('D', 'read'), ...body().slice(1)],
      }),
      'D',
    );
    expect(told(shared).filter((line) => line.includes('lock l:B'))).toHaveLength(2);
  });

  it('sixteen ways are kept apart; more become one in which only what all hold is sure', () => {
    const ways = (n: number): string[] => {
      const many = Array.from({ length: n }, (_, i) => lockOf(`M${i}`));
      const body = [lockOp('A'), ...many.map(({ id }) => guarded(lockOp(id))), lockOp('B')];
      return told(flags(program([...locks, ...many], { one: body }))).filter((line) => line.includes('l:B'));
    };
    expect(ways(4)).toHaveLength(16);
    expect(ways(5)).toEqual(['0 6 lock l:B <l:A,l:M0?,l:M1?,l:M2?,l:M3?,l:M4?']);
  });

  it('wants no lock that keeps nobody waiting, that is counted, or that its holder may take again', () => {
    const kinds = [
      lockOf('R', 'rcu'),
      { ...lockOf('S', 'semaphore'), units: 2 },
      { ...lockOf('N'), rules: ['reentrant' as const] },
      lockOf('U', 'semaphore'),
      lockOf('W', 'rwsem'),
    ];
    const p = program(kinds, {
      one: [
        lockOp('R', 'read'),
        lockOp('S'),
        lockOp('N'),
        lockOp('N'),
        lockOp('U'),
        lockOp('W', 'read'),
        lockOp('W', 'read'),
      ],
    });
    expect(told(p)).toEqual([
      '0 2 lock l:N <l:R',
      '0 4 lock l:U <l:R,l:N,l:N',
      '0 5 lock l:W <l:R,l:N,l:N,l:U?',
      '0 6 lock l:W <l:R,l:N,l:N,l:U?,l:W',
    ]);
  });

  it('a task that is awaited holds its end, and the only one that signals holds the signal until it gave it', () => {
    const C = lockOf('C', 'completion');
    const signal = op({ do: 'signal', lock: 'C' });
    const p = program([lockOf('A'), lockOf('B'), C], {
      joiner: [op({ do: 'join', task: 'worker' }), op({ do: 'wait', lock: 'C' })],
      worker: [lockOp('A'), signal, lockOp('B')],
    });
    expect(told(p)).toEqual([
      '0 0 join e:1 <',
      '0 1 wait l:C <',
      '1 0 lock l:A <e:1?,l:C?',
      '1 2 lock l:B <e:1?,l:A',
    ]);
    const again = program([lockOf('A'), lockOf('B'), C], {
      worker: [signal, lockOp('A'), signal, lockOp('B')],
    });
    expect(told(again)).toEqual(['0 1 lock l:A <l:C?', '0 3 lock l:B <l:A']);
    const both = program([lockOf('A'), lockOf('B'), C], {
      one: [lockOp('A'), signal],
      two: [lockOp('B'), op({ do: 'signal-all', lock: 'C' })],
    });
    expect(told(both)).toEqual(['0 0 lock l:A <', '1 0 lock l:B <']);
  });

  it('interrupts come where they are let in, once for each set of what is held', () => {
    const irq = (body: Op[], kind: 'hard' | 'soft', victim: 'hard' | 'soft' | null = null): string[] => {
      const p = program([lockOf('A', 'spinlock'), lockOf('B', 'spinlock')], { task: body, handler: [] });
      const tasks = p.tasks.map((t, i) => ({ ...t, cpu: 0, irq: i === 1 ? kind : victim }));
      return told({ ...p, tasks }).filter((line) => line.includes('interrupted'));
    };
    const held = [lockOp('A'), op({ do: 'bh', on: true }), op({ do: 'bh', on: true }), unlockOp('A')];
    expect(irq(held, 'hard')).toEqual(['0 1 interrupted i:1 <l:A']);
    expect(irq(held, 'soft')).toEqual(['0 1 interrupted i:1 <l:A']);
    const off = (what: 'irqs' | 'bh'): Op[] => [op({ do: what, on: false }), lockOp('A'), unlockOp('A')];
    expect(irq(off('bh'), 'hard')).toEqual(['0 2 interrupted i:1 <l:A']);
    expect(irq(off('bh'), 'soft')).toEqual([]);
    expect(irq(off('irqs'), 'hard')).toEqual([]);
    expect(irq(off('irqs'), 'soft')).toEqual([]);
    const perhaps = off('irqs').map((one) => (one.do === 'irqs' ? guarded(one) : one));
    expect(irq(perhaps, 'hard')).toEqual(['0 2 interrupted i:1 <l:A']);
    expect(irq([lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')], 'hard')).toEqual([
      '0 1 interrupted i:1 <l:A',
      '0 2 interrupted i:1 <l:A,l:B',
    ]);
    // Into a soft interrupt comes a hard one, into a hard one none.
    expect(irq(held, 'hard', 'soft')).toEqual(['0 0 interrupted i:1 <i:0?', '0 1 interrupted i:1 <i:0?,l:A']);
    expect(irq(held, 'soft', 'soft')).toEqual([]);
    expect(irq(held, 'hard', 'hard')).toEqual([]);
  });
});
