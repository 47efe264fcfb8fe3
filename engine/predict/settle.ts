// Settle: what becomes of one abstract cycle - refuted with a reason, or searched for in the program it comes down to.
import type { CycleStatus } from '../../corpus/schema/forms.js';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import type { SearchFind } from '../../corpus/schema/verdict.js';
import { MAX_TASKS } from '../model/choice.js';
import { compile } from '../model/compile.js';
import { replay } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { type ReachGoal, reachSteps } from '../shrink/reach.js';
import { type Candidate, compose } from './candidate.js';
import { construct } from './construct.js';
import type { AbstractCycle, Fault, GraphNode } from './cycles.js';
import type { MustPrecede } from './must-order.js';
import type { PredictSource } from './source.js';

/** What became of a cycle. */
export interface Settled {
  readonly status: CycleStatus;
  /** One sentence. */
  readonly why: string;
  /** True if every schedule was covered, or the reason holds for every schedule. */
  readonly complete: boolean;
  readonly candidate: LoweredProgram | null;
  /** The deadlock in `candidate.program`. */
  readonly find: SearchFind | null;
  /** For each task of the candidate: index of the source it comes from. */
  readonly taskSources: readonly number[];
  /** A genome that goes for the cycle straight on: each task up to its request, one after the other. */
  readonly aim: Genome | null;
}

const NOTHING = { candidate: null, find: null, taskSources: [], aim: null } as const;

function taskName(sources: readonly PredictSource[], node: GraphNode): string {
  return sources[node.source]?.lowered.program.tasks[node.dependency.task]?.name ?? '?';
}

function siteName(sources: readonly PredictSource[], node: GraphNode, op: number): string {
  const site = sources[node.source]?.lowered.program.tasks[node.dependency.task]?.body[op]?.site ?? null;
  return site === null ? '' : ` in ${site}`;
}

function refuted(why: string): Settled {
  return { status: 'refuted', why, complete: true, ...NOTHING };
}

function className(sources: readonly PredictSource[], node: GraphNode, key: string): string {
  const at = node.holds.indexOf(key);
  const held = node.dependency.holds[at]?.resource;
  const resource = held ?? node.dependency.want.resource;
  if (resource.of !== 'lock') return key;
  return sources[node.source]?.lowered.program.locks.find((l) => l.id === resource.lock)?.class ?? key;
}

function judge(sources: readonly PredictSource[], nodes: readonly GraphNode[], fault: Fault): Settled {
  switch (fault.why) {
    case 'same-task':
      return refuted(
        `${sources[fault.source]?.lowered.program.tasks[fault.task]?.name ?? 'one task'} takes both orders, one after the other: it cannot wait for itself`,
      );
    case 'modes': {
      const node = nodes.find((n) => n.holds.includes(fault.key)) ?? nodes[0];
      const name = node === undefined ? fault.key : className(sources, node, fault.key);
      return refuted(`${name} is only taken for reading there, and readers do not keep each other out`);
    }
    case 'gate': {
      const name = className(sources, fault.a, fault.key);
      const both = [fault.a, fault.b].map((n) => {
        const op = n.dependency.holds[n.holds.indexOf(fault.key)]?.op ?? -1;
        return `${taskName(sources, n)}${siteName(sources, n, op)}`;
      });
      const ids = [fault.a, fault.b].map((n) => {
        const { resource } = n.dependency.holds[n.holds.indexOf(fault.key)] ?? n.dependency.want;
        return resource.of === 'lock' ? resource.lock : '';
      });
      const oneObject =
        (fault.a.source === fault.b.source && ids[0] === ids[1]) ||
        [fault.a, fault.b].every((n) => sources[n.source]?.single?.has(name) === true);
      if (oneObject)
        return refuted(
          `${both.join(' and ')} both hold ${name} at that point: only one of them can be there`,
        );
      return {
        status: 'open',
        why: `${both.join(' and ')} both hold a ${name}: a deadlock only if these are two different objects, which the recording does not say`,
        complete: false,
        ...NOTHING,
      };
    }
    default: {
      const never: never = fault;
      return never;
    }
  }
}

function orderedAway(
  sources: readonly PredictSource[],
  nodes: readonly GraphNode[],
  order: (source: number) => MustPrecede,
): string | null {
  for (const a of nodes) {
    for (const b of nodes) {
      if (a === b || a.source !== b.source) continue;
      if (a.dependency.want.how === 'interrupted') continue;
      if (order(a.source)(a.dependency.task, a.dependency.op, b.dependency.task, b.dependency.op)) {
        const recorded = sources[a.source]?.lowered.orders?.find(
          (o) => o.before === taskName(sources, a) && o.after === taskName(sources, b),
        );
        if (recorded !== undefined) return recorded.why;
        return `${taskName(sources, b)} gets there only after ${taskName(sources, a)} is past its own request (fork, join, after or signal order)`;
      }
    }
  }
  return null;
}

function goalOf(candidate: Candidate, nodes: readonly GraphNode[]): ReachGoal {
  const wanted = candidate.goal.reduce((mask, g) => mask | (1 << g.task), 0);
  const fixed = candidate.goal.filter((_, i) => nodes[i]?.dependency.want.how !== 'interrupted');
  return {
    hopeless: (m) => fixed.some((g) => m.pc(g.task) > g.op),
    matches: (m) => {
      if (fixed.some((g) => m.pc(g.task) !== g.op)) return false;
      const verdict = m.finished();
      if (verdict?.kind !== 'deadlock') return false;
      return verdict.cycle.reduce((mask, t) => mask | (1 << t), 0) === wanted;
    },
  };
}

