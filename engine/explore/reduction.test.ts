// Tests of the reduction: that a closed set may be moved alone, by its definition, and how far it brings programs that try.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trying } from '../../bench/made-programs.js';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { OP_LOCK, OP_SYNC } from '../model/op-codes.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from '../model/random-program.js';
import { TAKES_EXCLUSIVELY, WAITS_FOR_WAITING_WRITER } from '../model/rules.js';
import { xorshift } from '../rng.js';
import { explore } from './exhaustive.js';
import { Reduction } from './reduction.js';

const SHAPES: readonly Partial<ProgramShape>[] = [
  { kinds: ['mutex', 'rwsem'], tries: true, flags: true, oddities: 15 },
  { kinds: ['rwsem', 'mutex'], rules: true, unfair: 20 },
  { kinds: ['rcu', 'srcu', 'mutex'], oddities: 20 },
  { kinds: ['semaphore', 'completion', 'mutex'], tries: true, oddities: 25 },
  { forks: true, flags: true, oddities: 25 },
  { kinds: LOCK_KINDS, oddities: 30, tries: true, flags: true, forks: true, rules: true, unfair: 20 },
];

/** The tasks of the smallest closed set that holds `t`. */
function closureOf(reduction: Reduction, t: number): number {
  let closed = 1 << t;
  for (let open = closed; open !== 0; ) {
    const u = 31 - Math.clz32(open);
    open ^= 1 << u;
    const more = reduction.neededBy(u) & ~closed;
    closed |= more;
    open |= more;
  }
  return closed;
}

function tasksOf(mask: number): number[] {
  return Array.from({ length: 31 }, (_, t) => t).filter((t) => mask & (1 << t));
}

/** All of the state that decides what can still come: who waits only where somebody sees it. */
function whatCounts(machine: Machine): object {
  const { compiled: c, stateWords: s, layout: at } = machine;
  const part = (from: number, words: number): number[] => [...s.subarray(from, from + words)];
  const isSeen = (t: number): boolean => {
    if (machine.hasEnded(t) || machine.deadMask() & (1 << t)) return false;
    const g = c.opBase[t]! + machine.pc(t);
    if (c.opGuard[g] !== 0 || c.opCode[g] === OP_SYNC) return true;
    if (c.opCode[g] !== OP_LOCK || (c.opBits[g]! & TAKES_EXCLUSIVELY) === 0) return false;
    return tasksOf(machine.allTasks & ~(machine.deadMask() | (1 << t))).some((u) => {
      for (let h = c.opBase[u]! + machine.pc(u); h < c.opBase[u + 1]!; h++)
        if (c.opArg[h] === c.opArg[g] && c.opBits[h]! & WAITS_FOR_WAITING_WRITER) return true;
      return false;
    });
  };
  return {
    places: part(at.pc, c.tasks),
    ended: s[at.ended],
    dead: s[at.dead],
    forked: s[at.forked],
    owners: part(at.owner, c.locks),
    readers: part(at.readers, c.locks),
    units: part(at.units, c.locks),
    flags: part(at.flags, Math.ceil(c.flags / 32)),
    holdings: part(at.hold, c.pairs),
    syncing: part(at.syncing, c.tasks),
    waiting: tasksOf(s[at.waiting]!).filter(isSeen),
  };
}

describe('a closed set', () => {
  it('is disturbed by nobody outside: its moves lead to the same before and behind theirs, and who could not move cannot', () => {
    let sizes = 0;
    let seen = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: SHAPES.length - 1 }), fc.nat({ max: 14 }), (seed, shape, walk) => {
        const rng = xorshift(seed);
        const program = randomProgram(rng, { ...PLAIN_SHAPE, ...SHAPES[shape], tasks: 4, ops: 5 });
        const machine = new Machine(compileOrThrow(program), true);
        const reduction = new Reduction(machine);
        const moveOneOf = (mask: number): number => {
          const able = tasksOf(mask);
          const t = able[rng.below(able.length)]!;
          machine.act(t);
          return t;
        };
        for (let i = 0; i < walk && reduction.movable() !== 0; i++) moveOneOf(reduction.movable());
        const state = machine.stateWords.slice();
        const movable = reduction.movable();
        for (const t of tasksOf(movable)) {
          machine.load(state, 0);
          const closed = closureOf(reduction, t);
          if ((movable & ~closed) === 0) continue;
          seen++;
          sizes += tasksOf(movable & ~closed).length;
          const way: number[] = [];
          while (way.length < 12 && (reduction.movable() & ~closed) !== 0) {
            way.push(moveOneOf(reduction.movable() & ~closed));
            expect(reduction.movable() & closed).toBe(movable & closed);
          }
          const after = machine.stateWords.slice();
          for (const u of tasksOf(movable & closed)) {
            machine.load(after, 0);
            machine.act(u);
            const behind = whatCounts(machine);
            machine.load(state, 0);
            machine.act(u);
            for (const other of way) {
              // To wait may be a move no more, if who would have seen it is gone or it need not be waited.
              if (reduction.movable() & (1 << other)) machine.act(other);
            }
            expect(whatCounts(machine)).toEqual(behind);
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(seen).toComeUpMoreThan(500);
    expect(sizes).toComeUpMoreThan(800);
  });

  it('is small where attempts fail and flags are only set', () => {
    const program = trying(5);
    const [all, reduced] = [
      explore(program, { states: 200_000 }, false),
      explore(program, { states: 200_000 }),
    ];
    expect(reduced.finds.map(({ kind, tasks }) => ({ kind, tasks }))).toEqual(
      all.finds.map(({ kind, tasks }) => ({ kind, tasks })),
    );
    expect(reduced.complete && all.complete).toBe(true);
    expect(reduced.states * 40).toBeLessThan(all.states);
  });
});
