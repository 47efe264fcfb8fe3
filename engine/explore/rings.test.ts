// Tests of the rings: the ends of programs of locks alone are those of the full search, and large ones are decided.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Op, Program, ProgramTask } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { type Rng, xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { findOf } from './find.js';
import { fullSteps } from './full.js';
import { isRingProgram, ringSteps } from './rings.js';

function drained<R>(search: Generator<number, R>): R {
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

function named({ finds }: SearchResult): string[] {
  return finds.map((find) => `${find.kind} ${find.tasks.join(' ')}`).sort();
}

const bare = { guard: null, site: null, frames: [], line: null };

/** Gives back at the end what the body leaves held, and leaves out what it gives back without having it. */
function balanced(task: ProgramTask): ProgramTask {
  const held: string[] = [];
  const body = task.body.filter((op) => {
    if (op.do === 'lock') held.push(op.lock);
    if (op.do !== 'unlock') return true;
    const at = held.lastIndexOf(op.lock);
    if (at >= 0) held.splice(at, 1);
    return at >= 0;
  });
  return { ...task, body: [...body, ...held.reverse().map((lock): Op => ({ do: 'unlock', lock, ...bare }))] };
}

/** With interrupts off over some stretches. */
function masked(task: ProgramTask, rng: Rng): ProgramTask {
  let body = task.body;
  for (let n = rng.below(3); n > 0; n--) {
    const what = rng.below(3) === 0 ? 'bh' : 'irqs';
    if (what === 'irqs' && body.some((op) => op.do === 'irqs')) continue;
    const from = rng.below(body.length + 1);
    const to = from + rng.below(body.length - from + 1);
    const op = (on: boolean): Op => ({ do: what, on, ...bare });
    body = [...body.slice(0, from), op(false), ...body.slice(from, to), op(true), ...body.slice(to)];
  }
  return { ...task, body };
}

const KINDS: readonly (readonly LockKind[])[] = [
  ['spinlock'],
  ['spinlock', 'rwlock'],
  ['rwlock'],
  ['spinlock', 'rwsem', 'rwlock'],
  ['mutex', 'rcu', 'srcu', 'rwsem'],
];

function made(seed: number, irqs: boolean): Program {
  const rng = xorshift(seed);
  const tasks = 2 + rng.below(3);
  const kinds = KINDS[rng.below(KINDS.length)]!;
  const shape = {
    kinds,
    tasks,
    locks: 2 + rng.below(2),
    ops: 3 + rng.below(3),
    unfair: 20,
    rules: rng.below(3) === 0,
  };
  const program = randomProgram(rng, { ...PLAIN_SHAPE, ...shape, oddities: 10 });
  const named = rng.below(3) > 0;
  return {
    ...program,
    tasks: program.tasks.map(balanced).map((task, t): ProgramTask => {
      if (!irqs) return task;
      const irq = t > 0 && rng.below(2) === 0 ? (rng.below(2) === 0 ? 'hard' : 'soft') : null;
      const cpu = named || rng.below(2) === 0 ? rng.below(3) : null;
      return masked({ ...task, irq, cpu }, rng);
    }),
  };
}

describe('the ends of a program of locks alone', () => {
  it.each([
    ['without interrupts', false],
    ['with interrupts', true],
  ])('are those of the full search, %s', (_name, irqs) => {
    let decided = 0;
    let found = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = made(seed, irqs);
        const compiled = compileOrThrow(program);
        if (!isRingProgram(compiled)) return;
        const rings = drained(ringSteps(new Machine(compiled)));
        const all = drained(fullSteps(new Machine(compiled), { states: 50_000 }));
        if (rings === null || !all.complete) return;
        decided++;
        if (all.finds.length > 0) found++;
        expect(named(rings)).toEqual(named(all));
        for (const { kind, tasks, schedule } of rings.finds)
          expect(findOf(replay(program, schedule).verdict)).toEqual({ kind, tasks });
      }),
      { numRuns: 250 },
    );
    expect(decided).toComeUpMoreThan(150);
    expect(found).toComeUpMoreThan(40);
  });

  it('a writer that a handler interrupts may still wait for what somebody else had when it asked', () => {
    const text =
      'litmus 1 asked-before\nlock L0 rwlock\nlock L1 rwlock\nrules L0 unfair\ntask T0 cpu 0\n  lock L1\n  unlock L1\n' +
      'task T1 cpu 0 irq hard\n  lock L1 read\n  unlock L1\n  lock L0 recursive-read\n  unlock L0\ntask T2 cpu 0\n  lock L1\n  unlock L1\n' +
      'task T3 cpu 1\n  lock L0\n  bh off\n  lock L1 read\n  bh on\n  unlock L1\n  unlock L0\n';
    const read = parseLitmus(text);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const compiled = compileOrThrow(read.value.program);
    const rings = drained(ringSteps(new Machine(compiled)));
    expect(rings === null ? null : named(rings)).toEqual(
      named(drained(fullSteps(new Machine(compiled), { states: 50_000 }))),
    );
    expect(rings === null ? [] : named(rings)).toContain('deadlock 1 2 3');
  });

  it('are not looked for where two tasks of a CPU switch interrupts, or somebody waits for a signal', () => {
    const ring = (text: string): boolean => isRingProgram(compileOrThrow(parsed(`litmus 1 x\n${text}`)));
    const task = (name: string, where: string): string =>
      `task ${name} ${where}\n  irqs off\n  lock L\n  unlock L\n  irqs on\n`;
    const handler = 'task h cpu 0 irq hard\n  lock L\n  unlock L\n';
    expect(ring(`lock L spinlock\n${task('a', 'cpu 0')}${task('b', 'cpu 1')}${handler}`)).toBe(true);
    expect(ring(`lock L spinlock\n${task('a', 'cpu 0')}${task('b', 'cpu 0')}${handler}`)).toBe(false);
    expect(ring('lock C completion\ntask a\n  wait C\ntask b\n  signal C\n')).toBe(false);
  });
});

