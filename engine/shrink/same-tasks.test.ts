// Laws of shrinking with the tasks of the end kept: each end of a program keeps a witness of its own, and `minimal` is not weakened.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import { partsSteps } from '../explore/parts.js';
import { lockOf, lockOp, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { compileOrThrow } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { weightOf } from './edit.js';
import { follow } from './outcome.js';
import { drain } from './reach.js';
import { shrinkWithTasks } from './same-tasks.js';
import { sameShape } from './shape.js';
import { SHRINK_LIMITS, shrink } from './shrink.js';

/** Every end of the program, shrunk with its tasks. */
function eachEnd(p: Program) {
  return drain(partsSteps(p, { states: 100_000 })).finds.map((find) => {
    const result = drain(shrinkWithTasks(find.program, find.schedule, find.tasks, SHRINK_LIMITS));
    if (!result.ok) throw new Error(result.reason);
    return { find, names: find.tasks, shrunk: result.shrunk };
  });
}

describe('shrinking with the tasks of the end', () => {
  it('ends with these tasks in the same shape, and minimal means that no task, section or step can go', () => {
    let others = 0;
    fc.assert(
      fc.property(programs(WILD), (p) => {
        for (const { find, names, shrunk } of eachEnd(p)) {
          const before = follow(new Machine(compileOrThrow(find.program)), find.schedule);
          expect(sameShape(before.shape, shrunk.shape)).toBe(true);
          expect(expectationOf(shrunk.program, shrunk.verdict)?.tasks).toEqual(names);
          const replayed = replay(shrunk.program, shrunk.schedule);
          expect(expectationOf(shrunk.program, replayed.verdict)?.tasks).toEqual(names);
          const byShape = shrink(find.program, find.schedule);
          if (!byShape.ok) throw new Error(byShape.reason);
          const ends = expectationOf(byShape.shrunk.program, byShape.shrunk.verdict)?.tasks;
          if (ends?.join(' ') !== names.join(' ')) others++;
          if (shrunk.grade !== 'minimal') continue;
          const again = shrink(shrunk.program, shrunk.schedule);
          if (!again.ok) throw new Error(again.reason);
          expect(again.shrunk.steps).toBe(shrunk.steps);
          expect(weightOf(again.shrunk.program)).toBe(weightOf(shrunk.program));
        }
      }),
      { numRuns: 150 },
    );
    expect(others).toComeUpMoreThan(0);
  });

  it('two tasks that do the same both keep their end', () => {
    const twice = program([lockOf('A', 'mutex')], {
      one: [lockOp('A'), lockOp('A'), unlockOp('A'), unlockOp('A')],
      other: [lockOp('A'), lockOp('A'), unlockOp('A'), unlockOp('A')],
    });
    const ends = eachEnd(twice);
    expect(ends.map(({ shrunk }) => shrunk.program.tasks.map((task) => task.name))).toEqual([
      ['one'],
      ['other'],
    ]);
    expect(ends.every(({ shrunk }) => shrunk.grade === 'minimal')).toBe(true);
  });
});
