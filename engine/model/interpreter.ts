// Interpreter: the lock model a second time, slow and plain, so that no witness rests on the machine alone.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome, Schedule } from '../../corpus/schema/schedule.js';
import type { Verdict } from '../../corpus/schema/verdict.js';
import { hasTaken, hasToGiveWay, isInContext, wound } from './interpreter-contexts.js';
import { attempt, canBegin, giveAllBack, hittable, isOver, whyIllFormed } from './interpreter-ops.js';
import { findDeadlock, standingTasks } from './interpreter-waits.js';
import { type Cpu, makeWorld, type World } from './interpreter-world.js';

/**
 * Written from the text of the contract with objects and maps; shares nothing with machine.ts, rules.ts, compile.ts
 * and waits-for.ts but types. It replays every witness before it is stored.
 */
export interface Replay {
  readonly verdict: Verdict;
  /** Ops done. */
  readonly steps: number;
  /** Transitions made. */
  readonly schedule: Schedule;
}

/** Follows a schedule. `out-of-steps` if it ends, or names who cannot act, before the run is over. */
export function replay(program: Program, schedule: Schedule): Replay {
  return follow(program, (_world, done) => schedule[done] ?? -1);
}

/** Runs a genome, by the same words as engine/schedulers/genome.ts. `maxSteps` is a number of ops. */
export function replayGenome(program: Program, genome: Genome, maxSteps = Number.POSITIVE_INFINITY): Replay {
  const order: number[] = [];
  for (const t of genome.order) if (t >= 0 && t < program.tasks.length && !order.includes(t)) order.push(t);
  for (let t = 0; t < program.tasks.length; t++) if (!order.includes(t)) order.push(t);
  let unused = [...genome.preempts];
  return follow(program, (world) => {
    if (world.steps >= maxSteps) return -1;
    const able = abilities(world);
    unused = unused.filter((p) => p.step >= world.steps);
    if (unused[0]?.step === world.steps) {
      const { task, over } = unused[0];
      unused = unused.slice(1);
      if (able.includes(task)) return over === undefined ? task : entry(world, task, over);
    }
    if (world.last !== null && able.includes(world.last)) return world.last;
    return order.find((t) => able.includes(t)) ?? -1;
  });
}

/** The entry for `task` interrupting the CPU of `victim`, as corpus/schema/schedule.ts writes it. */
function entry(world: World, task: number, victim: number): number {
  const cpu = world.tasks[victim]?.cpu ?? null;
  if (cpu === null || !hittable(world, task).includes(cpu)) return task;
  return task + world.stride * (world.cpus.indexOf(cpu) + 1);
}

function follow(program: Program, pick: (world: World, done: number) => number): Replay {
  const reason = whyIllFormed(program);
  if (reason !== null) return { verdict: { kind: 'ill-formed', reason }, steps: 0, schedule: [] };
  const world = makeWorld(program);
  const schedule: number[] = [];
  for (;;) {
    const verdict = judge(world);
    if (verdict !== null) return { verdict, steps: world.steps, schedule };
    const choice = pick(world, schedule.length);
    if (choice < 0 || !abilities(world).includes(choice % world.stride)) {
      return { verdict: { kind: 'out-of-steps' }, steps: world.steps, schedule };
    }
    transition(world, choice);
    schedule.push(choice);
  }
}

/** The tasks that can act. */
export function abilities(world: World): number[] {
  return world.tasks.map((_, t) => t).filter((t) => canAct(world, t));
}

function canAct(world: World, t: number): boolean {
  const task = world.tasks[t]!;
  if (isOver(world, t)) return false;
  if (!task.began && !canBegin(world, t)) return false;
  if (world.handlersOver(t).length > 0) return false;
  return !task.waiting || attempt(world, t) !== null || hasToGiveWay(world, t);
}

/** All entries that can come next, for a search. */
export function choices(world: World): number[] {
  return abilities(world).flatMap((t) => {
    const task = world.tasks[t]!;
    if (task.began || task.spec.irq === null || task.spec.cpu !== null) return [t];
    return hittable(world, t).map((cpu) => t + world.stride * (world.cpus.indexOf(cpu) + 1));
  });
}

/** Makes the transition of one entry. */
export function transition(world: World, choice: number): void {
  const t = choice % world.stride;
  const task = world.tasks[t]!;
  if (!task.began) {
    if (task.spec.irq !== null) {
      const wanted = world.cpus[Math.floor(choice / world.stride) - 1];
      const lands = hittable(world, t);
      const near = world.last === null ? null : world.tasks[world.last]!.cpu;
      const cpu = wanted ?? (near !== null && lands.includes(near) ? near : lands[0]!);
      task.cpu = cpu;
      cpu.handlers.push(t);
    }
    task.began = true;
  }
  world.last = t;
  const asked = task.spec.body[task.pc]!;
  const begins = !task.waiting && asked.do === 'lock' && isInContext(task, world.lock(asked.lock));
  // Who asks and holds nothing begins unhurt; a guard that does not hold asks for nothing.
  const asks = asked.guard === null || world.flags.get(asked.guard.flag) === asked.guard.when;
  const effect = attempt(world, t);
  if (begins && asks && !hasTaken(world, t)) task.wounded = false;
  if (effect === null) {
    if (hasToGiveWay(world, t)) {
      giveAllBack(world, t);
      task.gaveWay = true;
      task.wounded = false;
    }
    task.waiting = true;
    const op = task.spec.body[task.pc]!;
    if (op.do === 'lock') wound(world, t, world.lock(op.lock));
    if (op.do === 'sync') task.snapshot = new Set(world.lock(op.lock).holds.map((hold) => hold.task));
    return;
  }
  const next = effect();
  if (next === 'violated') return;
  task.waiting = false;
  task.snapshot = null;
  task.pc = next;
  world.steps++;
  if (isOver(world, t) && task.spec.irq !== null && task.cpu !== null) leave(task.cpu, t, task.spec.irq);
}

/** The handler returns: what it interrupted finds interrupts as they were, which is on, or it had not begun. */
function leave(cpu: Cpu, handler: number, level: 'hard' | 'soft'): void {
  cpu.handlers = cpu.handlers.filter((h) => h !== handler);
  cpu.irqsOn = true;
  if (level === 'soft') cpu.bhOff = 0;
}

/** How the run has ended, or null. */
export function judge(world: World): Verdict | null {
  if (world.violation !== null) return { kind: 'violated', ...world.violation };
  const deadlock = findDeadlock(world);
  if (deadlock !== null) return { kind: 'deadlock', ...deadlock };
  if (abilities(world).length > 0) return null;
  if (!world.tasks.some((task) => task.waiting)) return { kind: 'completed' };
  return { kind: 'stranded', tasks: standingTasks(world) };
}
