// Tests of the machine: single runs whose course is known, saving and loading, what can be looked at.
import { describe, expect, it } from 'vitest';
import type { LockKind, LockMode, LockRule } from '../../corpus/schema/lock.js';
import type { Op, OpAction, Program } from '../../corpus/schema/program.js';
import { compileOrThrow } from './compile.js';
import { Machine } from './machine.js';

function op(action: OpAction): Op {
  return { ...action, guard: null, site: null, frames: [], line: null };
}
const lock = (id: string, mode: LockMode = 'exclusive'): Op =>
  op({ do: 'lock', lock: id, mode, attempt: false });
const unlock = (id: string): Op => op({ do: 'unlock', lock: id });

function program(kind: LockKind, rules: readonly LockRule[], bodies: readonly (readonly Op[])[]): Program {
  return {
    name: 'p',
    locks: ['A', 'B'].map((id) => ({ id, kind, units: 1, class: id, rules })),
    flags: [],
    tasks: bodies.map((body, i) => ({
      name: `T${i}`,
      function: null,
      cpu: null,
      irq: null,
      after: null,
      body,
    })),
  };
}

const inversion = program(
  'mutex',
  [],
  [
    [lock('A'), lock('B'), unlock('B'), unlock('A')],
    [lock('B'), lock('A'), unlock('A'), unlock('B')],
  ],
);

describe('machine', () => {
  it('finds the inversion as soon as the cycle closes', () => {
    const m = new Machine(compileOrThrow(inversion));
    m.act(0);
    m.act(1);
    expect(m.canStep(0)).toBe(false);
    expect(m.canAct(0)).toBe(true);
    m.act(0);
    expect(m.isWaiting(0)).toBe(true);
    expect(m.canAct(0)).toBe(false);
    expect(m.finished()).toBeNull();
    expect(m.blockers(0)).toEqual([1]);
    m.act(1);
    expect(m.finished()).toEqual({ kind: 'deadlock', cycle: [0, 1], bystanders: [] });
    expect(m.steps).toBe(2);
    expect(m.held(0)).toEqual([{ lock: 0, mode: 'exclusive', depth: 1, op: 0 }]);
    expect(m.wants(0)).toBe(1);
    expect(m.holders(0)).toEqual([0]);
    expect(m.actMask()).toBe(0);
  });

  it('completes when one goes after the other', () => {
    const m = new Machine(compileOrThrow(inversion));
    for (const t of [0, 0, 0, 0, 1, 1, 1, 1]) m.act(t);
    expect(m.finished()).toEqual({ kind: 'completed' });
  });

  it('goes on from a saved state as it would have', () => {
    const m = new Machine(compileOrThrow(inversion));
    m.act(0);
    const kept = new Int32Array(m.stateWords.length + 3);
    m.save(kept, 3);
    for (const t of [0, 0, 0]) m.act(t);
    m.load(kept, 3);
    expect(m.pc(0)).toBe(1);
    m.act(1);
    m.act(1);
    m.act(0);
    expect(m.finished()?.kind).toBe('deadlock');
  });

  it('tells who queues behind a task that waits for itself', () => {
    const m = new Machine(compileOrThrow(program('mutex', [], [[lock('A'), lock('A')], [lock('A')]])));
    m.act(0);
    m.act(1);
    m.act(0);
    expect(m.finished()).toEqual({ kind: 'deadlock', cycle: [0], bystanders: [1] });
  });

  it('counts the depth of a reentrant lock', () => {
    const bodies = [[lock('A'), lock('A'), unlock('A'), unlock('A')], [lock('A')]];
    const m = new Machine(compileOrThrow(program('mutex', ['reentrant'], bodies)));
    m.act(0);
    m.act(0);
    expect(m.held(0)).toEqual([{ lock: 0, mode: 'exclusive', depth: 2, op: 0 }]);
    m.act(0);
    expect(m.canStep(1)).toBe(false);
    m.act(0);
    expect(m.canStep(1)).toBe(true);
  });

  it('stops a fair reader behind a waiting writer, and only that one', () => {
    const bodies = [[lock('A', 'read'), lock('A', 'read')], [lock('A')], [lock('A', 'recursive-read')]];
    const m = new Machine(compileOrThrow(program('rwsem', [], bodies)));
    m.act(0);
    expect(m.canStep(0)).toBe(true);
    m.act(1);
    expect(m.isWaiting(1)).toBe(true);
    expect(m.canStep(0)).toBe(false);
    expect(m.canStep(2)).toBe(true);
    m.act(0);
    expect(m.finished()).toEqual({ kind: 'deadlock', cycle: [0, 1], bystanders: [] });
  });

  it('names the holder when a stranger unlocks', () => {
    const m = new Machine(compileOrThrow(program('mutex', [], [[lock('A')], [unlock('A')]])));
    m.act(0);
    m.act(1);
    expect(m.finished()).toEqual({
      kind: 'violated',
      task: 1,
      op: 0,
      reason: 'T1 unlocks A, which T0 holds',
    });
  });

  it('throws when a task acts that cannot', () => {
    const m = new Machine(compileOrThrow(inversion));
    for (const t of [0, 1, 0]) m.act(t);
    expect(() => m.act(0)).toThrow(/cannot act/);
  });

  it('takes no completion for a lock, whatever asks for it', () => {
    const taken = program('completion', [], [[lock('A'), unlock('A')]]);
    expect(() => compileOrThrow(taken)).toThrow('A is a completion: wait or signal it');
  });

  it('lets only a handler that names no CPU choose one, once', () => {
    const made = program('spinlock', [], [[lock('A')], [lock('B')], [lock('B')]]);
    const tasks = made.tasks.map((task, t) => ({
      ...task,
      cpu: t === 0 ? 0 : null,
      irq: t === 1 ? null : ('hard' as const),
    }));
    const machine = new Machine(compileOrThrow({ ...made, tasks }));
    const { cpus } = machine.compiled;
    const hits = (t: number): number[] => [...cpus.keys()].filter((cpu) => machine.canHit(t, cpu));
    expect([hits(0), hits(1), hits(2)]).toEqual([[], [], [...cpus.keys()]]);
    machine.act(2);
    expect(hits(2)).toEqual([]);
  });
});
