// Tests that compiled programs and layouts of many programs share one hidden class: else V8 compiles the machine anew for each.
import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { xorshift } from '../rng.js';
import { compileOrThrow } from './compile.js';
import { Machine } from './machine.js';
import { PLAIN_SHAPE, randomProgram } from './random-program.js';

setFlagsFromString('--allow-natives-syntax');
const isAlike = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

describe('machines of many programs', () => {
  it('are made of objects of one form', () => {
    const machines = Array.from(
      { length: 40 },
      (_, seed) => new Machine(compileOrThrow(randomProgram(xorshift(seed + 1), PLAIN_SHAPE))),
    );
    const last = machines.at(-1)!;
    for (const { compiled, layout } of machines.slice(20)) {
      expect(isAlike(compiled, last.compiled)).toBe(true);
      expect(isAlike(layout, last.layout)).toBe(true);
    }
    expect(isAlike({ a: 1 }, { b: 1 })).toBe(false);
  });
});
