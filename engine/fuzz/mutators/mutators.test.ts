// Laws of every mutator in the list: same seed same child, the child runs, the parent is untouched.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../corpus/schema/program.js';
import type { Genome } from '../../../corpus/schema/schedule.js';
import { compileOrThrow } from '../../model/compile.js';
import { Machine } from '../../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../../model/random-program.js';
import { xorshift } from '../../rng.js';
import { runGenome } from '../../schedulers/genome.js';
import { packGenome, unpackGenome } from '../genome-bytes.js';
import { genomes, lockOf, lockOp, program, programs, unlockOp, WILD } from '../programs.laws.js';
import { runPlaces } from '../run-places.js';
import { MUTATORS } from './list.js';
import { normalGenome } from './mutator.js';

/** Programs with and without interrupts. */
const anyProgram = fc.oneof(
  programs(WILD),
  fc.nat().map((seed) =>
    randomProgram(xorshift(seed), {
      ...PLAIN_SHAPE,
      tasks: 4,
      kinds: ['spinlock', 'rwlock', 'completion'],
      irqs: true,
      oddities: 20,
    }),
  ),
);

/** Three tasks that want one lock, and an interrupt that wants another. */
const BUSY: Program = (() => {
  const p = program([lockOf('A'), lockOf('S', 'spinlock')], {
    one: [lockOp('A'), lockOp('S'), unlockOp('S'), unlockOp('A')],
    two: [lockOp('A'), unlockOp('A')],
    three: [lockOp('A'), lockOp('S'), unlockOp('S'), unlockOp('A')],
    handler: [lockOp('S'), unlockOp('S')],
  });
  return { ...p, tasks: p.tasks.map((t) => (t.name === 'handler' ? { ...t, irq: 'hard' } : t)) };
})();

describe('mutators', () => {
  for (const mutator of MUTATORS) {
    it(`${mutator.name}: same seed, same child; the child runs; the parent is untouched`, () => {
      fc.assert(
        fc.property(
          anyProgram,
          genomes(2, 12),
          genomes(2, 12),
          fc.integer(),
          (program, parent, other, seed) => {
            const machine = new Machine(compileOrThrow(program));
            const context = {
              tasks: program.tasks.length,
              steps: 12,
              others: [other, parent, other],
              places: () => runPlaces(machine, parent, 1000),
            };
            const before = structuredClone(parent);
            const child = mutator.mutate(parent, context, xorshift(seed));
            expect(mutator.mutate(parent, context, xorshift(seed))).toEqual(child);
            expect(parent).toEqual(before);
            expect(normalGenome(child, context.tasks)).toEqual(child);
            const { verdict } = runGenome(machine, child, 1000);
            expect(['completed', 'deadlock', 'stranded', 'violated']).toContain(verdict.kind);
          },
        ),
        { numRuns: 150 },
      );
    });

    it(`${mutator.name}: changes some genome`, () => {
      const parent: Genome = {
        order: [0, 1, 2, 3],
        preempts: [
          { step: 1, task: 1 },
          { step: 1, task: 2 },
          { step: 6, task: 2 },
        ],
      };
      const machine = new Machine(compileOrThrow(BUSY));
      expect(mutator.fits?.(machine.compiled) ?? true).toBe(true);
      const context = {
        tasks: 4,
        steps: 20,
        others: [parent, { order: [2, 1, 0, 3], preempts: [{ step: 9, task: 0 }] }],
        places: () => runPlaces(machine, parent, 1000),
      };
      const children = Array.from({ length: 50 }, (_, seed) =>
        mutator.mutate(parent, context, xorshift(seed)),
      );
      expect(children.some((c) => JSON.stringify(c) !== JSON.stringify(parent))).toBe(true);
    });
  }

  it('a packed genome reads back as itself, and any bytes are a genome', () => {
    fc.assert(
      fc.property(genomes(4, 50), fc.uint8Array({ maxLength: 40 }), (genome, bytes) => {
        const normal = normalGenome(genome, 4);
        expect(normalGenome(unpackGenome(packGenome(normal), 4, 50), 4)).toEqual(normal);
        const read = normalGenome(unpackGenome(bytes, 4, 50), 4);
        expect([...read.order].sort()).toEqual([0, 1, 2, 3]);
        for (const p of read.preempts) expect(p.step).toBeLessThanOrEqual(50);
      }),
    );
  });
});
