// Differential test: the machine and the interpreter agree on every transition of random programs of all kinds.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import { xorshift } from '../rng.js';
import { compare } from './agree.laws.js';
import { PLAIN_SHAPE, type ProgramShape, randomProgram } from './random-program.js';

const SHAPES: Readonly<Record<string, Partial<ProgramShape>>> = {
  mutexes: {},
  'readers and writers': { kinds: ['rwsem', 'rwlock', 'mutex'], rules: true, unfair: 20 },
  'readers, writers, attempts': {
    kinds: ['rwsem', 'rwlock'],
    rules: true,
    unfair: 20,
    tries: true,
    flags: true,
    oddities: 10,
  },
  semaphores: { kinds: ['semaphore', 'mutex'], oddities: 15 },
  completions: { kinds: ['completion', 'mutex'], oddities: 30 },
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex'], oddities: 25 },
  'forks and joins': { forks: true, oddities: 30 },
  interrupts: { kinds: ['spinlock', 'rwlock'], irqs: true, oddities: 25 },
  'interrupts that wait': { kinds: ['spinlock', 'completion', 'semaphore'], irqs: true, oddities: 30 },
  contexts: { kinds: ['ww_mutex', 'ww_mutex', 'mutex'], contexts: true, locks: 4, oddities: 5 },
  'contexts and what else there is': {
    kinds: ['ww_mutex', 'ww_mutex', 'semaphore', 'completion', 'rwsem'],
    contexts: true,
    oddities: 15,
    tries: true,
    flags: true,
    rules: true,
  },
  everything: {
    kinds: LOCK_KINDS,
    contexts: true,
    oddities: 30,
    tries: true,
    flags: true,
    forks: true,
    irqs: true,
    rules: true,
    unfair: 20,
    locks: 4,
  },
};

describe('machine and interpreter agree', () => {
  it.each(Object.entries(SHAPES))('on %s', (_name, shape) => {
    const sizes = fc.record({ tasks: fc.integer({ min: 1, max: 5 }), ops: fc.integer({ min: 1, max: 7 }) });
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const program = randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, ...size });
        for (let run = 0; run < 4; run++) compare(program, seed * 7 + run);
      }),
      { numRuns: 400 },
    );
  });
});
