// Laws of schedulers: a run replays to the same end, and its genome makes the same steps.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Program } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import { taskOf } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { replayGenome } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { PLAIN_SHAPE, randomProgram } from '../model/random-program.js';
import { xorshift } from '../rng.js';
import { runGenome } from './genome.js';
import { indexGenome, nameGenome } from './genome-names.js';
import { genomeOf, roughGenomeOfRun } from './genome-of.js';
import { SCHEDULERS } from './list.js';
import { replaySchedule } from './replay.js';
import { run } from './run.js';

function anyProgram(seed: number, tasks = 4): Program {
  const rng = xorshift(seed);
  const wild = rng.below(2) === 1;
  return randomProgram(rng, {
    ...PLAIN_SHAPE,
    tasks,
    ops: 6,
    kinds: wild ? LOCK_KINDS : ['mutex', 'rwsem'],
    oddities: wild ? 25 : 0,
    tries: wild,
    flags: wild,
    forks: wild,
    irqs: wild,
    rules: true,
    unfair: 20,
  });
}

/** Tasks of the steps, without the transitions that only wait. */
function steps(program: Program, schedule: readonly number[]): number[] {
  const machine = new Machine(compileOrThrow(program));
  return schedule.flatMap((choice) => {
    const before = machine.steps;
    machine.act(choice);
    return machine.steps > before ? [taskOf(choice)] : [];
  });
}

describe.each(SCHEDULERS.map((make) => [make().name, make] as const))('%s', (_name, make) => {
  it('gives a schedule that replays, and the same one for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (programSeed, seed) => {
        const machine = new Machine(compileOrThrow(anyProgram(programSeed)));
        const first = run(machine, make(), xorshift(seed), 1000);
        expect(run(machine, make(), xorshift(seed), 1000)).toEqual(first);
        expect(replaySchedule(machine, first.schedule)).toEqual(first);
      }),
      { numRuns: 100 },
    );
  });

  it('gives a schedule whose genome makes the same steps', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.constantFrom(3, 5, 8), (programSeed, seed, tasks) => {
        const program = anyProgram(programSeed, tasks);
        const machine = new Machine(compileOrThrow(program));
        const first = run(machine, make(), xorshift(seed), 1000);
        const genome = genomeOf(program, first.schedule);
        const again = runGenome(machine, genome, 1000);
        expect(again.verdict).toEqual(first.verdict);
        expect(steps(program, again.schedule)).toEqual(steps(program, first.schedule));
        const rough = runGenome(machine, roughGenomeOfRun(machine, first.schedule), 1000);
        expect(rough.verdict).toEqual(first.verdict);
        expect(steps(program, rough.schedule)).toEqual(steps(program, first.schedule));
        const interpreted = replayGenome(program, genome);
        expect(interpreted.schedule).toEqual(again.schedule);
        expect(indexGenome(program, nameGenome(program, genome))).toEqual(genome);
      }),
      { numRuns: 70 },
    );
  });
});

describe('schedulers', () => {
  it('each finds both ends of two tasks that meet at two locks', () => {
    const kinds = ['mutex'] as const;
    // A B in one task, B A in the other: found by drawing until both orders and the deadlock were there.
    const body = (locks: readonly string[]): Program['tasks'][number]['body'] =>
      [...locks, ...locks.toReversed()].map((lock, i) => ({
        ...(i < locks.length
          ? { do: 'lock' as const, lock, mode: 'exclusive' as const, attempt: false }
          : { do: 'unlock' as const, lock }),
        guard: null,
        site: null,
        frames: [],
        line: null,
      }));
    const task = { function: null, cpu: null, irq: null, after: null };
    const program: Program = {
      name: 'ab-ba',
      locks: ['A', 'B'].map((id) => ({ id, kind: kinds[0], units: 1, class: id, rules: [] })),
      flags: [],
      tasks: [
        { ...task, name: 'one', body: body(['A', 'B']) },
        { ...task, name: 'two', body: body(['B', 'A']) },
      ],
    };
    const machine = new Machine(compileOrThrow(program));
    for (const make of SCHEDULERS) {
      const ends = new Set<string>();
      const first = new Set<number>();
      for (let seed = 1; seed <= 200; seed++) {
        const { verdict, schedule } = run(machine, make(), xorshift(seed), 100);
        ends.add(verdict.kind);
        first.add(schedule[0] ?? -1);
      }
      expect([make().name, [...ends].sort()]).toEqual([make().name, ['completed', 'deadlock']]);
      expect(first).toEqual(new Set([0, 1]));
    }
  });
});

describe('genomes', () => {
  it('are all valid', () => {
    const number = fc.integer({ min: -2, max: 9 });
    const anyGenome: fc.Arbitrary<Genome> = fc.record({
      order: fc.array(number),
      preempts: fc
        .array(fc.record({ step: fc.nat(12), task: number }), { maxLength: 6 })
        .map((list) => list.sort((a, b) => a.step - b.step)),
    });
    fc.assert(
      fc.property(fc.nat(), anyGenome, (seed, genome) => {
        const program = anyProgram(seed);
        const result = runGenome(new Machine(compileOrThrow(program)), genome, 1000);
        expect(result.verdict.kind).not.toBe('out-of-steps');
        const interpreted = replayGenome(program, genome);
        expect(interpreted.schedule).toEqual(result.schedule);
        expect(interpreted.verdict.kind).toBe(result.verdict.kind);
      }),
      { numRuns: 300 },
    );
  });

  it('need no preemption where tasks run one after the other', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const program = anyProgram(seed);
        const machine = new Machine(compileOrThrow(program));
        const plain = runGenome(machine, { order: [2, 0, 3, 1], preempts: [] }, 1000);
        expect(genomeOf(program, plain.schedule).preempts).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('end at the step limit', () => {
    const program = anyProgram(4);
    const result = runGenome(new Machine(compileOrThrow(program)), { order: [], preempts: [] }, 1);
    expect([result.verdict.kind, result.steps]).toEqual(['out-of-steps', 1]);
  });
});

describe('random numbers', () => {
  it('repeat with the seed and stay below the bound', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1000 }), (seed, bound) => {
        const a = xorshift(seed);
        const b = xorshift(seed);
        for (let i = 0; i < 20; i++) {
          const value = a.below(bound);
          expect(value).toBe(b.below(bound));
          expect(value >= 0 && value < bound && Number.isInteger(value)).toBe(true);
        }
      }),
    );
  });

  it('are spread evenly enough', () => {
    const rng = xorshift(1);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 80_000; i++) counts[rng.below(8)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
