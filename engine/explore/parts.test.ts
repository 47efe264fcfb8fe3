// Tests of the parts: the ends of the parts, put together, are those of a search of the whole, on random programs and on large ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Op, Program, ProgramTask } from '../../corpus/schema/program.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { replay } from '../model/interpreter.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { neededTasks } from '../shrink/slice.js';
import { explore } from './exhaustive.js';
import { reduceLockOnly } from './lock-only.js';
import { meetings } from './meetings.js';
import { type PartsResult, partsSteps } from './parts.js';

function searched(program: Program, most?: number): PartsResult {
  const search = partsSteps(program, { states: 200_000 }, most);
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
  }
}

const said = (kind: string, tasks: readonly string[]): string => `${kind} ${[...tasks].sort().join(' ')}`;

function whole(program: Program): string[] {
  const { finds, complete } = explore(program, { states: 200_000 });
  expect(complete).toBe(true);
  return finds
    .map(({ kind, tasks }) =>
      said(
        kind,
        tasks.map((t) => program.tasks[t]!.name),
      ),
    )
    .sort();
}

/** Each find is one that the interpreter reaches, too. */
function ends(result: PartsResult): string[] {
  for (const { kind, program, schedule } of result.finds)
    expect(replay(program, schedule).verdict.kind).toBe(kind);
  return result.finds.map(({ kind, tasks }) => said(kind, tasks)).sort();
}

function parsed(text: string): Program {
  const read = parseLitmus(text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.program;
}

/** Two programs beside each other, with nothing in common. */
function beside(a: Program, b: Program): Program {
  const other = (name: string): string => `x${name}`;
  const op = (it: Op): Op => ({
    ...it,
    ...('lock' in it ? { lock: other(it.lock) } : {}),
    ...('flag' in it ? { flag: other(it.flag) } : {}),
    ...('task' in it ? { task: other(it.task) } : {}),
    guard: it.guard === null ? null : { ...it.guard, flag: other(it.guard.flag) },
  });
  const task = (it: ProgramTask): ProgramTask => ({
    ...it,
    name: other(it.name),
    after: it.after === null ? null : other(it.after),
    body: it.body.map(op),
  });
  return {
    name: 'beside',
    locks: [...a.locks, ...b.locks.map((lock) => ({ ...lock, id: other(lock.id) }))],
    flags: [...a.flags, ...b.flags.map((flag) => ({ ...flag, id: other(flag.id) }))],
    tasks: [...a.tasks, ...b.tasks.map(task)],
  };
}

const SHAPES: Readonly<Record<string, Partial<ProgramShape>>> = {
  'locks alone': { kinds: ['mutex', 'rwlock', 'rwsem'], unfair: 20, rules: true },
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex', 'rwsem'], oddities: 15 },
  everything: {
    kinds: LOCK_KINDS,
    oddities: 25,
    tries: true,
    flags: true,
    forks: true,
    irqs: true,
    rules: true,
  },
};

describe('the ends of the parts', () => {
  it('what the lock order alone settles is walked once, and counted', () => {
    const body = '  lock A\n  lock B\n  unlock B\n  unlock A\n';
    const tasks = Array.from({ length: 40 }, (_, t) => `task T${t}\n${body}`).join('');
    const result = searched(parsed(`litmus 1 ordered\nlock A mutex\nlock B mutex\n${tasks}`));
    expect(result).toEqual({
      complete: true,
      states: 161,
      schedules: 1,
      steps: 160,
      finds: [],
      tooLarge: null,
    });
  });

  it.each(Object.entries(SHAPES))('are those of the whole, of %s', (_name, shape) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 4 }), (seed, tasks) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, locks: 4, ...shape, tasks });
        const result = searched(program);
        if (result.complete) expect(ends(result)).toEqual(whole(program));
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.entries(SHAPES))(
    'are those of the whole, of two programs beside each other: %s',
    (_name, shape) => {
      let complete = 0;
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const small = { ...PLAIN_SHAPE, ...shape, tasks: 2, ops: 4, irqs: false };
          const program = beside(randomProgram(xorshift(seed), small), randomProgram(xorshift(~seed), small));
          expect(meetings(program).length).toBeGreaterThan(1);
          const result = searched(program);
          if (!result.complete) return;
          complete++;
          expect(ends(result)).toEqual(whole(program));
        }),
        { numRuns: 150 },
      );
      expect(complete).toComeUpMoreThan(100);
    },
  );

  it('are those of the whole where tasks are equal, balanced and more than can be in one cycle', () => {
    let capped = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 4 }), (seed, copies) => {
        const rng = xorshift(seed);
        const made = randomProgram(rng, {
          ...PLAIN_SHAPE,
          kinds: ['mutex', 'rwsem', 'rwlock'],
          unfair: 20,
          tasks: 2,
          ops: 4,
        });
        const [first, second] = made.tasks.map(balanced);
        const tasks = Array.from({ length: copies }, (_, i) => ({ ...first!, name: `C${i}` }));
        const program = { ...made, tasks: [...tasks.slice(1), second!, tasks[0]!] };
        if ((reduceLockOnly(program)?.copies.size ?? 0) > 0) capped++;
        const result = searched(program);
        expect(result.complete).toBe(true);
        expect(ends(result)).toEqual(whole(program));
      }),
      { numRuns: 300 },
    );
    expect(capped).toComeUpMoreThan(5);
  });
});

