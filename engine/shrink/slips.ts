// Slips: other bad ends that come to light while a find is shrunk, as schedules of the whole program.
import type { Program } from '../../corpus/schema/program.js';
import type { Schedule } from '../../corpus/schema/schedule.js';
import { taskOf } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import type { KeptTask } from './edit.js';
import { follow, type Outcome } from './outcome.js';
import { sameShape, shapeText } from './shape.js';
import { quickSteps } from './shrink.js';

/** Candidates of one shrinking are many, and what they slip into mostly the same. */
const MOST_SLIPS = 8;
/** Sum of the sizes of the candidates that are looked at: hundreds of small ones, of large ones the first, which lack whole tasks. */
const MOST_WEIGHT = 30_000;

/**
 * Does in the whole program what a schedule does in a smaller one, with the ops between that are gone there, and carries it on to
 * its end: a candidate that lost a lock may run into what the whole program never does, so only what happens here counts.
 */
export function lifted(
  whole: Machine,
  kept: readonly KeptTask[],
  small: Machine,
  schedule: Schedule,
): Outcome {
  whole.reset();
  small.reset();
  const done: number[] = [];
  const act = (task: number): void => {
    whole.act(task);
    done.push(task);
  };
  for (const choice of schedule) {
    const task = taskOf(choice);
    const to = kept[task];
    const op = to?.ops[small.pc(task)];
    small.act(choice);
    if (to === undefined || op === undefined) continue;
    while (whole.pc(to.from) < op && whole.canStep(to.from)) act(to.from);
    if (whole.pc(to.from) === op && whole.canAct(to.from)) act(to.from);
  }
  return follow(whole, done);
}

/**
 * Schedules of the program that end badly in another way than this one does, each shape once: met where a smaller
 * candidate kept its schedule and lost its shape, and seen to happen in the whole program too. Looks at candidates of
 * `weight` ops in all, so that the ends of large programs cost no more than those of small ones.
 */
export function slipsOf(program: Program, schedule: Schedule, weight = MOST_WEIGHT): Schedule[] {
  const whole = new Machine(compileOrThrow(program));
  const { shape } = follow(whole, schedule);
  if (shape === null) return [];
  const slips = new Map<string, Schedule>();
  const quick = quickSteps(program, schedule, (kept, small, outcome) => {
    if (slips.size >= MOST_SLIPS) return;
    const end = lifted(whole, kept, small, outcome.schedule);
    if (end.shape === null || sameShape(end.shape, shape)) return;
    const text = shapeText(end.shape);
    if (!slips.has(text)) slips.set(text, end.schedule);
  });
  let left = weight;
  for (let step = quick.next(); step.done !== true && left > 0; step = quick.next()) left -= step.value;
  return [...slips.values()];
}