function parsed(text: string): Program {
  const read = parseLitmus(text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.program;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const section = (...locks: string[]): string =>
  [
    ...locks.map((lock) => `  lock ${lock}\n`),
    ...locks.reverse().map((lock) => `  unlock ${lock.split(' ')[0]}\n`),
  ].join('');
const irqsOff = (body: string): string => `  irqs off\n${body}  irqs on\n`;

/** Of a program that no search of orders ends on soon. */
function decided(text: string): string[] {
  const program = parsed(`litmus 1 large\n${text}`);
  const result = explore(program, { states: 1_000_000 });
  expect(result.complete).toBe(true);
  expect(result.states).toBeLessThan(1000);
  for (const { kind, tasks, schedule } of result.finds)
    expect(findOf(replay(program, schedule).verdict)).toEqual({ kind, tasks });
  return result.finds.map(({ tasks }) => tasks.map((t) => program.tasks[t]!.name).join(' '));
}

describe('large programs of locks alone', () => {
  it('twelve tasks, and a handler that may hit any CPU', () => {
    const tasks = (bad: boolean): string =>
      range(12)
        .map((i) => `task t${i}\n${bad && i === 11 ? section('L', 'M') : irqsOff(section('L', 'M'))}`)
        .join('');
    const text = (bad: boolean): string =>
      `lock L spinlock\nlock M spinlock\n${tasks(bad)}task h irq soft\n${section('L')}`;
    expect(decided(text(true))).toEqual(['t11 h']);
    expect(decided(text(false))).toEqual([]);
  });

  it('six philosophers, and handlers that take forks', () => {
    const forks = range(6).map((i) => `lock f${i} spinlock\n`);
    const eat = (i: number): string => section(`f${i}`, `f${(i + 1) % 6}`);
    const masks = range(6).map((i) => `task p${i} cpu ${i}\n${irqsOff(eat(i))}`);
    const bare = range(6).map((i) => `task p${i} cpu ${i}\n${eat(i)}`);
    const handlers = [0, 1, 3, 4].map((i) => `task h${i} cpu ${i} irq hard\n${section(`f${(i + 2) % 6}`)}`);
    const all = 'p0 p1 p2 p3 p4 p5';
    expect(decided([...forks, ...masks, ...handlers].join(''))).toEqual([all]);
    const finds = decided([...forks, ...bare, ...handlers].join(''));
    expect(finds).toHaveLength(16);
    expect(finds).toContain(all);
    expect(finds).toContain('p0 p2 p3 p4 p5 h0');
  });

  it('a gate of twelve readers, a writer and its handler', () => {
    const readers = range(12).map(
      (i) => `task t${i} cpu ${i}\n  lock G read\n${section(`x${i}`, `x${(i + 1) % 12}`)}  unlock G\n`,
    );
    const locks = range(12).map((i) => `lock x${i} spinlock\n`);
    const rest = `task w cpu 12\n${section('G')}task h cpu 12 irq hard\n${section('G read')}`;
    const ring = range(12).map((i) => `t${i}`);
    expect(decided(`lock G rwlock\n${locks.join('')}${readers.join('')}${rest}`).sort()).toEqual(
      [ring.join(' '), 'w h'].sort(),
    );
  });
});
