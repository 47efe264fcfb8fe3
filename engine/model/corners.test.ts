// Machine and interpreter agree where random programs seldom come by: many flags, switches of interrupts, guards and clears.
// Each law here was written for a mutant that no other test had noticed (docs/testing.md).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, OpAction, Program, ProgramTask } from '../../corpus/schema/program.js';
import { xorshift } from '../rng.js';
import { compare } from './agree.laws.js';
import { compileOrThrow } from './compile.js';
import { Machine } from './machine.js';
import { PLAIN_SHAPE, randomProgram } from './random-program.js';

const op = (action: OpAction, guard: Op['guard'] = null): Op => ({
  ...action,
  guard,
  site: null,
  frames: [],
  line: null,
});
const take = (attempt = false): OpAction => ({ do: 'lock', lock: 'A', mode: 'exclusive', attempt });
const GIVE: OpAction = { do: 'unlock', lock: 'A' };

function task(name: string, body: readonly Op[], irq: ProgramTask['irq'] = null): ProgramTask {
  return { name, function: null, cpu: 0, irq, after: null, body };
}
function program(kind: 'spinlock' | 'semaphore', tasks: readonly ProgramTask[], units = 1): Program {
  const locks = [{ id: 'A', kind, units, class: 'A', rules: [] }];
  return { name: 'corner', locks, flags: [{ id: 'F', set: false }], tasks };
}

/** Some runs of a program under other dice each. */
function agree(made: Program, seed: number): void {
  for (let run = 0; run < 6; run++) compare(made, seed * 7 + run);
}

