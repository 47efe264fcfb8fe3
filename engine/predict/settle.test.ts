// Tests of candidates and of how they are settled, case by case: what stands in the little program, and what is said of a cycle.
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { AB_BA, lockOf, lockOp, op, program, unlockOp } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { joined, nodeKey, Partition } from './candidate.js';
import { construct } from './construct.js';
import { PREDICT_LIMITS, type PredictedCycle, type PredictLimits, predict } from './predict.js';
import type { PredictSource } from './source.js';

const section = (...ids: readonly string[]): Op[] => [
  ...ids.map((l) => lockOp(l)),
  ...[...ids].reverse().map((l) => unlockOp(l)),
];
const guarded = (ops: readonly Op[], flag: string): Op[] =>
  ops.map((one) => ({ ...one, guard: { flag, when: true } }));
const source = (
  p: Program,
  capture: string,
  change: Partial<PredictSource['lowered']> = {},
): PredictSource => ({
  lowered: asWritten(p, change),
  captures: [capture],
});
const cyclesOf = (limits: Partial<PredictLimits>, ...ps: readonly Program[]): readonly PredictedCycle[] =>
  predict(
    ps.map((p, i) => source(p, `c${i}`)),
    { ...PREDICT_LIMITS, ...limits },
  ).cycles;
const locks = (...ids: string[]) => ids.map((id) => lockOf(id, 'mutex', id.toUpperCase().slice(0, 1)));

describe('candidates', () => {
  it('of one recording: its tasks up to where they hang, and where they come from', () => {
    const [cycle] = predict([
      source(AB_BA, 'c', { episode: 7, assumes: ['that'], ruledOut: ['nothing'], happened: true }),
    ]).cycles;
    expect(cycle).toMatchObject({
      status: 'confirmed',
      taskSources: [0, 0],
      aim: { order: [0, 1], preempts: [{ step: 1, task: 1 }] },
      candidate: {
        basis: 'recorded',
        episode: 7,
        happened: false,
        assumes: ['that'],
        ruledOut: ['nothing'],
        presumes: [],
        parts: [{ tasks: ['one', 'two'], captures: ['c'], basis: 'recorded', assumes: ['that'] }],
      },
    });
    expect(cycle?.candidate?.program.name).toBe('one_fn-vs-two_fn');
  });

  it('of two recordings: classes that each of them has one lock of are one lock', () => {
    const a = program(locks('a', 'b', 'h'), { setter: [...section('h'), ...section('a', 'b')] });
    const b = program(locks('a', 'b', 'h'), { setter: [...section('h'), ...section('b', 'a')] });
    const [cycle] = predict([
      source(a, 'one', { episode: 7, ruledOut: ['nothing'] }),
      source(b, 'two', { episode: 7, ruledOut: ['nothing'] }),
    ]).cycles;
    expect(cycle).toMatchObject({
      status: 'confirmed',
      candidate: { basis: 'composed', episode: null, ruledOut: [] },
    });
    const { program: small, presumes } = cycle!.candidate!;
    expect(small.locks.map((lock) => lock.id)).toEqual(['a', 'b', 'h']);
    expect(small.tasks.map(({ name }) => name)).toEqual(['setter', 'setter.2']);
    expect(presumes?.find(({ lock }) => lock === 'h')).toEqual({
      text: 'the H of setter in take_h and that of setter in take_h are one object',
      basis: 'composed',
      lock: 'h',
      users: [['setter'], ['setter.2']],
    });
    // Which of two locks of a class it would be, nobody knows.
    const more = program(locks('a', 'b', 'h1', 'h2'), {
      setter: [...section('h1'), ...section('h2'), ...section('a', 'b')],
    });
    const [loose] = predict([source(more, 'one'), source(b, 'two')]).cycles;
    expect(loose?.status).toBe('confirmed');
    expect(loose?.candidate?.program.locks.map((lock) => lock.id)).toEqual(['a', 'b', 'h1', 'h2', 'h']);
  });

  it('are none where the recordings contradict that locks are one object', () => {
    const a = program(locks('a', 'b', 'h'), { one: [...section('h'), ...section('a', 'b')] });
    const spin = [...locks('a', 'b'), lockOf('h', 'spinlock', 'H')];
    const b = program(spin, { two: [...section('h'), ...section('b', 'a')] });
    expect(cyclesOf({}, a, b)).toEqual([]);
    // Whoever takes two locks one after the other knows that they are two.
    const p = program(locks('a1', 'a2'), { two: [...section('a1'), ...section('a2')], other: section('a2') });
    const both = (...tasks: number[]) => {
      const bodies = new Map(tasks.map((t) => [t, p.tasks[t]!.body]));
      const same = new Partition();
      same.unite(nodeKey(0, 'a1'), nodeKey(0, 'a2'));
      return joined([{ index: 0, source: source(p, 'c'), tasks, bodies }], same, []);
    };
    expect(both(0)).toEqual({
      ok: false,
      why: 'two takes two different locks of class A, which would have to be one',
      contradicted: true,
    });
    expect(both(1)).toMatchObject({ ok: true, candidate: { taskSources: [0] } });
  });

  it('keep the flags that they read, and those of objects that are one object as one flag', () => {
    const p = (name: string, first: string, second: string, extra: boolean): Program => ({
      ...program(locks('a', 'b'), {
        [name]: [...guarded(section('b'), 'dead.a'), ...section(first, second)],
        ...(extra ? { other: [op({ do: 'set', flag: 'busy' })] } : {}),
      }),
      flags: [
        { id: 'dead.a', set: false, of: 'a' },
        { id: 'busy', set: true },
      ],
    });
    const [cycle] = cyclesOf({}, p('one', 'a', 'b', true), p('two', 'b', 'a', false));
    expect(cycle?.status).toBe('confirmed');
    expect(cycle?.candidate?.program.flags).toEqual([{ id: 'dead.a', set: false, of: 'a' }]);
    expect(cycle?.candidate?.program.tasks.map((t) => t.body[0]?.guard?.flag)).toEqual(['dead.a', 'dead.a']);
    const free = (name: string, first: string, second: string): Program => ({
      ...program(locks('a', 'b'), { [name]: [...guarded(section('b'), 'busy'), ...section(first, second)] }),
      flags: [{ id: 'busy', set: true }],
    });
    const [apart] = cyclesOf({}, free('one', 'a', 'b'), free('two', 'b', 'a'));
    expect(apart?.candidate?.program.flags).toEqual([
      { id: 'busy', set: true },
      { id: 'busy.2', set: true },
    ]);
    expect(apart?.candidate?.program.tasks.map((t) => t.body[0]?.guard?.flag)).toEqual(['busy', 'busy.2']);
  });

  it('take along who sets a flag, where it does not stand right from the start', () => {
    const p = (set: boolean): Program => ({
      ...program(locks('a', 'b'), {
        one: guarded(section('a', 'b'), 'on'),
        two: section('b', 'a'),
        setter: [op({ do: set ? 'clear' : 'set', flag: 'on' })],
      }),
      flags: [{ id: 'on', set }],
    });
    expect(cyclesOf({}, p(false))[0]).toMatchObject({ status: 'confirmed', taskSources: [0, 0, 0] });
    expect(cyclesOf({}, p(true))[0]).toMatchObject({ status: 'confirmed', taskSources: [0, 0] });
  });

  it('of more tasks than a program can have are left open', () => {
    const chain = (n: number): Program => {
      const bodies: Record<string, Op[]> = { two: section('b', 'a') };
      for (let i = 0; i < n; i++)
        bodies[`p${i}`] = i + 1 < n ? [op({ do: 'fork', task: `p${i + 1}` })] : section('a', 'b');
      return program(locks('a', 'b'), bodies);
    };
    expect(cyclesOf({}, chain(30))[0]).toMatchObject({ status: 'confirmed' });
    expect(cyclesOf({}, chain(31))[0]).toMatchObject({
      status: 'open',
      complete: false,
      why: 'it takes 32 tasks, more than the 31 that are searched at once',
    });
  });
});

