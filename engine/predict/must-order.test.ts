// Tests of the must-order: exact where it is known, and true in every state that a program comes to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { lockOf, lockOp, op, program, unlockOp } from '../fuzz/programs.laws.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { reach } from '../shrink/reach.js';
import { mustOrder } from './must-order.js';

/** For ops of `a` and places of `b`: whether the op is done before the place. */
function table(p: Program, a: number, b: number): boolean[][] {
  const order = mustOrder(p);
  return p.tasks[a]!.body.map((_, i) => [...p.tasks[b]!.body, null].map((_op, q) => order(a, i, b, q)));
}
const nop = (): Op => op({ do: 'irqs', on: true });

describe('must order', () => {
  const yes = true;
  const no = false;

  it('a forked task begins behind its fork, and a join comes behind all that the task did', () => {
    const p = program([], {
      parent: [nop(), op({ do: 'fork', task: 'child' }), nop(), op({ do: 'join', task: 'child' }), nop()],
      child: [nop()],
    });
    expect(table(p, 0, 1)).toEqual([
      [yes, yes],
      [yes, yes],
      [no, no],
      [no, no],
      [no, no],
    ]);
    expect(table(p, 1, 0)).toEqual([[no, no, no, no, yes, yes]]);
    expect(table(p, 0, 0)).toEqual([
      [no, yes, yes, yes, yes, yes],
      [no, no, yes, yes, yes, yes],
      [no, no, no, yes, yes, yes],
      [no, no, no, no, yes, yes],
      [no, no, no, no, no, yes],
    ]);
  });

  it('a wait comes behind the only signal, and behind none of several', () => {
    const signal = op({ do: 'signal', lock: 'C' });
    const wait = op({ do: 'wait', lock: 'C' });
    const bodies = { giver: [nop(), signal, nop()], waiter: [nop(), wait, nop()] };
    const one = program([lockOf('C', 'completion')], bodies);
    expect(table(one, 0, 1)).toEqual([
      [no, no, yes, yes],
      [no, no, yes, yes],
      [no, no, no, no],
    ]);
    const all = program([lockOf('C', 'completion')], {
      ...bodies,
      giver: [nop(), op({ do: 'signal-all', lock: 'C' })],
    });
    expect(table(all, 0, 1)).toEqual([
      [no, no, yes, yes],
      [no, no, yes, yes],
    ]);
    const two = program([lockOf('C', 'completion')], { ...bodies, other: [signal] });
    expect(table(two, 0, 1).flat()).not.toContain(yes);
    const guarded = { ...wait, guard: { flag: 'f', when: true } };
    const perhaps = program([lockOf('C', 'completion')], { ...bodies, waiter: [nop(), guarded, nop()] });
    expect(table(perhaps, 0, 1).flat()).not.toContain(yes);
  });

  it('what comes after a task begins behind its end; of two forks none is known', () => {
    const p = program([], { first: [nop(), nop()], second: [nop()] });
    const after = { ...p, tasks: p.tasks.map((t, i) => (i === 1 ? { ...t, after: 'first' } : t)) };
    expect(table(after, 0, 1)).toEqual([
      [yes, yes],
      [yes, yes],
    ]);
    const twice = program([], {
      one: [op({ do: 'fork', task: 'child' })],
      two: [op({ do: 'fork', task: 'child' })],
      child: [nop()],
    });
    expect(table(twice, 0, 2).flat()).not.toContain(yes);
  });

  it('holds in every state of random programs with forks, joins and signals', () => {
    let ordered = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (seed) => {
        const p = randomProgram(xorshift(seed), {
          ...PLAIN_SHAPE,
          kinds: ['mutex', 'completion'],
          tasks: 3,
          forks: true,
          oddities: 40,
        });
        const order = mustOrder(p);
        const machine = new Machine(compileOrThrow(p));
        reach(
          machine,
          {
            matches: (m) => {
              for (const [a, task] of p.tasks.entries())
                for (const [b, other] of p.tasks.entries()) {
                  if (a === b || m.pc(b) > other.body.length) continue;
                  for (let i = m.pc(a); i < task.body.length; i++) {
                    // Not done, though the other one stands there.
                    expect(m.pc(b) > 0 && order(a, i, b, m.pc(b))).toBe(false);
                  }
                  for (let i = 0; i < m.pc(a); i++) if (order(a, i, b, m.pc(b))) ordered++;
                }
              return false;
            },
          },
          3000,
        );
      }),
      { numRuns: 150 },
    );
    expect(ordered).toComeUpMoreThan(100);
  });

  it('knows nothing of locks', () => {
    const p = program([lockOf('A')], {
      one: [lockOp('A'), unlockOp('A')],
      two: [lockOp('A'), unlockOp('A')],
    });
    expect(table(p, 0, 1).flat()).not.toContain(yes);
  });
});
