// Machine and interpreter side by side: one random run of a program, compared at each step.
import { expect } from 'vitest';
import type { Program } from '../../corpus/schema/program.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { xorshift } from '../rng.js';
import { randomScheduler } from '../schedulers/random.js';
import { compileOrThrow } from './compile.js';
import { abilities, judge, replay, transition } from './interpreter.js';
import { attempt } from './interpreter-ops.js';
import { makeWorld, type World } from './interpreter-world.js';
import { Machine } from './machine.js';

/** Lock, depth and op of all that each task holds, as the machine keeps it. */
function heldBy(machine: Machine, program: Program): unknown[] {
  return program.tasks.map((_, t) =>
    machine
      .held(t)
      .map(({ lock, depth, op }) => [lock, depth, op])
      .sort(),
  );
}

/** The same of the interpreter's world. */
function holdsIn(world: World, program: Program): unknown[] {
  return program.tasks.map((_, t) =>
    program.locks
      .flatMap(({ id }, lock) =>
        world
          .lock(id)
          .holds.filter((hold) => hold.task === t)
          .map(({ depth, at }) => [lock, depth, at]),
      )
      .sort(),
  );
}

/** A verdict without the sentence, which each side words for itself. */
function bare(verdict: Verdict | null): unknown {
  if (verdict?.kind !== 'violated') return verdict;
  return { kind: verdict.kind, task: verdict.task, op: verdict.op };
}

/** Runs both under the same random schedule: who can act, how it ends, and who holds what since which op are the same at each step. */
export function compare(program: Program, seed: number): void {
  const rng = xorshift(seed);
  const machine = new Machine(compileOrThrow(program));
  const world = makeWorld(program);
  const scheduler = randomScheduler();
  const schedule: number[] = [];
  const from = new Int32Array(machine.stateWords.length);
  for (;;) {
    const mask = machine.actMask();
    expect([...program.tasks.keys()].filter((t) => mask & (1 << t))).toEqual(
      machine.over ? [] : abilities(world),
    );
    // Who could do its next op, not only begin to wait for it.
    const able = machine.over ? [] : abilities(world);
    expect(able.filter((t) => machine.canStep(t))).toEqual(able.filter((t) => attempt(world, t) !== null));
    expect(bare(machine.finished())).toEqual(bare(judge(world)));
    expect(heldBy(machine, program)).toEqual(holdsIn(world, program));
    if (machine.finished() !== null) break;
    const choice = scheduler.pick(machine, mask, rng);
    // A state that was saved and loaded goes on like the one that was not.
    machine.save(from, 0);
    machine.reset();
    machine.load(from, 0);
    machine.act(choice);
    transition(world, choice);
    schedule.push(choice);
    expect(machine.steps).toBe(world.steps);
  }
  const again = replay(program, schedule);
  expect(bare(again.verdict)).toEqual(bare(machine.finished()));
  expect(again.steps).toBe(machine.steps);
}