describe('settled', () => {
  it('a lock that both hold keeps them apart unless both only read, or it may be another object', () => {
    const gated = (first: Op, second: Op): Program =>
      program([lockOf('g', 'rwsem', 'G'), ...locks('a', 'b')], {
        one: [first, ...section('a', 'b'), unlockOp('g')],
        two: [second, ...section('b', 'a'), unlockOp('g')],
      });
    const read = lockOp('g', 'recursive-read');
    const write = lockOp('g');
    const status = (p: Program): string | undefined => cyclesOf({}, p)[0]?.status;
    expect([
      status(gated(read, read)),
      status(gated(read, write)),
      status(gated(write, read)),
      status(gated(write, write)),
    ]).toEqual(['confirmed', 'refuted', 'refuted', 'refuted']);
    expect(cyclesOf({}, gated(read, write))[0]?.why).toContain('both hold G');
    // Two objects of one class inside one recording that does not tell the locks of a ring apart either.
    const twins = program(locks('g1', 'g2', 'a1', 'a2', 'b1', 'b2'), {
      one: section('g1', 'a1', 'b1'),
      two: section('g2', 'b2', 'a2'),
    });
    const [cycle] = cyclesOf({}, twins);
    expect(cycle).toMatchObject({ status: 'open', complete: false });
    expect(cycle?.why).toContain('both hold a G');
    const [sure] = predict([{ ...source(twins, 'c'), single: new Set(['G']) }]).cycles;
    expect(sure).toMatchObject({ status: 'refuted', complete: true });
  });

  it('an interrupt may come long after the place where it was first let in', () => {
    const p = program([lockOf('a', 'spinlock'), lockOf('b', 'spinlock')], {
      victim: [lockOp('a'), op({ do: 'fork', task: 'other' }), op({ do: 'bh', on: true }), unlockOp('a')],
      handler: section('b'),
      other: section('b', 'a'),
    });
    const tasks = p.tasks.map((t, i) => ({
      ...t,
      cpu: i === 2 ? 1 : 0,
      irq: i === 1 ? ('hard' as const) : null,
    }));
    const found = cyclesOf({}, { ...p, tasks });
    expect(found.find(({ tasks: members }) => members.length === 3)).toMatchObject({ status: 'confirmed' });
  });

  it('what an interrupted task does until the handler can come has to be done', () => {
    const forked = (...between: Op[]): Program => {
      const p = program([lockOf('a', 'spinlock'), lockOf('c', 'completion')], {
        victim: [lockOp('a'), ...between, op({ do: 'fork', task: 'handler' }), unlockOp('a')],
        handler: section('a'),
      });
      return { ...p, tasks: p.tasks.map((t, i) => ({ ...t, irq: i === 1 ? ('hard' as const) : null })) };
    };
    expect(cyclesOf({}, forked()).map(({ status }) => status)).toEqual(['confirmed']);
    // Nobody signals: it never comes to the fork.
    const stuck = cyclesOf({}, forked(op({ do: 'wait', lock: 'c' })));
    expect(stuck.map(({ status, complete }) => [status, complete])).toEqual([['refuted', true]]);
  });

  it('after two dozen places that are refuted the rest is left open', () => {
    const asking = (n: number): Program =>
      program(locks('a', 'b'), {
        parent: [
          ...Array.from({ length: n }, () => section('a', 'b')).flat(),
          op({ do: 'fork', task: 'child' }),
        ],
        child: section('b', 'a'),
      });
    expect(cyclesOf({}, asking(24))[0]).toMatchObject({ status: 'refuted', complete: true });
    expect(cyclesOf({}, asking(25))[0]).toMatchObject({ status: 'open', complete: false });
    expect(cyclesOf({}, asking(25))[0]?.why).toContain('at the first 24 places');
  });

  it('a place that is left open outweighs one that is refuted, whichever comes first', () => {
    const masked = [op({ do: 'bh', on: false }), ...section('a', 'b'), op({ do: 'bh', on: true })];
    const forks = (...body: Op[]): Program =>
      program(locks('a', 'b'), { parent: body, child: section('b', 'a') });
    const fork = op({ do: 'fork', task: 'child' });
    const join = op({ do: 'join', task: 'child' });
    for (const p of [forks(...masked, fork, ...masked), forks(fork, ...masked, join, ...masked)])
      expect(cyclesOf({ states: 1 }, p).find(({ classes }) => classes.length === 2)).toMatchObject({
        status: 'open',
        complete: false,
        why: expect.stringContaining('and there are more'),
      });
  });

  it('a confirmed ring stays so, and the first place of it is told', () => {
    const p = program(locks('a', 'b'), {
      one: [...section('a', 'b'), ...section('a', 'b')],
      two: section('b', 'a'),
    });
    const [cycle, ...rest] = cyclesOf({}, p);
    expect(rest).toEqual([]);
    expect(cycle).toMatchObject({ status: 'confirmed', why: 'a schedule of 2 steps ends in it' });
  });
});

