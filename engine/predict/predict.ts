// Predict: the lock-order cycles of some programs, each confirmed by a schedule, refuted with a reason, or open.
import type { CycleStatus } from '../../corpus/schema/forms.js';
import type { LoweredProgram } from '../../corpus/schema/program.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import type { SearchFind } from '../../corpus/schema/verdict.js';
import { drain } from '../shrink/reach.js';
import { type CycleCount, type CycleLimits, enumerateCycles, type GraphNode } from './cycles.js';
import { dependenciesOf } from './dependencies.js';
import { type MustPrecede, mustOrder } from './must-order.js';
import { type Settled, settleSteps } from './settle.js';
import { classStem, type PredictSource, sharesCapture } from './source.js';
import { byClass, byInstance, isByInstance } from './views.js';

export interface PredictLimits {
  /** Cycles looked into, in all. */
  readonly cycles: number;
  /** Longest cycle. */
  readonly length: number;
  /** Paths of the graph tried in each of its views. */
  readonly paths: number;
  /** States of the search for one cycle. */
  readonly states: number;
  /** Refuted cycles that are told. */
  readonly refuted: number;
}

export const PREDICT_LIMITS: PredictLimits = {
  cycles: 2000,
  length: 256,
  paths: 2_000_000,
  states: 100_000,
  refuted: 200,
};

/** One lock-order cycle, and what became of it. */
export interface PredictedCycle {
  /** Classes of the wanted locks in waits-for order, in canonical rotation. */
  readonly classes: readonly string[];
  /** Names of the tasks, in the same order; more than classes where a task waits for no lock. */
  readonly tasks: readonly string[];
  readonly status: CycleStatus;
  /** One sentence: the refutation, or what stands behind the status. */
  readonly why: string;
  /** True if every schedule was covered. */
  readonly complete: boolean;
  /** The small program it comes down to; null if it was refuted, or left open, without one. */
  readonly candidate: LoweredProgram | null;
  /** For `confirmed`: the deadlock, in terms of `candidate.program`. */
  readonly find: SearchFind | null;
  /** Indices of the sources whose tasks it is made of. */
  readonly sources: readonly number[];
  /** For each task of the candidate's program: index of the source it comes from. */
  readonly taskSources: readonly number[];
  /** A genome for the candidate that goes for the cycle straight on: the seed for a fuzzer. */
  readonly aim: Genome | null;
}

export interface Prediction {
  readonly cycles: readonly PredictedCycle[];
  /** True if no limit cut the list of cycles short (each cycle says for itself whether its search was complete). */
  readonly complete: boolean;
  /** Abstract cycles looked into; several can come down to one in the list. */
  readonly considered: number;
}

/** A cycle is tried at other places of the same tasks so often before it is left at what was found. */
const TRIES = 24;

const MORE_PLACES = `not reached at the first ${TRIES} places where these tasks ask for these locks; there are more`;

/** Cycles up to the first length are looked for first, then up to the second, ... */
const LENGTHS = [2, 3, 5] as const;

const RANK: Readonly<Record<CycleStatus, number>> = { confirmed: 2, open: 1, refuted: 0 };

interface Described {
  readonly classes: readonly string[];
  readonly tasks: readonly string[];
  readonly sources: readonly number[];
  /** What makes two cycles the same to a reader. */
  readonly key: string;
}

function describeCycle(sources: readonly PredictSource[], nodes: readonly GraphNode[]): Described {
  const members = nodes.map((n) => {
    const program = sources[n.source]?.lowered.program;
    const task = program?.tasks[n.dependency.task];
    const { resource } = n.dependency.want;
    const lock = resource.of === 'lock' ? program?.locks.find((l) => l.id === resource.lock) : undefined;
    const site = n.dependency.want.how === 'interrupted' ? '' : (task?.body[n.dependency.op]?.site ?? '');
    return {
      class: lock?.class ?? null,
      task: task?.name ?? '?',
      text: [
        classStem(lock?.class ?? n.want),
        n.dependency.want.mode,
        task?.function ?? task?.name,
        site,
      ].join(' '),
    };
  });
  const rotations = members.map((_, i) => [...members.slice(i), ...members.slice(0, i)]);
  const textOf = (r: typeof members): string => r.map((m) => m.text).join('\n');
  const first = rotations.reduce((best, r) => (textOf(r) < textOf(best) ? r : best), rotations[0] ?? []);
  return {
    classes: first.flatMap((m) => (m.class === null ? [] : [m.class])),
    tasks: first.map((m) => m.task),
    sources: [...new Set(nodes.map((n) => n.source))].sort((a, b) => a - b),
    key: textOf(first),
  };
}

