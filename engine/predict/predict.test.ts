// Tests of prediction: against all schedules of random programs, and case by case what is refuted and why.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import {
  AB_BA,
  lockOf,
  lockOp,
  NESTED,
  op,
  program,
  programs,
  unlockOp,
  WILD,
} from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { compileOrThrow } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { replaySchedule } from '../schedulers/replay.js';
import { reach } from '../shrink/reach.js';
import { construct } from './construct.js';
import { PREDICT_LIMITS, type PredictedCycle, predict } from './predict.js';
import type { PredictSource } from './source.js';

function source(p: Program, capture: string): PredictSource {
  return { lowered: asWritten(p), captures: [capture] };
}

function cyclesOf(...ps: readonly Program[]): readonly PredictedCycle[] {
  return predict(ps.map((p, i) => source(p, `c${i}`))).cycles;
}

/** Task sets of all deadlocks that some schedule ends in. */
function deadlocks(p: Program): Set<string> {
  const sets = new Set<string>();
  const all = reach(
    new Machine(compileOrThrow(p)),
    {
      matches: (m) => {
        const verdict = m.finished();
        if (verdict?.kind === 'deadlock') {
          sets.add(
            verdict.cycle
              .map((t) => p.tasks[t]?.name)
              .sort()
              .join(),
          );
        }
        return false;
      },
    },
    1_000_000,
  );
  expect(all.complete).toBe(true);
  return sets;
}

function confirmedIn(p: Program): Set<string> {
  const prediction = predict([source(p, 'c')]);
  expect(prediction.complete).toBe(true);
  for (const c of prediction.cycles) expect(c.status).not.toBe('open');
  return new Set(
    prediction.cycles.filter((c) => c.status === 'confirmed').map((c) => [...c.tasks].sort().join()),
  );
}

const section = (...locks: readonly string[]): Op[] => [
  ...locks.map((l) => lockOp(l)),
  ...[...locks].reverse().map((l) => unlockOp(l)),
];