describe('machine and interpreter agree on', () => {
  it('programs with more flags than one word has bits', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const shape = { ...PLAIN_SHAPE, flags: true, tries: true, oddities: 40 };
        const made = randomProgram(xorshift(seed), shape);
        const many = Array.from({ length: 40 }, (_, i) => ({ id: `X${i}`, set: i % 2 === 0 }));
        agree({ ...made, flags: [...many, ...made.flags] }, seed);
      }),
      { numRuns: 60 },
    );
  });

  it('tasks and handlers on one CPU that switch interrupts and bottom halves off and on', () => {
    const switches = fc.constantFrom<OpAction>(
      { do: 'bh', on: false },
      { do: 'bh', on: true },
      { do: 'irqs', on: false },
      { do: 'irqs', on: true },
    );
    const body = fc
      .tuple(fc.array(switches, { maxLength: 5 }), fc.array(switches, { maxLength: 5 }))
      .map(([before, inside]) => [...before, take(), ...inside, GIVE].map((action) => op(action)));
    fc.assert(
      fc.property(body, fc.constantFrom('soft', 'hard'), fc.nat(), (ops, irq, seed) => {
        agree(program('spinlock', [task('T', ops), task('H', [op(take()), op(GIVE)], irq)]), seed);
      }),
      { numRuns: 150 },
    );
  });

  it('tasks that stand before a guarded op while the flag is set and cleared', () => {
    const step = fc.constantFrom(
      op({ do: 'set', flag: 'F' }),
      op({ do: 'clear', flag: 'F' }),
      op({ do: 'require', flag: 'F', value: true }, { flag: 'F', when: true }),
      op(take(), { flag: 'F', when: true }),
      op(take(), { flag: 'F', when: false }),
      op(GIVE),
      op(take(true)),
    );
    const body = fc.array(step, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        body,
        body,
        fc.constantFrom('spinlock', 'semaphore'),
        fc.nat(2),
        fc.nat(),
        (a, b, kind, units, seed) => {
          agree(program(kind, [task('T', a), task('U', b)], units), seed);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('machine and interpreter agree on who can never move again where handlers are', () => {
  const C = { id: 'C', kind: 'completion', units: 0, class: 'C', rules: [] } as const;
  const A = { id: 'A', kind: 'spinlock', units: 1, class: 'A', rules: [] } as const;
  const signal = op({ do: 'signal', lock: 'C' });
  const wait = op({ do: 'wait', lock: 'C' });
  const switches = fc
    .array(
      fc.constantFrom<OpAction>(
        { do: 'bh', on: false },
        { do: 'bh', on: true },
        { do: 'irqs', on: false },
        { do: 'irqs', on: true },
      ),
      { maxLength: 2 },
    )
    .map((list) => list.map((action) => op(action)));
  const cpu = fc.constantFrom(0, 0, 1, null);
  const inTask = fc
    .tuple(
      switches,
      fc.constantFrom([wait], [wait, wait], [op(take()), op(GIVE)], [op(take()), wait, op(GIVE)], []),
      switches,
      cpu,
    )
    .map(([before, middle, after, on]) => ({ ...task('', [...before, ...middle, ...after]), cpu: on }));
  const inHandler = fc
    .tuple(
      fc.constantFrom(
        [signal],
        [op(take()), op(GIVE), signal],
        [wait],
        [wait, signal],
        [op(take()), signal, op(GIVE)],
      ),
      cpu,
      fc.constantFrom<'hard' | 'soft'>('hard', 'soft'),
    )
    .map(([body, on, irq]) => ({ ...task('', body, irq), cpu: on }));

  it('signal what is waited for, and are kept out by switches, by handlers, or by those who wait', () => {
    fc.assert(
      fc.property(
        fc.array(inTask, { minLength: 1, maxLength: 3 }),
        fc.array(inHandler, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (tasks, handlers, seed) => {
          const all = [...tasks, ...handlers].filter(({ body }) => body.length > 0);
          const named = all.map((one, i) => ({ ...one, name: `T${i}` }));
          agree({ name: 'corner', locks: [A, C], flags: [], tasks: named }, seed);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('machine and interpreter agree on when the last who could help has gone by', () => {
  const names = ['C', 'D', 'S'];
  const locks = [
    ...['C', 'D'].map((id) => ({ id, kind: 'completion' as const, units: 0, class: id, rules: [] })),
    { id: 'S', kind: 'semaphore' as const, units: 0, class: 'S', rules: [] },
    { id: 'M', kind: 'mutex' as const, units: 1, class: 'M', rules: [] },
  ];
  const about = fc.constantFrom(...names).chain((lock) =>
    fc.constantFrom<OpAction>(
      ...(lock === 'S'
        ? ([
            { do: 'lock', lock, mode: 'exclusive', attempt: false },
            { do: 'unlock', lock },
          ] as const)
        : ([
            { do: 'wait', lock },
            { do: 'signal', lock },
          ] as const)),
    ),
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: about },
    {
      weight: 1,
      arbitrary: fc.constantFrom<OpAction>(
        { do: 'lock', lock: 'M', mode: 'exclusive', attempt: true },
        { do: 'unlock', lock: 'M' },
        { do: 'set', flag: 'F' },
      ),
    },
  );
  // Who passes a signal by gives none: behind a guard that does not hold, or an attempt that fails.
  const guarded = fc.tuple(
    step,
    fc.constantFrom(null, { flag: 'F', when: true }, { flag: 'F', when: false }),
  );

  it('whoever else can still do so, and wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(guarded, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        fc.tuple(fc.nat(2), fc.nat(2), fc.nat(3)),
        fc.nat(),
        (helpers, [first, second, at], seed) => {
          // Two that wait for each other as soon as nobody else can help.
          const waiter = (times: number, waits: string, gives: string): OpAction[] => [
            ...Array.from({ length: times }, (): OpAction => ({ do: 'wait', lock: waits })),
            { do: 'signal', lock: gives },
          ];
          const waiters = [waiter(1 + first, 'C', 'D'), waiter(1 + second, 'D', 'C')].map((body) =>
            body.map((action) => [action, null] as const),
          );
          const bodies = [...helpers.slice(0, at), ...waiters, ...helpers.slice(at)];
          const tasks = bodies.map((body, i) => ({
            ...task(
              `T${i}`,
              body.map(([action, guard]) => op(action, guard)),
            ),
            cpu: null,
          }));
          agree({ name: 'corner', locks, flags: [{ id: 'F', set: false }], tasks }, seed);
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('the machine', () => {
  /** Runs the first task until it has passed so many ops. */
  function ranFor(made: Program, ops: number): Machine {
    const machine = new Machine(compileOrThrow(made));
    while (machine.pc(0) < ops) machine.act(0);
    return machine;
  }

  it('lets a soft handler in again when the last bottom-half switch is undone, and not before', () => {
    const off = op({ do: 'bh', on: false });
    const on = op({ do: 'bh', on: true });
    const made = program('spinlock', [
      task('T', [off, off, on, on, op(take()), op(GIVE)]),
      task('S', [op(take()), op(GIVE)], 'soft'),
    ]);
    expect([0, 1, 2, 3, 4].map((ops) => ranFor(made, ops).canAct(1))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  it('remembers at which op the units of a semaphore were taken first, and how many', () => {
    const made = program('semaphore', [task('T', [op(GIVE), op(take()), op(take()), op(GIVE)])]);
    const held = (ops: number): unknown => ranFor(made, ops).held(0);
    expect(held(1)).toEqual([]);
    expect(held(2)).toEqual([{ lock: 0, mode: 'exclusive', depth: 1, op: 1 }]);
    expect(held(3)).toEqual([{ lock: 0, mode: 'exclusive', depth: 2, op: 1 }]);
    expect(held(4)).toEqual([{ lock: 0, mode: 'exclusive', depth: 1, op: 1 }]);
  });
});
