// Tests of symmetry: which tasks can change places, and that the ends of programs of equal tasks are those of the full search.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, Program, ProgramTask } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { findOf } from './find.js';
import { fullSteps } from './full.js';
import { isSettled, reducedSteps } from './reduced.js';
import { symmetricKeys } from './symmetric-keys.js';
import { symmetryOf } from './symmetry.js';

function drained<R>(search: Generator<number, R>): R {
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

function named({ finds }: SearchResult): string[] {
  return finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
}

function parsed(text: string): Program {
  const read = parseLitmus(`litmus 1 equal\n${text}`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.program;
}

/** Names of the tasks of each unit, of each group. */
function groups(program: Program): string[][] {
  return symmetryOf(compileOrThrow(program)).map((group) =>
    group.map(({ tasks }) => tasks.map((t) => program.tasks[t]!.name).join('+')),
  );
}

/** Roles several times over, some locks and flags for each alone, and perhaps somebody else. */
function made(seed: number): Program {
  const rng = xorshift(seed);
  const roles = 1 + rng.below(2);
  const copies = roles === 1 ? 2 + rng.below(3) : 2;
  const irqs = rng.below(2) === 0;
  const shape = {
    kinds: ['mutex', 'spinlock', 'rwlock', 'rwsem', 'semaphore', 'completion'],
    locks: 3,
    tasks: roles + rng.below(2),
    ops: roles === 1 ? 4 : 3,
    unfair: 20,
    oddities: 25,
    rules: true,
    tries: rng.below(2) === 0,
    flags: rng.below(2) === 0,
  } as const;
  const program = randomProgram(rng, { ...PLAIN_SHAPE, ...shape, irqs });
  const names = [...program.locks, ...program.flags].map(({ id }) => id);
  const own = new Set(names.filter(() => rng.below(3) === 0));
  const nameIn = (id: string, copy: number): string => (own.has(id) ? `${id}_${copy}` : id);
  const opIn = (op: Op, copy: number): Op => ({
    ...op,
    ...('lock' in op ? { lock: nameIn(op.lock, copy) } : {}),
    ...('flag' in op ? { flag: nameIn(op.flag, copy) } : {}),
    guard: op.guard === null ? null : { ...op.guard, flag: nameIn(op.guard.flag, copy) },
  });
  const many = <T extends { readonly id: string }>(list: readonly T[]): T[] =>
    list.flatMap((one) =>
      own.has(one.id)
        ? Array.from({ length: copies }, (_, copy) => ({ ...one, id: nameIn(one.id, copy) }))
        : [one],
    );
  const taskIn = (task: ProgramTask, copy: number): ProgramTask => ({
    ...task,
    name: `${task.name}_${copy}`,
    cpu: irqs ? copy : null,
    body: task.body.map((op) => opIn(op, copy)),
  });
  const tasks = Array.from({ length: copies }, (_, copy) =>
    program.tasks.slice(0, roles).map((task) => taskIn(task, copy)),
  ).flat();
  const others = program.tasks.slice(roles).map((task) => ({ ...taskIn(task, 0), name: 'other' }));
  return {
    name: 'equal',
    locks: many(program.locks),
    flags: many(program.flags),
    tasks: [...tasks, ...others],
  };
}

describe('equal tasks', () => {
  it('are found with what is theirs alone', () => {
    const device = (n: number): string =>
      `lock c${n} completion\ntask t${n} cpu ${n}\n  lock M\n  unlock M\n  wait c${n}\ntask h${n} cpu ${n} irq hard\n  signal c${n}\n`;
    expect(groups(parsed(`lock M mutex\n${[0, 1, 2].map(device).join('')}`))).toEqual([
      ['t0+h0', 't1+h1', 't2+h2'],
    ]);
    const named = 'task b0\n  lock M\n  unlock M\ntask b1\n  lock M\n  unlock M\ntask m\n  join b0\n';
    expect(groups(parsed(`lock M mutex\n${named}`))).toEqual([]);
    expect(groups(parsed(`lock M mutex\n${named}  join b1\n`))).toEqual([]);
    const kinds =
      'lock A spinlock\nlock B mutex\ntask a\n  lock A\n  unlock A\ntask b\n  lock B\n  unlock B\n';
    expect(groups(parsed(kinds))).toEqual([]);
    const flags = 'flag F set\nflag G\ntask a\n  when F: set F\ntask b\n  when G: set G\n';
    expect(groups(parsed(flags))).toEqual([]);
  });

  it('have the ends of the full search', () => {
    let fewer = 0;
    let found = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = made(seed);
        const compiled = compileOrThrow(program);
        if (symmetricKeys(new Machine(compiled, true), true) === null) return;
        const all = drained(fullSteps(new Machine(compiled), { states: 30_000 }));
        const equal = drained(reducedSteps(new Machine(compiled), { states: 30_000 }, true));
        if (!all.complete || !isSettled(equal)) return;
        expect(named(equal)).toEqual(named(all));
        for (const { kind, tasks, schedule } of equal.finds)
          expect(findOf(replay(program, schedule).verdict)).toEqual({ kind, tasks });
        if (equal.finds.length > 0) found++;
        if (equal.states < drained(reducedSteps(new Machine(compiled), { states: 30_000 })).states) fewer++;
      }),
      { numRuns: 200 },
    );
    expect(found).toComeUpMoreThan(50);
    expect(fewer).toComeUpMoreThan(15);
  });
});

describe('large programs of equal tasks', () => {
  const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const decided = (text: string): SearchResult => {
    const result = explore(parsed(text), { states: 100_000 });
    expect(result.complete).toBe(true);
    return result;
  };

  it('five who wait, and five who wake them', () => {
    const section = '  lock M\n  unlock M\n';
    const waits = range(5).map((i) => `task w${i}\n${section}  unless ready: wait cv\n${section}`);
    const wakes = range(5).map((i) => `task s${i}\n  lock M\n  set ready\n  unlock M\n  signal cv\n`);
    const result = decided(`lock M mutex\nlock cv completion\nflag ready\n${[...waits, ...wakes].join('')}`);
    expect(result.finds).toEqual([]);
  });

  it('ten works, and who flushes them: one with the lock in hand', () => {
    const works = range(10).map(
      (i) => `lock w${i} mutex\ntask work${i}\n  lock L\n  lock w${i}\n  unlock w${i}\n  unlock L\n`,
    );
    const flushes = range(10).map((i) =>
      i === 0
        ? 'task flush0\n  lock L\n  join work0\n  unlock L\n'
        : `task flush${i}\n  lock L\n  unlock L\n  join work${i}\n`,
    );
    const result = decided(`lock L mutex\n${[...works, ...flushes].join('')}`);
    expect(named(result)).toEqual(['deadlock 0 10']);
  });

  it('each of equal tasks that can break what another requires', () => {
    const tasks = range(9).map((i) => `task t${i}\n  set F\n  clear F\n  set G\n  clear G\n  require !F\n`);
    expect(named(decided(`flag F\nflag G\n${tasks.join('')}`))).toEqual(range(9).map((i) => `violated ${i}`));
  });
});