describe('construct, by hand', () => {
  it('names those who stand in each other’s way, and nobody else', () => {
    const p = program(locks('a', 'b', 'c'), {
      one: [lockOp('a'), ...section('b'), lockOp('b')],
      two: [lockOp('b'), ...section('a'), lockOp('a')],
      three: [lockOp('c'), lockOp('a')],
    });
    const built = construct(p, [
      { task: 0, op: 3 },
      { task: 1, op: 3 },
      { task: 2, op: 1 },
    ]);
    expect(built).toEqual({
      is: 'infeasible',
      why: 'each of one and two needs, on its way there, a lock that another one of them must already hold for good',
    });
  });

  it('two cannot both hold a lock, unless both read', () => {
    const both = (first: Op, second: Op) =>
      construct(
        program([lockOf('g', 'rwsem'), ...locks('a', 'b')], {
          one: [first, lockOp('a'), lockOp('b')],
          two: [second, lockOp('b'), lockOp('a')],
        }),
        [
          { task: 0, op: 2 },
          { task: 1, op: 2 },
        ],
      );
    const why = 'two of the tasks would both have to hold g';
    const read = lockOp('g', 'recursive-read');
    expect(both(lockOp('g'), lockOp('g'))).toEqual({ is: 'infeasible', why });
    expect(both(lockOp('g'), read)).toEqual({ is: 'infeasible', why });
    expect(both(read, read)).toEqual({ is: 'schedule', schedule: [0, 1, 0, 1, 0, 1] });
  });

  it('runs as far as a final acquisition in one go, and lets writers ask first', () => {
    const apart = program([lockOf('a', 'rwsem'), lockOf('c', 'rwsem'), lockOf('b')], {
      reader: [...section('b'), lockOp('c', 'read'), lockOp('a', 'read')],
      writer: [lockOp('b'), lockOp('c')],
    });
    expect(
      construct(apart, [
        { task: 0, op: 3 },
        { task: 1, op: 1 },
      ]),
    ).toEqual({ is: 'schedule', schedule: [0, 0, 0, 1, 1, 0] });
  });
});
