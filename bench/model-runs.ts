// Random schedules per second: the machine beside the plain interpreter, on philosophers and on a deep program.

import type { Program } from '../corpus/schema/program.js';
import { compile } from '../engine/model/compile.js';
import { replay } from '../engine/model/interpreter.js';
import { Machine } from '../engine/model/machine.js';
import { xorshift } from '../engine/rng.js';
import { randomScheduler } from '../engine/schedulers/random.js';
import { run } from '../engine/schedulers/run.js';
import { type Bench, type BenchResult, bestOf } from './bench.js';
import { ordered } from './made-programs.js';

async function measure(title: string, program: Program): Promise<BenchResult> {
  const compiled = compile(program);
  if (!compiled.ok) throw new Error(compiled.reason);
  const machine = new Machine(compiled.compiled);
  const runs = 2000;
  let steps = 0;
  const schedules: (readonly number[])[] = [];
  const seconds = await bestOf(3, () => {
    const rng = xorshift(1);
    const scheduler = randomScheduler();
    steps = 0;
    schedules.length = 0;
    for (let i = 0; i < runs; i++) {
      const result = run(machine, scheduler, rng, 100_000);
      steps += result.steps;
      if (schedules.length < 100) schedules.push(result.schedule);
    }
  });
  let plainSteps = 0;
  const plain = await bestOf(1, () => {
    plainSteps = 0;
    for (const schedule of schedules) plainSteps += replay(program, schedule).steps;
  });
  return {
    title,
    unit: 'steps/s',
    rows: [
      { who: 'relock machine', seconds, rate: steps / seconds },
      { who: 'plain interpreter (our own oracle)', seconds: plain, rate: plainSteps / plain },
    ],
    notes: [`${runs} random schedules, ${Math.round(runs / seconds)} a second`],
  };
}

export const modelRuns: Bench = {
  name: 'model-runs',
  about: 'random schedules on the machine, beside the plain interpreter',
  async run() {
    return [await measure('8 tasks x 12 locks x 40 ops, random schedules', ordered(8, 12, 40))];
  },
};