describe('predict against all schedules', () => {
  it('nested programs: nothing missed, nothing false', () => {
    let some = 0;
    fc.assert(
      fc.property(programs(NESTED), (p) => {
        const truth = deadlocks(p);
        some += truth.size;
        expect(confirmedIn(p)).toEqual(truth);
      }),
      { numRuns: 2000 },
    );
    expect(some).toComeUpMoreThan(100);
  });

  it('readers, trylocks, self-deadlocks, crossing releases: nothing missed, nothing false', () => {
    let some = 0;
    fc.assert(
      fc.property(programs(WILD), (p) => {
        const truth = deadlocks(p);
        some += truth.size;
        expect(confirmedIn(p)).toEqual(truth);
      }),
      { numRuns: 1500 },
    );
    expect(some).toComeUpMoreThan(100);
  });

  it('every confirmed cycle comes with a schedule of its candidate that replays', () => {
    fc.assert(
      fc.property(programs(WILD), programs(WILD), (p, q) => {
        for (const cycle of cyclesOf(p, q)) {
          if (cycle.status !== 'confirmed') continue;
          if (cycle.candidate === null || cycle.find === null) throw new Error('confirmed without a find');
          const machine = new Machine(compileOrThrow(cycle.candidate.program));
          expect(replaySchedule(machine, cycle.find.schedule).verdict).toEqual(cycle.find.verdict);
          if (cycle.sources.length > 1) expect(cycle.candidate.basis).toBe('composed');
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('construct', () => {
  const first = [lockOp('A'), lockOp('B'), unlockOp('B'), lockOp('B'), unlockOp('B'), unlockOp('A')];
  const second = [lockOp('B'), lockOp('A'), unlockOp('A'), lockOp('A'), unlockOp('A'), unlockOp('B')];
  const p = program([lockOf('A'), lockOf('B')], { one: first, two: second });

  it('builds the schedule to the first requests', () => {
    const goal = [
      { task: 0, op: 1 },
      { task: 1, op: 1 },
    ];
    expect(construct(p, goal)).toEqual({ is: 'schedule', schedule: [0, 1, 0, 1] });
  });

  it('proves that the second requests are out of reach: each would have had to use what the other holds', () => {
    const goal = [
      { task: 0, op: 3 },
      { task: 1, op: 3 },
    ];
    const built = construct(p, goal);
    expect(built.is).toBe('infeasible');
    const stuck = reach(
      new Machine(compileOrThrow(p)),
      { matches: (m) => m.finished()?.kind === 'deadlock' && m.pc(0) === 3 && m.pc(1) === 3 },
      10_000,
    );
    expect(stuck).toMatchObject({ schedule: null, complete: true });
  });

  it('says nothing about tasks that do more than take and give back locks', () => {
    const tried = program([lockOf('A'), lockOf('B')], {
      one: [lockOp('A', 'exclusive', true), ...section('B')],
    });
    expect(construct(tried, [{ task: 0, op: 1 }])).toEqual({ is: 'not-applicable' });
  });

  it('deep nested programs of many tasks: every confirmed cycle replays, and the graph is not lost in its depth', () => {
    const rng = xorshift(4);
    const bodies: Record<string, Op[]> = {};
    for (let t = 0; t < 12; t++) {
      const held: string[] = [];
      const body: Op[] = [];
      while (body.length + held.length < 60) {
        const lock = `L${rng.below(20)}`;
        if (held.length < 3 && !held.includes(lock) && rng.below(3) > 0) {
          held.push(lock);
          body.push(lockOp(lock));
        } else {
          const last = held.pop();
          if (last !== undefined) body.push(unlockOp(last));
        }
      }
      for (const lock of held.reverse()) body.push(unlockOp(lock));
      bodies[`t${t}`] = body;
    }
    const deep = program(
      Array.from({ length: 20 }, (_, i) => lockOf(`L${i}`)),
      bodies,
    );
    const { cycles } = predict([source(deep, 'c')], { ...PREDICT_LIMITS, cycles: 300, paths: 100_000 });
    expect(cycles.filter((c) => c.status === 'open')).toEqual([]);
    const confirmed = cycles.filter((c) => c.status === 'confirmed');
    expect(confirmed.length).toBeGreaterThan(10);
    for (const { candidate, find } of confirmed) {
      if (candidate === null || find === null) throw new Error('confirmed without a find');
      expect(replay(candidate.program, find.schedule).verdict).toEqual(find.verdict);
    }
  });
});

describe('predict, case by case', () => {
  it('confirms an inversion', () => {
    const [cycle, ...rest] = cyclesOf(AB_BA);
    expect(rest).toEqual([]);
    expect(cycle).toMatchObject({ classes: ['A', 'B'], status: 'confirmed', complete: true });
    expect([...(cycle?.tasks ?? [])].sort()).toEqual(['one', 'two']);
  });

  it('refutes by a gate lock, and names it', () => {
    const p = program([lockOf('G'), lockOf('A'), lockOf('B')], {
      one: section('G', 'A', 'B'),
      two: section('G', 'B', 'A'),
    });
    const [cycle] = cyclesOf(p);
    expect(cycle).toMatchObject({ status: 'refuted', complete: true });
    expect(cycle?.why).toContain('both hold G');
  });

  it('refutes what one task does in both orders', () => {
    const p = program([lockOf('A'), lockOf('B')], {
      one: [...section('A', 'B'), ...section('B', 'A')],
      two: section('A'),
    });
    const [cycle] = cyclesOf(p);
    expect(cycle).toMatchObject({ status: 'refuted', complete: true });
    expect(cycle?.why).toContain('cannot wait for itself');
  });

  it('refutes by fork and join order', () => {
    const p = program([lockOf('A'), lockOf('B')], {
      parent: [...section('A', 'B'), op({ do: 'fork', task: 'child' }), op({ do: 'join', task: 'child' })],
      child: section('B', 'A'),
    });
    const [cycle] = cyclesOf(p);
    expect(cycle).toMatchObject({ status: 'refuted', complete: true });
    expect(cycle?.why).toContain('only after');
  });

  it('confirms a join under a lock that the joined task wants', () => {
    const p = program([lockOf('A')], {
      parent: [lockOp('A'), op({ do: 'join', task: 'child' }), unlockOp('A')],
      child: section('A'),
    });
    expect(cyclesOf(p)[0]).toMatchObject({ status: 'confirmed', classes: ['A'] });
  });

  it('confirms a wait for a completion under a lock that its signaller wants', () => {
    const p = program([lockOf('A'), lockOf('C', 'completion')], {
      waiter: [lockOp('A'), op({ do: 'wait', lock: 'C' }), unlockOp('A')],
      signaller: [...section('A'), op({ do: 'signal', lock: 'C' })],
    });
    expect(cyclesOf(p)[0]).toMatchObject({ status: 'confirmed', classes: ['A', 'C'] });
  });

  it('refutes readers that do not keep each other out', () => {
    const read = (a: string, b: string): Op[] => [
      lockOp(a, 'recursive-read'),
      lockOp(b, 'recursive-read'),
      unlockOp(b),
      unlockOp(a),
    ];
    const p = program([lockOf('A', 'rwsem'), lockOf('B', 'rwsem')], {
      one: read('A', 'B'),
      two: read('B', 'A'),
    });
    const [cycle] = cyclesOf(p);
    expect(cycle).toMatchObject({ status: 'refuted', complete: true });
    expect(cycle?.why).toContain('reading');
  });

  it('confirms a reader that comes again behind a waiting writer', () => {
    const p = program([lockOf('A', 'rwsem')], {
      reader: [lockOp('A', 'read'), lockOp('A', 'read'), unlockOp('A'), unlockOp('A')],
      writer: section('A'),
    });
    const [cycle] = cyclesOf(p);
    expect(cycle).toMatchObject({ status: 'confirmed', classes: ['A', 'A'] });
  });

  it('confirms a task that hangs on itself', () => {
    expect(
      cyclesOf(program([lockOf('A')], { one: [lockOp('A'), lockOp('A'), unlockOp('A'), unlockOp('A')] }))[0],
    ).toMatchObject({
      status: 'confirmed',
      classes: ['A'],
      tasks: ['one'],
    });
  });

  it('confirms an interrupt that wants what the interrupted task holds, and not one that is masked', () => {
    const withIrq = (body: Op[]): Program => {
      const p = program([lockOf('A', 'spinlock')], { task: body, irq: section('A') });
      return {
        ...p,
        tasks: p.tasks.map((t) => ({ ...t, cpu: 0, irq: t.name === 'irq' ? ('hard' as const) : null })),
      };
    };
    expect(cyclesOf(withIrq(section('A')))[0]).toMatchObject({ status: 'confirmed' });
    const masked = [op({ do: 'irqs', on: false }), ...section('A'), op({ do: 'irqs', on: true })];
    expect(cyclesOf(withIrq(masked)).filter((c) => c.status === 'confirmed')).toEqual([]);
  });

  it('composes tasks of two captures by class and says what it assumes', () => {
    const locks = [lockOf('x', 'mutex', '&dev->mutex'), lockOf('y', 'mutex', 'rescan_lock')];
    const other = [lockOf('r', 'mutex', 'rescan_lock'), lockOf('d', 'mutex', '&dev->mutex')];
    const a = program(locks, { setter: section('x', 'y') });
    const b = program(other, { remover: section('r', 'd') });
    const [cycle] = predict([
      { ...source(a, 'one'), single: new Set(['rescan_lock']) },
      { ...source(b, 'two'), single: new Set(['rescan_lock']) },
    ]).cycles;
    expect(cycle).toMatchObject({ status: 'confirmed', sources: [0, 1] });
    expect(cycle?.candidate?.basis).toBe('composed');
    expect(cycle?.candidate?.assumes).toEqual([
      'the &dev->mutex of setter in take_x and that of remover in take_d are one object',
    ]);
    expect(cycle?.candidate?.program.locks).toHaveLength(2);
  });

  it('two instances of one class in one capture: aliased, with the assumption', () => {
    const locks = [lockOf('a1', 'mutex', 'A'), lockOf('a2', 'mutex', 'A'), lockOf('b', 'mutex', 'B')];
    const p = program(locks, { one: section('a1', 'b'), two: section('b', 'a2') });
    const [cycle] = cyclesOf(p);
    expect(cycle?.status).toBe('confirmed');
    expect(cycle?.candidate?.basis).toBe('aliased');
    expect(cycle?.candidate?.assumes).toEqual(['the A of one and that of two are one object']);
  });

  it('leaves open what a lock of one class, perhaps not one object, may keep apart', () => {
    const locks = (n: string) => [
      lockOf(`g${n}`, 'mutex', '&ctrl->lock'),
      lockOf(`a${n}`, 'mutex', 'A'),
      lockOf(`b${n}`, 'mutex', 'B'),
    ];
    const [cycle] = cyclesOf(
      program(locks('1'), { one: section('g1', 'a1', 'b1') }),
      program(locks('2'), { two: section('g2', 'b2', 'a2') }),
    );
    expect(cycle).toMatchObject({ status: 'open', complete: false });
    expect(cycle?.why).toContain('&ctrl->lock');
  });

  it('does not take numbered classes of two captures for one', () => {
    const one = program([lockOf('k', 'mutex', 'kn->active#4'), lockOf('m', 'mutex', 'M')], {
      one: section('k', 'm'),
    });
    const two = program([lockOf('k', 'mutex', 'kn->active#4'), lockOf('m', 'mutex', 'M')], {
      two: section('m', 'k'),
    });
    expect(cyclesOf(one, two)).toEqual([]);
    expect(predict([source(one, 'same'), source(two, 'same')]).cycles[0]).toMatchObject({
      status: 'confirmed',
    });
  });

  it('no order inside one class is held against another recording of it', () => {
    const locks = [lockOf('p', 'mutex', 'node'), lockOf('c', 'mutex', 'node')];
    expect(
      cyclesOf(program(locks, { one: section('p', 'c') }), program(locks, { two: section('p', 'c') })),
    ).toEqual([]);
  });

  it('finds a cycle of sixteen at once', () => {
    const n = 16;
    const locks = Array.from({ length: n }, (_, i) => lockOf(`L${i}`));
    const bodies = Object.fromEntries(locks.map((_, i) => [`t${i}`, section(`L${i}`, `L${(i + 1) % n}`)]));
    const { cycles, complete } = predict([source(program(locks, bodies), 'c')], {
      ...PREDICT_LIMITS,
      states: 100_000,
    });
    expect(complete).toBe(true);
    expect(cycles).toHaveLength(1);
    expect(cycles[0]?.classes).toHaveLength(n);
  });

  it('names nobody too many where an interrupted task could still give a unit of a semaphore', () => {
    // The handler waits for a unit that the task under it or the last one could give: the cycle is the short one.
    const p = program([lockOf('S', 'srcu'), { ...lockOf('U', 'semaphore'), units: 0 }], {
      giver: [lockOp('S'), unlockOp('U'), lockOp('S'), unlockOp('U')],
      handler: [lockOp('U'), unlockOp('U')],
      waiter: [lockOp('U'), op({ do: 'sync', lock: 'S' }), unlockOp('U')],
    });
    const irq = { ...p, tasks: p.tasks.map((t, i) => (i === 1 ? { ...t, irq: 'soft' as const } : t)) };
    const truth = deadlocks(irq);
    expect(truth).toEqual(new Set(['giver,handler']));
    for (const { tasks, status } of cyclesOf(irq)) {
      if (status === 'confirmed') expect(truth).toContain([...tasks].sort().join());
    }
  });

  it('says so when limits cut it short', () => {
    const p = program([lockOf('A'), lockOf('B')], {
      one: section('A', 'B'),
      two: section('B', 'A'),
      three: section('B', 'A'),
    });
    const cut = predict([source(p, 'c')], { ...PREDICT_LIMITS, cycles: 1 });
    expect(cut.complete).toBe(false);
    expect(cut.considered).toBe(1);
    const masked = {
      ...p,
      tasks: p.tasks.map((t) => ({ ...t, body: [op({ do: 'bh', on: false }), ...t.body] })),
    };
    const shallow = predict([source(masked, 'c')], { ...PREDICT_LIMITS, states: 1 });
    expect(shallow.cycles.map((c) => c.status)).toContain('open');
  });
});
