// Tests of slips: each is a bad end of the whole program, of another shape than the one that was shrunk.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFuzzer } from '../fuzz/fuzzer.js';
import { lockOf, lockOp, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { replaySchedule } from '../schedulers/replay.js';
import { follow } from './outcome.js';
import { sameShape } from './shape.js';
import { slipsOf } from './slips.js';

describe('slips', () => {
  it('the cycle that comes to light where one task of another cycle goes', () => {
    const section = (...locks: string[]) => [
      ...locks.map((l) => lockOp(l)),
      ...locks.toReversed().map(unlockOp),
    ];
    const p = program([lockOf('A'), lockOf('B'), lockOf('C'), lockOf('D')], {
      queued: section('D', 'B'),
      one: section('A', 'B'),
      two: section('B', 'C', 'D'),
      three: section('C', 'A'),
    });
    // The first one holds D and queues behind the cycle of the others; without the last, `two` goes on to D.
    const schedule = [0, 1, 2, 3, 0, 1, 2, 3];
    const { shape, verdict } = follow(new Machine(compileOrThrow(p)), schedule);
    expect(verdict).toMatchObject({ kind: 'deadlock', cycle: [1, 2, 3] });
    const ends = slipsOf(p, schedule).map((slip) => follow(new Machine(compileOrThrow(p)), slip));
    expect(ends.map((end) => end.verdict)).toContainEqual(expect.objectContaining({ cycle: [0, 2] }));
    for (const end of ends) expect(sameShape(end.shape, shape)).toBe(false);
  });

  it('replay in the whole program, end badly, and differ from what was shrunk and from each other', () => {
    let some = 0;
    fc.assert(
      fc.property(programs({ ...WILD, tasks: 4, ops: 12 }), fc.integer(), (p, seed) => {
        const machine = new Machine(compileOrThrow(p));
        for (const { schedule } of createFuzzer([p], { seed, maxSteps: 1000 }).round(40).finds) {
          const { shape } = follow(machine, schedule);
          const slips = slipsOf(p, schedule);
          expect(slipsOf(p, schedule)).toEqual(slips);
          some += slips.length;
          const shapes = slips.map((slip) => {
            expect(replaySchedule(machine, slip).verdict.kind).toMatch(/^(deadlock|stranded|violated)$/);
            const end = follow(machine, slip);
            expect(sameShape(end.shape, shape)).toBe(false);
            return JSON.stringify(end.shape);
          });
          expect(new Set(shapes).size).toBe(shapes.length);
        }
      }),
      { numRuns: 80 },
    );
    expect(some).toComeUpMoreThan(20);
  });
});
