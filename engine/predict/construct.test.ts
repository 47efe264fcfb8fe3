// Tests of layer 0: what is constructed or refuted for nested programs, against a search of all orders written from scratch.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, Program } from '../../corpus/schema/program.js';
import { construct } from './construct.js';

interface Step {
  readonly take: boolean;
  readonly lock: string;
}

/** A nested body from numbers: even ones take a lock that is not held, odd ones give back the last; at the end all is given back. */
function nested(numbers: readonly number[], locks: number): Step[] {
  const held: string[] = [];
  const steps: Step[] = [];
  for (const n of numbers) {
    const lock = String.fromCharCode(65 + ((n >> 1) % locks));
    if (n % 2 === 0 && !held.includes(lock)) {
      held.push(lock);
      steps.push({ take: true, lock });
    } else if (held.length > 0) steps.push({ take: false, lock: held.pop()! });
  }
  while (held.length > 0) steps.push({ take: false, lock: held.pop()! });
  return steps;
}

function programOf(bodies: readonly (readonly Step[])[]): Program {
  const bare = { guard: null, site: null, frames: [], line: null } as const;
  const names = [...new Set(bodies.flat().map(({ lock }) => lock))].sort();
  return {
    name: 'nested',
    locks: names.map((id) => ({ id, kind: 'mutex', units: 1, class: id, rules: [] })),
    flags: [],
    tasks: bodies.map((steps, t) => ({
      name: `t${t}`,
      function: null,
      cpu: null,
      irq: null,
      after: null,
      body: steps.map(
        ({ take, lock }): Op =>
          take
            ? { do: 'lock', lock, mode: 'exclusive', attempt: false, ...bare }
            : { do: 'unlock', lock, ...bare },
      ),
    })),
  };
}

function heldAt(steps: readonly Step[], at: number): string[] {
  const held: string[] = [];
  for (const { take, lock } of steps.slice(0, at)) {
    if (take) held.push(lock);
    else held.splice(held.lastIndexOf(lock), 1);
  }
  return held;
}

/** All choices of one request of each task such that each wants what the next one holds, and no two hold the same. */
function* rings(bodies: readonly (readonly Step[])[]): Generator<number[]> {
  const requests = bodies.map((steps) =>
    steps.flatMap(({ take }, i) => (take && heldAt(steps, i).length > 0 ? [i] : [])),
  );
  const choices = requests.reduce<number[][]>(
    (all, list) => all.flatMap((one) => list.map((i) => [...one, i])),
    [[]],
  );
  for (const at of choices) {
    const held = bodies.map((steps, t) => heldAt(steps, at[t]!));
    const closed = bodies.every((steps, t) => held[(t + 1) % bodies.length]!.includes(steps[at[t]!]!.lock));
    if (closed && new Set(held.flat()).size === held.flat().length) yield at;
  }
}

/** True if some order of steps brings each task to its place: all states are searched. */
function reachable(bodies: readonly (readonly Step[])[], goal: readonly number[]): boolean {
  const seen = new Set<string>();
  const stack = [bodies.map(() => 0)];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen.has(String(at))) continue;
    seen.add(String(at));
    if (at.every((place, t) => place === goal[t])) return true;
    const places = at;
    const taken = new Set(bodies.flatMap((steps, t) => heldAt(steps, places[t]!)));
    for (const [t, steps] of bodies.entries()) {
      if (places[t] === goal[t]) continue;
      const { take, lock } = steps[places[t]!]!;
      if (!take || !taken.has(lock)) stack.push(places.with(t, places[t]! + 1));
    }
  }
  return false;
}

describe('layer 0', () => {
  it('decides every ring of nested programs as a search of all orders does', () => {
    let possible = 0;
    let impossible = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 5 }),
        fc.array(fc.array(fc.nat(99), { minLength: 8, maxLength: 20 }), { minLength: 2, maxLength: 3 }),
        (locks, numbers) => {
          const bodies = numbers.map((list) => nested(list, locks));
          for (const goal of rings(bodies)) {
            const built = construct(
              programOf(bodies),
              goal.map((op, task) => ({ task, op })),
            );
            const truth = reachable(bodies, goal);
            expect(built.is).toBe(truth ? 'schedule' : 'infeasible');
            if (truth) possible++;
            else impossible++;
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(possible).toComeUpMoreThan(200);
    expect(impossible).toComeUpMoreThan(20);
  });
});