interface Entry {
  readonly described: Described;
  settled: Settled;
  tries: number;
}

/** `across`: only cycles that need tasks of several captures. */
export type PredictScope = 'all' | 'across';

/** True if all are of one capture. */
function isWithinOne(sources: readonly PredictSource[], nodes: readonly GraphNode[]): boolean {
  const [first] = nodes;
  const home = first === undefined ? undefined : sources[first.source];
  return nodes.every(({ source }) => {
    const other = sources[source];
    return other !== undefined && home !== undefined && sharesCapture(home, other);
  });
}

/**
 * Looks for cycles inside each program by lock instance, then across all programs by class, and settles each.
 * Pauses every few milliseconds; the number yielded is that of the cycles looked into so far.
 */
export function* predictSteps(
  sources: readonly PredictSource[],
  limits: PredictLimits = PREDICT_LIMITS,
  scope: PredictScope = 'all',
): Generator<number, Prediction> {
  const found = sources.map((s) => dependenciesOf(s.lowered.program));
  const orders = new Map<number, MustPrecede>();
  const orderOf = (source: number): MustPrecede => {
    const known = orders.get(source);
    if (known !== undefined) return known;
    const program = sources[source]?.lowered.program;
    if (program === undefined) throw new Error(`there is no source ${source}`);
    const order = mustOrder(program);
    orders.set(source, order);
    return order;
  };
  const entries = new Map<string, Entry>();
  let considered = 0;
  let told = 0;
  let complete = true;

  function* lookAt(
    nodes: readonly GraphNode[],
    skip: (n: readonly GraphNode[]) => boolean,
  ): Generator<number, void> {
    // Short cycles first: where there are too many for the limits, these are the ones to know.
    let longerThan = 0;
    for (const length of [...LENGTHS.filter((l) => l < limits.length), limits.length]) {
      const count = yield* lookUpTo(nodes, skip, length, longerThan);
      if (count.complete) return;
      if (count.full) break;
      longerThan = length;
    }
    complete = false;
  }

  function* lookUpTo(
    nodes: readonly GraphNode[],
    skip: (n: readonly GraphNode[]) => boolean,
    length: number,
    longerThan: number,
  ): Generator<number, CycleCount> {
    const bounds: CycleLimits = {
      length,
      longerThan,
      cycles: Math.max(0, limits.cycles - considered),
      faulty: Math.max(0, limits.refuted - told),
      steps: limits.paths,
    };
    const cycles = enumerateCycles(nodes, bounds);
    for (;;) {
      const { value, done } = cycles.next();
      if (done === true) return value;
      if (value === null) {
        yield considered;
        continue;
      }
      if (skip(value.nodes)) continue;
      if (value.fault === null) considered++;
      else told++;
      const described = describeCycle(sources, value.nodes);
      const known = entries.get(described.key);
      if (known !== undefined) {
        if (known.settled.status === 'confirmed' || known.tries >= TRIES) {
          if (known.settled.status !== 'confirmed' && value.fault === null) {
            known.settled = { ...known.settled, status: 'open', complete: false, why: MORE_PLACES };
          }
          continue;
        }
        known.tries++;
      }
      const settled = yield* settleSteps(sources, value, orderOf, limits.states);
      yield considered;
      if (settled === null) continue;
      if (known === undefined) entries.set(described.key, { described, settled, tries: 1 });
      else if (RANK[settled.status] > RANK[known.settled.status]) {
        entries.set(described.key, { described, settled, tries: known.tries });
      }
    }
  }

  for (let i = 0; i < sources.length && scope === 'all'; i++) {
    const source = sources[i];
    if (source !== undefined) yield* lookAt(byInstance(source, i, found[i] ?? []), () => false);
  }
  yield* lookAt(byClass(sources, found), (nodes) =>
    scope === 'all' ? isByInstance(sources, nodes) : isWithinOne(sources, nodes),
  );

  const cycles = [...entries.values()].map(
    ({ described, settled }): PredictedCycle => ({
      classes: described.classes,
      tasks: described.tasks,
      sources: described.sources,
      ...settled,
    }),
  );
  cycles.sort((a, b) => RANK[b.status] - RANK[a.status]);
  return { cycles, complete, considered };
}

/** `predictSteps` in one go. */
export function predict(
  sources: readonly PredictSource[],
  limits: PredictLimits = PREDICT_LIMITS,
): Prediction {
  return drain(predictSteps(sources, limits));
}
