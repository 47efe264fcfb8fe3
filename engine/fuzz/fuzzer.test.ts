// Tests of the fuzzer: it finds what is there, goes on after a find, and resumes exactly.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { replaySchedule } from '../schedulers/replay.js';
import { createFuzzer, endKey } from './fuzzer.js';
import { AB_BA, lockOf, lockOp, NESTED, program, programs, unlockOp, WILD } from './programs.laws.js';

const OPTIONS = { seed: 7, maxSteps: 1000 };

describe('fuzzer', () => {
  it('finds the inversion of two locks', () => {
    const { finds } = createFuzzer([AB_BA], OPTIONS).round(100);
    expect(finds.map((f) => [f.kind, f.tasks])).toEqual([['deadlock', [0, 1]]]);
  });

  it('goes on after a find: both inversions of three locks', () => {
    const two = program([lockOf('A'), lockOf('B'), lockOf('C')], {
      one: [
        lockOp('A'),
        lockOp('B'),
        unlockOp('B'),
        unlockOp('A'),
        lockOp('B'),
        lockOp('C'),
        unlockOp('C'),
        unlockOp('B'),
      ],
      two: [
        lockOp('B'),
        lockOp('A'),
        unlockOp('A'),
        unlockOp('B'),
        lockOp('C'),
        lockOp('B'),
        unlockOp('B'),
        unlockOp('C'),
      ],
    });
    const { finds } = createFuzzer([two], OPTIONS).round(500);
    const machine = new Machine(compileOrThrow(two));
    const keys = finds.map((f) => endKey(machine, replaySchedule(machine, f.schedule).verdict));
    expect(new Set(keys)).toEqual(new Set(['deadlock 0:1 1:0', 'deadlock 0:2 1:1']));
  });

  it('finds nothing where there is nothing', () => {
    const ordered = program([lockOf('A'), lockOf('B')], {
      one: [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')],
      two: [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')],
    });
    const progress = createFuzzer([ordered], OPTIONS).round(300);
    expect(progress.finds).toEqual([]);
    expect(progress.execs).toBe(300);
    // Thirty that are watched, and by masks ahead of each 4, 8, 16, 32, and from then on 64.
    const runs = 30 + (4 + 8 + 16 + 32) + 26 * 64;
    expect(progress.risk.runs).toBe(runs);
    expect(progress.risk.nextIsNew).toBe(0);
    expect(progress.risk.atMost).toBeCloseTo(3 / runs, 4);
  });

  it('every schedule it hands out replays to the same verdict', () => {
    fc.assert(
      fc.property(programs(WILD), fc.integer(), (p, seed) => {
        const machine = new Machine(compileOrThrow(p));
        for (const find of createFuzzer([p], { ...OPTIONS, seed }).round(60).finds) {
          expect(replaySchedule(machine, find.schedule).verdict).toEqual(find.verdict);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('resumed from its state, it equals one that was never stopped', () => {
    fc.assert(
      fc.property(
        fc.array(programs(NESTED), { minLength: 1, maxLength: 3 }),
        fc.integer(),
        fc.nat({ max: 60 }),
        (ps, seed, cut) => {
          const options = { ...OPTIONS, seed };
          const whole = createFuzzer(ps, options);
          const all = whole.round(100);
          const first = createFuzzer(ps, options);
          const before = first.round(cut);
          const kept = JSON.parse(JSON.stringify(first.state()));
          const second = createFuzzer(ps, options, kept);
          const after = second.round(100 - cut);
          expect([...before.finds, ...after.finds]).toEqual(all.finds);
          expect({ ...after, finds: [] }).toEqual({ ...all, finds: [] });
          expect(second.state()).toEqual(whole.state());
        },
      ),
      { numRuns: 40 },
    );
  });
});
