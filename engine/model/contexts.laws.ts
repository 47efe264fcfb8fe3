// Programs with acquire contexts as drivers use them, drawn at random: what several test files share.
import fc from 'fast-check';
import type { Op, OpAction, Program, ProgramTask } from '../../corpus/schema/program.js';

const op = (action: OpAction): Op => ({ ...action, guard: null, site: null, frames: [], line: null });

/** What one task does: a context, and perhaps a lock around it. */
export interface Part {
  readonly order: readonly string[];
  /** Which of the locks is only tried, by its place; beyond the last: none. */
  readonly tried: number;
  /** A lock that is taken before the context begins; null: none. */
  readonly before: string | null;
  /** Taken again in the same context. */
  readonly twice: boolean;
  /** The last lock is not given back before the context ends. */
  readonly kept: boolean;
}

const NAMES = ['A', 'B', 'C', 'M'];
export const part: fc.Arbitrary<Part> = fc.record({
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

export const programOf = (
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
export const policy = fc.constantFrom<'wound-wait' | 'wait-die'>('wound-wait', 'wait-die');
export const contextPrograms = (tasks: number): fc.Arbitrary<Program> =>
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
