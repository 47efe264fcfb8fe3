// Tests of leaf locks under interrupts: sections that nobody can break, handlers that come unseen, and the same finds.
import { describe, expect, it } from 'vitest';
import type { Op, OpAction, Program } from '../../corpus/schema/program.js';
import { type Compiled, compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { type Rng, xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { fullSteps } from './full.js';
import { leafOps, quietHandlers } from './leaf-locks.js';

const LIMITS = { states: 200_000 };

function op(action: OpAction): Op {
  return { ...action, guard: null, site: null, frames: [], line: null };
}

/** The program with interrupts off over some stretch of some of its tasks. */
function withIrqsOff(program: Program, rng: Rng): Program {
  const tasks = program.tasks.map((task) => {
    if (task.irq !== null || rng.below(2) === 0) return task;
    const from = rng.below(task.body.length + 1);
    const to = from + rng.below(task.body.length + 1 - from);
    const inside = [
      op({ do: 'irqs', on: false }),
      ...task.body.slice(from, to),
      op({ do: 'irqs', on: true }),
    ];
    return { ...task, body: [...task.body.slice(0, from), ...inside, ...task.body.slice(to)] };
  });
  return { ...program, tasks };
}

function named(finds: readonly { readonly kind: string; readonly tasks: readonly number[] }[]): string[] {
  return finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
}

function full(c: Compiled): string[] {
  const search = fullSteps(new Machine(c), LIMITS);
  for (;;) {
    const { value, done } = search.next();
    if (done === true) return named(value.finds);
  }
}

/** Three philosophers and a hard handler that takes one lock; `masked`: they turn interrupts off first. */
function philosophers(lock: string, masked: boolean): Program {
  const locks = ['F0', 'F1', 'F2', 'OWN'];
  const take = (id: string): Op => op({ do: 'lock', lock: id, mode: 'exclusive', attempt: false });
  const give = (id: string): Op => op({ do: 'unlock', lock: id });
  const off = masked ? [op({ do: 'irqs', on: false })] : [];
  const body = (i: number): Op[] => {
    const [a, b] = [`F${i}`, `F${(i + 1) % 3}`];
    return [take(a), take(b), give(b), give(a), ...off, take('OWN'), give('OWN')];
  };
  const task = { function: null, cpu: null, irq: null, after: null };
  return {
    name: 'philosophers',
    flags: [],
    locks: locks.map((id) => ({ id, kind: 'spinlock', units: 1, class: id, rules: [] })),
    tasks: [
      ...[0, 1, 2].map((i) => ({ ...task, name: `P${i}`, body: body(i) })),
      { ...task, name: 'I', irq: 'hard' as const, body: [take(lock), give(lock)] },
    ],
  };
}

describe('leaf locks under interrupts', () => {
  it('hide nothing: the finds of random programs are those of the full search', () => {
    let [leaves, quiet] = [0, 0];
    for (let seed = 1; seed <= 3000; seed++) {
      const rng = xorshift(seed * 11 + 5);
      const shape = {
        ...PLAIN_SHAPE,
        tasks: 2 + rng.below(3),
        locks: 2 + rng.below(4),
        ops: 2 + rng.below(4),
        kinds: rng.below(2) === 0 ? (['spinlock'] as const) : (['spinlock', 'rwlock', 'mutex'] as const),
        irqs: true,
        oddities: rng.below(2) * 10,
        tries: rng.below(4) === 0,
        unfair: rng.below(2) * 100,
      };
      const program = withIrqsOff(randomProgram(xorshift(seed), shape), rng);
      const c = compileOrThrow(program);
      const leaf = leafOps(c);
      if (c.irqTasks === 0 || !leaf.includes(1)) continue;
      leaves++;
      if (quietHandlers(c, leaf) !== 0) quiet++;
      expect([seed, ...named(explore(program, LIMITS).finds)]).toEqual([seed, ...full(c)]);
    }
    expect(leaves).toBeGreaterThan(200);
    expect(quiet).toBeGreaterThan(100);
  });

  it.each([
    ['OWN', true, 1],
    // It may come over who holds OWN, and then waits for ever.
    ['OWN', false, 0],
    ['F0', true, 0],
  ] as const)('a handler of %s, sections masked %s: quiet %i', (lock, masked, quiet) => {
    const program = philosophers(lock, masked);
    const c = compileOrThrow(program);
    expect(quietHandlers(c, leafOps(c))).toBe(quiet << 3);
    expect(named(explore(program, LIMITS).finds)).toEqual(full(c));
  });
});
