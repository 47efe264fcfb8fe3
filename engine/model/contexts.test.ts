// Machine and interpreter agree on acquire contexts as drivers use them: two to four locks in any order, both policies, attempts, plain mutexes in between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, OpAction, Program, ProgramTask } from '../../corpus/schema/program.js';
import { fullSteps } from '../explore/full.js';
import { findsByInterpreter } from '../explore/interpreter-search.js';
import { compare } from './agree.laws.js';
import { compileOrThrow } from './compile.js';
import { Machine } from './machine.js';

const op = (action: OpAction): Op => ({ ...action, guard: null, site: null, frames: [], line: null });

interface Part {
  readonly order: readonly string[];
  /** Which of the locks is only tried; 4: none. */
  readonly tried: number;
  /** A lock that is taken before the context begins; null: none. */
  readonly before: string | null;
  /** Taken again in the same context. */
  readonly twice: boolean;
  /** The last lock is not given back before the context ends. */
  readonly kept: boolean;
}

const NAMES = ['A', 'B', 'C', 'M'];
const part: fc.Arbitrary<Part> = fc.record({
  order: fc.shuffledSubarray(NAMES, { minLength: 1, maxLength: 3 }),
  tried: fc.nat(8),
  before: fc.option(fc.constantFrom(...NAMES), { freq: 5 }),
  twice: fc.nat(6).map((n) => n === 0),
  kept: fc.nat(9).map((n) => n === 0),
});

function bodyOf({ order, tried, before, twice, kept }: Part): Op[] {
  const lock = (id: string, attempt = false): Op => op({ do: 'lock', lock: id, mode: 'exclusive', attempt });
  const taken = order.filter((id) => id !== before);
  const body = [op({ do: 'ww', begin: true }), ...taken.map((id, i) => lock(id, i === tried))];
  if (twice && taken[0] !== undefined && tried !== 0) body.push(lock(taken[0]));
  const back = [...taken].reverse().map((id) => op({ do: 'unlock', lock: id }));
  const rest = kept
    ? [...back.slice(0, -1), op({ do: 'ww', begin: false }), ...back.slice(-1)]
    : [...back, op({ do: 'ww', begin: false })];
  return before === null
    ? [...body, ...rest]
    : [lock(before), ...body, ...rest, op({ do: 'unlock', lock: before })];
}

const programOf = (
  parts: readonly Part[],
  policies: readonly ('wound-wait' | 'wait-die')[],
  rules: boolean,
): Program => ({
  name: 'contexts',
  locks: NAMES.map((id, i) =>
    id === 'M'
      ? { id, kind: 'mutex', units: 1, class: id, rules: [] }
      : {
          id,
          kind: 'ww_mutex',
          units: 1,
          class: id,
          rules: rules && i === 0 ? ['reentrant'] : [],
          ww: policies[i]!,
        },
  ),
  flags: [],
  tasks: parts.map(
    (one, i): ProgramTask => ({
      name: `T${i}`,
      function: null,
      cpu: null,
      irq: null,
      after: null,
      body: bodyOf(one),
    }),
  ),
});
const policy = fc.constantFrom<'wound-wait' | 'wait-die'>('wound-wait', 'wait-die');
const programs = (tasks: number): fc.Arbitrary<Program> =>
  fc
    .tuple(
      fc.array(part, { minLength: 2, maxLength: tasks }),
      fc.oneof(
        policy.map((one) => [one, one, one]),
        fc.tuple(policy, policy, policy),
      ),
      fc.nat(5),
    )
    .map(([parts, policies, odd]) => programOf(parts, policies, odd === 0));

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
      fc.property(programs(4), fc.nat(), (program, seed) => {
        for (let run = 0; run < 8; run++) compare(program, seed * 7 + run);
      }),
      { numRuns: 300 },
    );
  });

  it('machine and interpreter find the same ends in every order', () => {
    let some = 0;
    fc.assert(
      fc.property(programs(2), (program) => {
        const { found, complete } = ends(program);
        expect(complete).toBe(true);
        expect(found).toEqual(findsByInterpreter(program, 100_000));
        some += found.length;
      }),
      { numRuns: 120 },
    );
    expect(some).toBeGreaterThan(20);
  });

  it('that take all they want within one context never wait for ever, in whatever order they take it', () => {
    const clean = part.map(
      (one): Part => ({ ...one, order: one.order.filter((id) => id !== 'M'), before: null, kept: false }),
    );
    fc.assert(
      fc.property(fc.array(clean, { minLength: 2, maxLength: 3 }), policy, (parts, one) => {
        const program = programOf(
          parts.filter(({ order }) => order.length > 0),
          [one, one, one],
          false,
        );
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
});
