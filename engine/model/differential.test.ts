// Differential test: the machine and the interpreter agree on every transition of random programs of all kinds.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { xorshift } from '../rng.js';
import { compare } from './agree.laws.js';
import { PLAIN_SHAPE, randomProgram } from './random-program.js';
import { SHAPES } from './shapes.laws.js';

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
