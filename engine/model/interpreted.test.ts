// Tests of the interpreter asked as a machine: the same answers at each step of random runs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { xorshift } from '../rng.js';
import { randomScheduler } from '../schedulers/random.js';
import { compileOrThrow } from './compile.js';
import { InterpretedRun, runOf } from './interpreted.js';
import { Machine } from './machine.js';
import { PLAIN_SHAPE, randomProgram } from './random-program.js';

const SHAPE = {
  kinds: LOCK_KINDS,
  oddities: 25,
  tries: true,
  flags: true,
  forks: true,
  irqs: true,
  rules: true,
};

/** Without the sentence, which each side words for itself. */
const bare = (verdict: Verdict | null): unknown =>
  verdict?.kind === 'violated' ? [verdict.task, verdict.op] : verdict;

describe('a run of the interpreter', () => {
  it('answers as the machine does', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const rng = xorshift(seed);
        const program = randomProgram(rng, { ...PLAIN_SHAPE, ...SHAPE });
        const machine = new Machine(compileOrThrow(program));
        const run = new InterpretedRun(program);
        const scheduler = randomScheduler();
        for (;;) {
          const mask = machine.actMask();
          expect(run.able()).toEqual([...program.tasks.keys()].filter((t) => mask & (1 << t)));
          expect([run.steps, run.last]).toEqual([machine.steps, machine.last]);
          for (const t of program.tasks.keys()) {
            expect([run.pc(t), run.isWaiting(t), run.canAct(t)]).toEqual([
              machine.pc(t),
              machine.isWaiting(t),
              machine.canAct(t),
            ]);
            expect([run.wants(t), run.held(t)]).toEqual([machine.wants(t), machine.held(t)]);
          }
          for (const l of program.locks.keys()) expect(run.holders(l)).toEqual(machine.holders(l));
          expect(bare(run.finished())).toEqual(bare(machine.finished()));
          if (machine.finished() !== null) break;
          const choice = scheduler.pick(machine, mask, rng);
          machine.act(choice);
          run.act(choice);
        }
        run.reset();
        expect([run.steps, run.last, run.finished()]).toEqual([0, -1, runOf(program).finished()]);
      }),
      { numRuns: 300 },
    );
  });

  it('is what a program of more than 31 tasks gets', () => {
    const tasks = (count: number) =>
      Array.from({ length: count }, (_, t) => ({
        name: `T${t}`,
        function: null,
        cpu: null,
        irq: null,
        after: null,
        body: [],
      }));
    const program = { name: 'many', locks: [], flags: [] };
    expect(runOf({ ...program, tasks: tasks(31) })).toBeInstanceOf(Machine);
    expect(runOf({ ...program, tasks: tasks(32) })).toBeInstanceOf(InterpretedRun);
  });
});
