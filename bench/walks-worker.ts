// Worker thread of walks: makes random walks for some time once it is told to, and says how many steps that were.
import { parentPort, workerData } from 'node:worker_threads';
import { plainProgram } from '../engine/explore/plain-program.js';
import { ExclusiveWalk } from '../engine/fuzz/exclusive-walk.js';
import { compileOrThrow } from '../engine/model/compile.js';
import { ordered } from './made-programs.js';

const { ms, seed } = workerData as { readonly ms: number; readonly seed: number };
const plain = plainProgram(compileOrThrow(ordered(8, 12, 40)));
const walk = plain === null ? null : ExclusiveWalk.of(plain);
if (walk === null) throw new Error('the program does not fit the walk over exclusive locks');
/** Steps of so many milliseconds. */
function during(time: number): number {
  let steps = 0;
  let next = seed;
  for (const until = performance.now() + time; performance.now() < until; )
    for (let i = 0; i < 100; i++) {
      next = Math.imul(next, 2654435761) | 1;
      walk!.run(next, false);
      steps += walk!.steps;
    }
  return steps;
}
during(200);
parentPort?.on('message', () => parentPort?.postMessage(during(ms)));
parentPort?.postMessage('ready');
