// Tests of run places: each is one where the choice really is free, and taking it does what it says.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { genomeScheduler, runGenome } from '../schedulers/genome.js';
import { handOff } from './mutators/hand-off.js';
import { interruptPlacement } from './mutators/interrupt-placement.js';
import { normalGenome } from './mutators/mutator.js';
import { genomes, lockOf, lockOp, program, unlockOp } from './programs.laws.js';
import { runPlaces } from './run-places.js';

it('a place named by the run can be taken: that task acts there', () => {
  let handOffs = 0;
  let interrupts = 0;
  fc.assert(
    fc.property(fc.nat(), genomes(4, 12), (seed, drawn) => {
      const p = randomProgram(xorshift(seed), {
        ...PLAIN_SHAPE,
        tasks: 4,
        ops: 8,
        kinds: ['spinlock', 'mutex', 'completion', 'rwsem'],
        irqs: seed % 2 === 0,
        oddities: 20,
      });
      const genome = { order: normalGenome(drawn, 4).order, preempts: [] };
      const machine = new Machine(compileOrThrow(p));
      const places = runPlaces(machine, genome, 1000);
      expect(runPlaces(machine, genome, 1000)).toEqual(places);
      const next = (step: number, task: number, over?: number): boolean => {
        const preempts = [over === undefined ? { step, task } : { step, task, over }];
        const scheduler = genomeScheduler({ order: genome.order, preempts });
        machine.reset();
        scheduler.begin(machine.compiled, 1000, xorshift(1));
        while (machine.steps < step) machine.act(scheduler.pick(machine, machine.actMask(), xorshift(1)));
        while (!machine.over && machine.actMask() !== 0 && machine.steps === step) {
          machine.act(scheduler.pick(machine, machine.actMask(), xorshift(1)));
          if (machine.last === task) return true;
        }
        return false;
      };
      for (const { step, tasks } of places.handOffs) {
        for (const task of tasks) {
          handOffs++;
          expect(next(step, task)).toBe(true);
        }
      }
      for (const { step, task, over } of places.interrupts) {
        interrupts++;
        expect(next(step, task, over)).toBe(true);
        expect(p.tasks[task]?.irq).not.toBeNull();
        expect(over).not.toBe(task);
      }
    }),
    { numRuns: 200 },
  );
  expect(handOffs).toComeUpMoreThan(50);
  expect(interrupts).toComeUpMoreThan(50);
});

it('gives the lock to each of those who wait for it, the first one or not', () => {
  const p = program([lockOf('A')], {
    one: [lockOp('A'), unlockOp('A')],
    two: [lockOp('A'), unlockOp('A')],
    three: [lockOp('A'), unlockOp('A')],
  });
  const machine = new Machine(compileOrThrow(p));
  // Both others queue while the first one holds it.
  const parent = {
    order: [0, 1, 2],
    preempts: [
      { step: 1, task: 1 },
      { step: 1, task: 2 },
    ],
  };
  const context = { tasks: 3, steps: 6, others: [], places: () => runPlaces(machine, parent, 100) };
  const second = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const { schedule } = runGenome(machine, handOff.mutate(parent, context, xorshift(seed)), 100);
    // Two transitions make a waiter of each; behind the unlock comes who was given the lock.
    second.add(schedule[schedule.lastIndexOf(0) + 1] ?? -1);
  }
  expect(second).toEqual(new Set([1, 2]));
});

it('puts an interrupt where the task under it holds the lock that both want', () => {
  const p = program([lockOf('S', 'spinlock'), lockOf('T', 'spinlock')], {
    busy: [
      ...Array.from({ length: 20 }, () => [lockOp('T'), unlockOp('T')]).flat(),
      lockOp('S'),
      unlockOp('S'),
    ],
    handler: [lockOp('S'), unlockOp('S')],
  });
  const irq = { ...p, tasks: p.tasks.map((t, i) => (i === 1 ? { ...t, irq: 'hard' as const } : t)) };
  const machine = new Machine(compileOrThrow(irq));
  const parent = { order: [0, 1], preempts: [] };
  const context = { tasks: 2, steps: 44, others: [], places: () => runPlaces(machine, parent, 1000) };
  const ends = Array.from({ length: 200 }, (_, seed) => {
    const child = interruptPlacement.mutate(parent, context, xorshift(seed));
    return runGenome(machine, child, 1000).verdict.kind;
  });
  expect(ends).toContain('deadlock');
});