describe('the ends of parts that are larger than a search takes', () => {
  it('are those of the whole where every end is a cycle of locks', () => {
    let large = 0;
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 3, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        (seed, tasks, most) => {
          const shape = {
            kinds: ['mutex', 'rwsem', 'rwlock'],
            unfair: 30,
            rules: true,
            locks: 3,
            ops: 5,
          } as const;
          const made = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, tasks });
          const program = { ...made, tasks: made.tasks.map(balanced) };
          const result = searched(program, most);
          if (result.tooLarge === null && result.finds.some((find) => find.tasks.length > most)) large++;
          const found = ends(result);
          if (result.complete) expect(found).toEqual(whole(program));
          else expect(whole(program)).toEqual(expect.arrayContaining(found));
        },
      ),
      { numRuns: 600 },
    );
    expect(large).toComeUpMoreThan(5);
  });

  it.each(Object.entries(SHAPES))('are some of those of the whole: %s', (_name, shape) => {
    let some = 0;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, locks: 4, ...shape, tasks: 4 });
        const result = searched(program, 2);
        const found = ends(result);
        if (found.length > 0) some++;
        if (result.complete) expect(found).toEqual(whole(program));
        else expect(whole(program)).toEqual(expect.arrayContaining(found));
      }),
      { numRuns: 300 },
    );
    expect(some).toComeUpMoreThan(20);
  });
});

it('a part that never ends well is known not to: what is stranded beside it is told with it, or not at all', () => {
  const beside = 'task T2\n  lock M\n  unlock M\n';
  const text = `litmus 1 never-well\nlock C completion\nlock D completion\nlock M mutex\nlock N mutex\ntask T0\n  wait C\n`;
  const both = parsed(`${text}task T1\n  wait D\n${beside}`);
  expect(searched(both).complete).toBe(true);
  expect(ends(searched(both))).toEqual(['stranded T0 T1']);
  expect(whole(both)).toEqual(['stranded T0 T1']);
  // T1 waits for itself in every run, which ends it: nobody is told to be stranded.
  const loud = parsed(`${text}task T1\n  lock N\n  lock N\n${beside}`);
  expect(searched(loud).complete).toBe(true);
  expect(ends(searched(loud))).toEqual(['deadlock T1']);
  expect(whole(loud)).toEqual(['deadlock T1']);
});

it('a handler that may hit the CPU of somebody who is left out can help from there', () => {
  const text = `litmus 1 roaming
lock S semaphore
task T0 cpu 0
  lock S
  unlock S
task T1 cpu 0 irq hard
  lock S
task T2
  lock L
lock L spinlock
task T3 irq soft
  unlock S
`;
  const program = parsed(text);
  expect(ends(searched(program, 3))).toEqual(whole(program));
  expect(neededTasks(program, [0])).toEqual([0, 2, 3]);
});

describe('the ends of the parts, with interrupts', () => {
  it('are those of the whole where CPUs are equal', () => {
    let capped = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 3 }), (seed, cpus) => {
        const rng = xorshift(seed);
        const shape = {
          kinds: ['spinlock', 'rwlock', 'rwsem'],
          locks: 2,
          tasks: 3,
          ops: 3,
          unfair: 20,
        } as const;
        const made = randomProgram(rng, { ...PLAIN_SHAPE, ...shape });
        const [plain, handler, other] = made.tasks.map(balanced).map((task) => masked(task, rng.below(4)));
        const irq: 'hard' | 'soft' = rng.below(2) === 0 ? 'hard' : 'soft';
        const tasks = Array.from({ length: cpus }, (_, cpu): ProgramTask[] => [
          { ...plain!, name: `T${cpu}`, cpu },
          { ...handler!, name: `I${cpu}`, cpu, irq },
        ]).flat();
        const lone = { ...other!, name: 'O', irq: rng.below(2) === 0 ? ('hard' as const) : null };
        const program: Program = {
          ...made,
          tasks: [...tasks, { ...lone, cpu: lone.irq === null ? null : 0 }],
        };
        if ((reduceLockOnly(program)?.copies.size ?? 0) > 0) capped++;
        const result = searched(program);
        expect(result.complete).toBe(true);
        expect(ends(result)).toEqual(whole(program));
      }),
      { numRuns: 30 },
    );
    expect(capped).toComeUpMoreThan(5);
  });
});