/** True if the schedule can be followed step by step and ends in the goal. */
function leadsTo(machine: Machine, schedule: readonly number[], goal: ReachGoal): boolean {
  machine.reset();
  for (const choice of schedule) {
    if (!machine.canAct(choice)) return false;
    machine.act(choice);
  }
  return machine.finished() !== null && goal.matches(machine);
}

/** Runs the tasks of the goal one after the other, each up to its request: ends in the cycle if nothing interferes. */
function aimOf(candidate: Candidate): Genome {
  const preempts: { step: number; task: number }[] = [];
  let step = 0;
  candidate.goal.forEach((g, i) => {
    if (i > 0) preempts.push({ step, task: g.task });
    step += Math.max(0, g.op);
  });
  return { order: candidate.goal.map((g) => g.task), preempts };
}

/** Null if the cycle is no candidate: the recordings contradict that its locks are the same objects. */
export function* settleSteps(
  sources: readonly PredictSource[],
  cycle: AbstractCycle,
  order: (source: number) => MustPrecede,
  maxStates: number,
): Generator<number, Settled | null> {
  const { nodes, fault } = cycle;
  if (fault !== null) return judge(sources, nodes, fault);
  const ordered = orderedAway(sources, nodes, order);
  if (ordered !== null) return refuted(ordered);
  const composed = compose(sources, nodes);
  if (!composed.ok) {
    if (composed.contradicted) return null;
    return { status: 'open', why: composed.why, complete: false, ...NOTHING };
  }
  // Most flags stand right from the start: then those who set them are only in the way of a search.
  const alone = readsFlags(composed.candidate) ? compose(sources, nodes, false) : null;
  if (alone?.ok === true && alone.candidate.taskSources.length < composed.candidate.taskSources.length) {
    const settled = yield* settleCandidate(alone.candidate, nodes, maxStates);
    if (settled.status === 'confirmed') return settled;
  }
  return yield* settleCandidate(composed.candidate, nodes, maxStates);
}

function readsFlags({ lowered }: Candidate): boolean {
  return lowered.program.flags.length > 0;
}

/** More tasks than can be searched: sorting gives the schedule, proves that there is none, or leaves it open. */
function settleLarge(candidate: Candidate): Settled {
  const { program } = candidate.lowered;
  const about = { candidate: candidate.lowered, taskSources: candidate.taskSources, aim: null };
  const built = construct(program, candidate.goal);
  if (built.is === 'infeasible')
    return { status: 'refuted', why: built.why, complete: true, ...about, find: null };
  if (built.is === 'schedule') {
    const { verdict, steps, schedule } = replay(program, built.schedule);
    if (verdict.kind === 'deadlock' && verdict.cycle.length === candidate.goal.length) {
      const find = { kind: verdict.kind, tasks: [...verdict.cycle].sort((a, b) => a - b), verdict, schedule };
      return {
        status: 'confirmed',
        why: `a schedule of ${steps} steps ends in it`,
        complete: true,
        ...about,
        find,
      };
    }
  }
  const why = `it takes ${program.tasks.length} tasks, more than the ${MAX_TASKS} that are searched at once`;
  return { status: 'open', why, complete: false, ...NOTHING };
}

function* settleCandidate(
  candidate: Candidate,
  nodes: readonly GraphNode[],
  maxStates: number,
): Generator<number, Settled> {
  const { program } = candidate.lowered;
  if (program.tasks.length > MAX_TASKS) return settleLarge(candidate);
  const compiled = compile(program);
  if (!compiled.ok) throw new Error(`candidate ${program.name} is ill-formed: ${compiled.reason}`);
  const machine = new Machine(compiled.compiled);
  const goal = goalOf(candidate, nodes);
  const about = {
    candidate: candidate.lowered,
    taskSources: candidate.taskSources,
    aim: aimOf(candidate),
  };
  const built = construct(program, candidate.goal);
  if (built.is === 'infeasible') {
    return { status: 'refuted', why: built.why, complete: true, ...about, find: null };
  }
  const works = built.is === 'schedule' && leadsTo(machine, built.schedule, goal);
  const reached = works
    ? { schedule: built.schedule, complete: true, states: 0 }
    : yield* reachSteps(machine, goal, maxStates);
  const { schedule, states } = reached;
  if (schedule === null) {
    if (reached.complete) {
      const why = `no schedule of these ${program.tasks.length} tasks reaches it: all ${states} states were searched`;
      return { status: 'refuted', why, complete: true, ...about, find: null };
    }
    const why = `not reached in ${states} states, and there are more`;
    return { status: 'open', why, complete: false, ...about, find: null };
  }
  machine.reset();
  for (const choice of schedule) machine.act(choice);
  const verdict = machine.finished();
  if (verdict?.kind !== 'deadlock') throw new Error(`the schedule of ${program.name} does not replay`);
  const find: SearchFind = {
    kind: 'deadlock',
    tasks: [...verdict.cycle].sort((a, b) => a - b),
    verdict,
    schedule,
  };
  const why = `a schedule of ${machine.steps} steps ends in it`;
  return { status: 'confirmed', why, complete: true, ...about, find };
}
