// Moves: what each transition of a schedule did, watched on the machine.
import type { Op, Program } from '../corpus/schema/program.js';
import type { Schedule } from '../corpus/schema/schedule.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import { taskIn } from '../engine/model/choice.js';
import { type Run, runOf } from '../engine/model/interpreted.js';
import type { Move } from './scene.js';

/**
 * Runs the schedule. The verdict is `out-of-steps` if the schedule ends before the run does. Throws if the program
 * is ill-formed or the schedule asks a task to act that cannot.
 */
export function movesOf(program: Program, schedule: Schedule): { moves: Move[]; verdict: Verdict } {
  const machine = runOf(program);
  const flags = new Map(program.flags.map((flag) => [flag.id, flag.set]));
  const moves: Move[] = [];
  for (const choice of schedule) {
    const task = taskIn(program.tasks.length, choice);
    if (!machine.canAct(task)) {
      if (machine.finished() !== null) break;
      throw new Error(`moves: task ${task} of ${program.name} cannot act after ${moves.length} transitions`);
    }
    const at = machine.pc(task);
    const stepsBefore = machine.steps;
    const op = program.tasks[task]?.body[at];
    if (op === undefined) throw new Error(`moves: task ${task} of ${program.name} has no op ${at}`);
    machine.act(choice);
    moves.push({ task, op: at, outcome: outcome(machine, stepsBefore, op, task, at, flags) });
  }
  return { moves, verdict: machine.finished() ?? { kind: 'out-of-steps' } };
}

function outcome(
  machine: Run,
  stepsBefore: number,
  op: Op,
  task: number,
  at: number,
  flags: Map<string, boolean>,
): Move['outcome'] {
  if (machine.steps === stepsBefore && machine.isWaiting(task)) return 'waits';
  if (op.guard !== null && flags.get(op.guard.flag) !== op.guard.when) return 'skipped';
  if (op.do === 'set') flags.set(op.flag, true);
  if (op.do === 'clear') flags.set(op.flag, false);
  const gotIt = machine.held(task).some((held) => held.op === at);
  return op.do === 'lock' && op.attempt && !gotIt && machine.pc(task) !== at + 1 ? 'missed' : 'done';
}
