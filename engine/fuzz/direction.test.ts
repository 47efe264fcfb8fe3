// Tests of direction: distances are right, and a cycle that blind switches do not find is walked up to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskOf } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { runGenome } from '../schedulers/genome.js';
import { randomScheduler } from '../schedulers/random.js';
import { run } from '../schedulers/run.js';
import { aimAt, directionsOf, nearness } from './direction.js';
import { FeatureCounts } from './feature-counts.js';
import { observer } from './observed.js';
import { AB_BA, lockOf, lockOp, program, programs, unlockOp, WILD } from './programs.laws.js';
import { closeness, energyOf, type QueueEntry } from './queue.js';

describe('direction', () => {
  it('aims at the requests of the inversion, and the aim ends in it', () => {
    expect(directionsOf(AB_BA)).toEqual([
      [
        { task: 0, op: 1 },
        { task: 1, op: 1 },
      ],
    ]);
    const machine = new Machine(compileOrThrow(AB_BA));
    expect(runGenome(machine, aimAt(directionsOf(AB_BA)[0] ?? []), 100).verdict.kind).toBe('deadlock');
  });

  it('has none where all keep one order', () => {
    const section = [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')];
    expect(directionsOf(program([lockOf('A'), lockOf('B')], { one: section, two: section }))).toEqual([]);
  });

  it('the distance of a run is the least that its tasks had to go together, looked at after every transition', () => {
    let some = 0;
    fc.assert(
      fc.property(programs({ ...WILD, ops: 12 }), fc.nat(), (p, seed) => {
        const directions = directionsOf(p);
        const near = nearness(p, directions);
        const machine = new Machine(compileOrThrow(p));
        const watch = observer([near.feedback]);
        const { schedule } = run(machine, watch.wrap(randomScheduler()), xorshift(seed), 1000);
        const features = watch.features(machine);
        const distances = (): number[] =>
          directions.map((direction) =>
            direction.reduce((sum, { task, op }) => {
              const pc = machine.pc(task);
              return sum + (pc <= op ? op - pc : (p.tasks[task]?.body.length ?? 0) + 1);
            }, 0),
          );
        machine.reset();
        let least = distances();
        let better = 0;
        for (const choice of schedule) {
          expect(taskOf(choice)).toBeLessThan(p.tasks.length);
          machine.act(choice);
          distances().forEach((d, i) => {
            if (d < (least[i] ?? 0)) better++;
          });
          least = distances().map((d, i) => Math.min(d, least[i] ?? d));
        }
        some += directions.length;
        expect(near.away()).toEqual(least);
        expect(features.size).toBeLessThanOrEqual(better);
      }),
      { numRuns: 200 },
    );
    expect(some).toComeUpMoreThan(50);
  });

  it('gives the most energy to who is nearest to a cycle that was not reached', () => {
    const counts = new FeatureCounts([]);
    const entry = (away: readonly number[]): QueueEntry => ({
      genome: { order: [0], preempts: [] },
      features: [],
      steps: 1,
      children: 0,
      away,
    });
    const power = { counts, nearest: [0, 4] };
    expect(closeness([0, 8], power.nearest)).toBe(0.5);
    expect(energyOf(entry([9, 4]), power)).toBeGreaterThan(energyOf(entry([0, 8]), power));
    expect(closeness([0, 8], [0, 0])).toBe(0);
  });
});
