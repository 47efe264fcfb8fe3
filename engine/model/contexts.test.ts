// Machine and interpreter agree on acquire contexts as drivers use them: two to four locks in any order, both policies, attempts, plain mutexes in between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { fullSteps } from '../explore/full.js';
import { findsByInterpreter } from '../explore/interpreter-search.js';
import { compare } from './agree.laws.js';
import { compileOrThrow } from './compile.js';
import { contextPrograms, type Part, part, policy, programOf } from './contexts.laws.js';
import { replay } from './interpreter.js';
import { Machine } from './machine.js';

/** All ends by the machine, in every order. */
function ends(program: Program): { readonly found: string[]; readonly complete: boolean } {
  const machine = new Machine(compileOrThrow(program));
  const search = fullSteps(machine, { states: 200_000 });
  let step = search.next();
  while (step.done !== true) step = search.next();
  const { finds, complete } = step.value;
  return { found: finds.map(({ kind, tasks }) => `${kind} ${[...tasks].sort().join(' ')}`).sort(), complete };
}

describe('acquire contexts', () => {
  it('machine and interpreter agree at each step', () => {
    fc.assert(
      fc.property(contextPrograms(4), fc.nat(), (program, seed) => {
        for (let run = 0; run < 8; run++) compare(program, seed * 7 + run);
      }),
      { numRuns: 300 },
    );
  });

  it('machine and interpreter find the same ends in every order', () => {
    let some = 0;
    fc.assert(
      fc.property(contextPrograms(2), (program) => {
        const { found, complete } = ends(program);
        expect(complete).toBe(true);
        expect(found).toEqual(findsByInterpreter(program, 100_000));
        some += found.length;
      }),
      { numRuns: 120 },
    );
    expect(some).toComeUpMoreThan(20);
  });

  it('that take all they want within one context never wait for ever, in whatever order they take it', () => {
    const clean = part.map(
      (one): Part => ({ ...one, order: one.order.filter((id) => id !== 'M'), before: null, kept: false }),
    );
    fc.assert(
      fc.property(fc.array(clean, { minLength: 2, maxLength: 3 }), policy, (parts, one) => {
        const some = parts.filter(({ order }) => order.length > 0);
        fc.pre(some.length > 0);
        const program = programOf(some, [one, one, one], false);
        // A lock that was only tried and is given back all the same breaks a rule, and is no deadlock.
        expect(ends(program).found.filter((end) => !end.includes('violated'))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('do not help against a mutex that heeds none', () => {
    const parts: Part[] = [
      { order: ['A', 'M'], tried: 8, before: null, twice: false, kept: false },
      { order: ['A'], tried: 8, before: 'M', twice: false, kept: false },
    ];
    const program = programOf(parts, ['wound-wait', 'wound-wait', 'wound-wait'], false);
    expect(ends(program).found).toEqual(['deadlock 0 1']);
  });

  it('a task that ended with its context open gives back nothing any more', () => {
    // A law of engine/explore/alone.test.ts drew it: the attempt that fails goes past the end of the context.
    const parsed = parseLitmus(
      `litmus 1 open-at-the-end
lock S semaphore
flag G set
task T
  ww begin
  lock S
  unlock S
  unlock S
  ww end
task U
  ww begin
  when G: lock S
  lock S try
  ww end
  unlock S
`,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { program } = parsed.value;
    expect(ends(program).found).toContain('deadlock 0');
    // U takes the unit, fails to take another, and has ended; T waits for what only T itself could give back.
    expect(replay(program, [1, 1, 1, 0, 0]).verdict).toMatchObject({ kind: 'deadlock', cycle: [0] });
  });
});