/** With interrupts off over some of the body: 0 nowhere, 1 all of it, 2 its end, 3 soft ones, over all of it. */
function masked(task: ProgramTask, how: number): ProgramTask {
  const op = (what: 'irqs' | 'bh', on: boolean): Op => ({
    do: what,
    on,
    guard: null,
    site: null,
    frames: [],
    line: null,
  });
  const what = how === 3 ? 'bh' : 'irqs';
  if (how === 0) return task;
  const from = how === 2 ? task.body.length >> 1 : 0;
  return {
    ...task,
    body: [...task.body.slice(0, from), op(what, false), ...task.body.slice(from), op(what, true)],
  };
}

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
  const rest = held
    .reverse()
    .map((lock): Op => ({ do: 'unlock', lock, guard: null, site: null, frames: [], line: null }));
  return { ...task, body: [...body, ...rest] };
}

const AB = '  lock A\n  lock B\n  unlock B\n  unlock A\n';
const BA = '  lock B\n  lock A\n  unlock A\n  unlock B\n';

describe('programs of hundreds of tasks', () => {
  it('are decided where the parts are small', () => {
    const pairs = Array.from({ length: 100 }, (_, i) =>
      [AB, BA].map((body, k) => `task t${i}${k}\n${body.replace(/[AB]/g, `$&${i}`)}`),
    ).flat();
    const locks = Array.from({ length: 100 }, (_, i) => `lock A${i} mutex\nlock B${i} rwsem\n`);
    const result = searched(parsed(`litmus 1 pairs\n${locks.join('')}${pairs.join('')}`));
    expect(result).toMatchObject({ complete: true, tooLarge: null });
    expect(ends(result)).toEqual(
      Array.from({ length: 100 }, (_, i) => said('deadlock', [`t${i}0`, `t${i}1`])).sort(),
    );
  });

  it('are decided where most tasks are equal, or in no cycle', () => {
    const many = Array.from({ length: 150 }, (_, i) => `task c${i}\n${AB}`).join('');
    const leaves = Array.from({ length: 50 }, (_, i) => `task leaf${i}\n  lock A\n  unlock A\n`).join('');
    const text = `litmus 1 many\nlock A mutex\nlock B mutex\n${many}${leaves}`;
    expect(searched(parsed(text))).toMatchObject({ complete: true, finds: [] });
    const result = searched(parsed(`${text}task other\n${BA}`));
    expect(result.complete).toBe(true);
    expect(ends(result)).toEqual(
      Array.from({ length: 150 }, (_, i) => said('deadlock', [`c${i}`, 'other'])).sort(),
    );
  });

  it('are decided where CPUs are equal', () => {
    const cpus = Array.from(
      { length: 60 },
      (_, i) =>
        `task t${i} cpu ${i}\n  lock L\n  unlock L\ntask i${i} cpu ${i} irq soft\n  lock L\n  unlock L\n`,
    );
    const result = searched(parsed(`litmus 1 cpus\nlock L spinlock\n${cpus.join('')}`));
    expect(result.complete).toBe(true);
    expect(ends(result)).toEqual(cpus.map((_, i) => said('deadlock', [`t${i}`, `i${i}`])).sort());
  });

  it.each([32, 40, 100])('are decided where one cycle goes through all: %i', (tasks) => {
    const ring = Array.from(
      { length: tasks },
      (_, i) =>
        `task p${i}\n  lock l${i}\n  lock l${(i + 1) % tasks}\n  unlock l${(i + 1) % tasks}\n  unlock l${i}\n`,
    );
    const locks = Array.from({ length: tasks }, (_, i) => `lock l${i} mutex\n`);
    const result = searched(parsed(`litmus 1 ring\n${locks.join('')}${ring.join('')}`));
    expect(result).toMatchObject({ complete: true, tooLarge: null });
    expect(ends(result)).toEqual([
      said(
        'deadlock',
        ring.map((_, i) => `p${i}`),
      ),
    ]);
  });

  it('are searched where many hang together by more than locks, and named where that proves nothing', () => {
    const workers = Array.from(
      { length: 60 },
      (_, i) =>
        `task w${i}\n  unless stop: lock M${i}\n  lock A try\n  unlock A\n  unless stop: unlock M${i}\n`,
    );
    const locks = workers.map((_, i) => `lock M${i} mutex\n`).join('');
    const head = `litmus 1 stop\nflag stop\nlock A mutex\nlock B mutex\n${locks}`;
    const result = searched(parsed(`${head}${workers.join('')}task x\n${AB}task y\n${BA}`));
    expect(ends(result)).toEqual([said('deadlock', ['x', 'y'])]);
    expect(result.complete).toBe(false);
    expect(result.tooLarge).toHaveLength(62);
  });

  it('come to rest together: each way in which somebody is stranded', () => {
    const leak = (n: number): string =>
      `task a${n}\n  lock L${n}\ntask b${n}\n  lock L${n}\n  unlock L${n}\n`;
    const result = searched(parsed(`litmus 1 rest\nlock L1 mutex\nlock L2 mutex\n${leak(1)}${leak(2)}`));
    expect(result.complete).toBe(true);
    expect(ends(result)).toEqual(['stranded b1', 'stranded b1 b2', 'stranded b2']);
  });
});
