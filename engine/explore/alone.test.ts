// Laws of letting a task alone go first: the ends are those of all orders, of fewer states, and never where interrupts come between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { parseLitmus } from '../../corpus/text/litmus.js';
import { compileOrThrow } from '../model/compile.js';
import { contextPrograms } from '../model/contexts.laws.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { SHAPES } from '../model/shapes.laws.js';
import { xorshift } from '../rng.js';
import { drain } from '../shrink/reach.js';
import { Alone } from './alone.js';
import { fullSteps } from './full.js';

const LIMITS = { states: 100_000 };

function searched(program: Program, isReduced: boolean): SearchResult {
  const machine = new Machine(compileOrThrow(program));
  return drain(fullSteps(machine, LIMITS, isReduced ? new Alone(machine) : null));
}

const named = ({ finds }: SearchResult): string[] =>
  finds.map(({ kind, tasks }) => `${kind} ${[...tasks].sort().join(' ')}`).sort();

/** Compares both searches; returns how many states were saved. */
function saved(program: Program): number {
  const all = searched(program, false);
  if (!all.complete) return 0;
  const some = searched(program, true);
  expect(some.complete).toBe(true);
  expect(named(some)).toEqual(named(all));
  expect(some.states).toBeLessThanOrEqual(all.states);
  for (const { schedule, kind } of some.finds) expect(replay(program, schedule).verdict.kind).toBe(kind);
  return all.states - some.states;
}

describe('letting a task alone go first', () => {
  it('leaves the ends of contexts as they are', () => {
    let states = 0;
    fc.assert(
      fc.property(contextPrograms(3), (program) => {
        states += saved(program);
      }),
      { numRuns: 150 },
    );
    expect(states).toComeUpMoreThan(1000);
  });

  it.each(
    (['contexts', 'contexts and what else there is', 'everything'] as const).map(
      (name) => [name, SHAPES[name]] as const,
    ),
  )('leaves the ends of random programs as they are: %s', (_name, shape) => {
    const sizes = fc.record({ tasks: fc.integer({ min: 2, max: 3 }), ops: fc.integer({ min: 2, max: 7 }) });
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        saved(randomProgram(xorshift(seed), { ...PLAIN_SHAPE, ...shape, ...size }));
      }),
      { numRuns: 200 },
    );
  });

  it('is for nobody where somebody may wait for a signal, or an interrupt may come', () => {
    const first = (lines: string): number => {
      const parsed = parseLitmus(`litmus 1 x\nlock A ww_mutex:wound-wait\n${lines}`);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const machine = new Machine(compileOrThrow(parsed.value.program));
      machine.act(0);
      return new Alone(machine).of(machine.actMask());
    };
    const task = 'task T cpu 0\n  ww begin\n  ww end\n';
    expect(first(task)).toBe(0);
    expect(first(`lock C completion\n${task}task U\n  wait C\ntask V\n  signal C\n`)).toBe(-1);
    expect(first(`${task}task H cpu 0 irq hard\n`)).toBe(-1);
  });
});
