// Same tasks: shrinks so that the end stays that of the same tasks, where the smallest program of its shape ends with others.
import type { Program } from '../../corpus/schema/program.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import { expectationOf } from '../model/expectation.js';
import { weightOf } from './edit.js';
import { type ShrinkLimits, type ShrinkResult, type Shrunk, shrinkSteps } from './shrink.js';

function endOf({ program, verdict }: Pick<Shrunk, 'program' | 'verdict'>): string {
  return expectationOf(program, verdict)?.tasks.join(' ') ?? '';
}

/**
 * As `shrinkSteps` by shape, unless that ends with other tasks than `tasks` (names, as in an `expect` line): then with these. Still
 * `minimal` only where no candidate has the shape at all, whichever its tasks.
 */
export function* shrinkWithTasks(
  program: Program,
  schedule: Schedule,
  tasks: readonly string[],
  limits: ShrinkLimits,
): Generator<number, ShrinkResult> {
  const small = yield* shrinkSteps(program, schedule, limits);
  if (!small.ok || endOf(small.shrunk) === tasks.join(' ')) return small;
  const own = yield* shrinkSteps(program, schedule, limits, 'tasks');
  if (!own.ok || own.shrunk.grade !== 'minimal') return own;
  const { shrunk } = own;
  const again = yield* shrinkSteps(shrunk.program, shrunk.schedule, limits);
  const smallest =
    again.ok &&
    again.shrunk.grade === 'minimal' &&
    again.shrunk.steps === shrunk.steps &&
    weightOf(again.shrunk.program) === weightOf(shrunk.program);
  return smallest ? own : { ok: true, shrunk: { ...shrunk, grade: 'reduced' } };
}
