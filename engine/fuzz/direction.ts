// Direction: the cycles that a program's lock-order graph shows, and how near a run came to each of them.
import type { Program } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import type { Machine } from '../model/machine.js';
import { enumerateCycles, type GraphNode } from '../predict/cycles.js';
import { dependenciesOf, resourceKey } from '../predict/dependencies.js';
import { type Feedback, mix } from './feedback/feedback.js';

/** Where one task has to stand, each other one at its place at the same time. */
export interface Goal {
  readonly task: number;
  /** Op that it is about to do: its request, or the one before which the interrupt comes. */
  readonly op: number;
}

/** One abstract cycle: it is reached where all its goals are. */
export type Direction = readonly Goal[];

/** Cycles that are aimed at, and paths of the graph that are looked at for them. */
const MOST_DIRECTIONS = 8;
const PATHS = 4_000;

/** Cycles of the program that nothing in the graph refutes. */
export function directionsOf(program: Program): Direction[] {
  const nodes = dependenciesOf(program).map(
    (dependency): GraphNode => ({
      source: 0,
      who: String(dependency.task),
      dependency,
      want: resourceKey(dependency.want.resource),
      holds: dependency.holds.map((h) => resourceKey(h.resource)),
    }),
  );
  const cycles = enumerateCycles(nodes, {
    length: program.tasks.length,
    longerThan: 0,
    cycles: MOST_DIRECTIONS,
    faulty: 0,
    steps: PATHS,
  });
  const found: Direction[] = [];
  for (let next = cycles.next(); next.done !== true; next = cycles.next()) {
    if (next.value === null || next.value.fault !== null) continue;
    found.push(next.value.nodes.map(({ dependency: { task, op } }) => ({ task, op })));
  }
  return found;
}

/** A genome that goes for the cycle straight on: each task up to its goal, one after the other. */
export function aimAt(direction: Direction): Genome {
  const preempts: { step: number; task: number }[] = [];
  let step = 0;
  direction.forEach(({ task, op }, i) => {
    if (i > 0) preempts.push({ step, task });
    step += op;
  });
  return { order: direction.map(({ task }) => task), preempts };
}

/** How near the runs of one machine come to some directions. */
export interface Nearness {
  /** Tells each new distance of a run as a feature. */
  readonly feedback: Feedback;
  /** By direction: the fewest ops that its tasks still had to go, all at one moment of the last run. */
  away(): readonly number[];
}

const SALT = 0x4e454152;

/**
 * The distance to a direction is the sum of the ops that each task has to go to its goal; a task that is past its goal is a
 * whole body away. That it holds there what the cycle needs follows from its place in a straight-line body.
 */
export function nearness(program: Program, directions: readonly Direction[]): Nearness {
  const size = program.tasks.map(({ body }) => body.length + 1);
  const goals = program.tasks.map((_, t) =>
    directions.flatMap((direction, d) =>
      direction.flatMap(({ task, op }) => (task === t ? [{ direction: d, op }] : [])),
    ),
  );
  const start = directions.map((direction) => direction.reduce((sum, { op }) => sum + op, 0));
  const now = [...start];
  const least = [...start];
  const togo = (task: number, op: number, pc: number): number => (pc <= op ? op - pc : (size[task] ?? 0));
  const before = program.tasks.map(() => 0);
  return {
    feedback: {
      name: 'nearness',
      budget: 2048,
      begin: () => {
        for (let d = 0; d < start.length; d++) {
          now[d] = start[d]!;
          least[d] = start[d]!;
        }
        before.fill(0);
      },
      step: (machine: Machine, { task }, emit) => {
        const pc = machine.pc(task);
        const was = before[task]!;
        if (pc === was) return;
        before[task] = pc;
        for (const { direction, op } of goals[task]!) {
          now[direction]! += togo(task, op, pc) - togo(task, op, was);
          if (now[direction]! >= least[direction]!) continue;
          least[direction] = now[direction]!;
          emit(mix(mix(SALT, direction), now[direction]!));
        }
      },
    },
    away: () => [...least],
  };
}
