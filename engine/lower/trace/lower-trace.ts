// Lowering of a tracer's capture: stretch by stretch, from millions of events to the few programs that can deadlock.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LoweredProgram } from '../../../corpus/schema/program.js';
import { momentsOf, type Order } from './choose.js';
import { cyclesOf, type TraceCycle } from './cycles.js';
import { decidedRecording } from './decided.js';
import { frozenProgram, type LastState } from './frozen.js';
import { isByName, presumedGate } from './identity.js';
import { knowledgeAt } from './knowledge.js';
import { predictedRecording } from './predicted.js';
import { programOf } from './programs.js';
import { graphOf, relevanceOf } from './relevance.js';
import { transactionsOf } from './transactions.js';
import { unsettledAt } from './unsettled.js';

/** Origin of the episodes that tracers' importers make. */
export const TRACE_ORIGIN = 'trace';

export interface TraceLimits {
  /** Programs of rings that nothing speaks against at first sight. */
  readonly programs: number;
  /** Programs of rings that are told with the reason why they are none. */
  readonly refuted: number;
  /** Programs of one cycle of classes where a lock is one only by its name: they tell the same with other tasks. */
  readonly alike: number;
  readonly cycles: number;
  readonly paths: number;
}

export const TRACE_LIMITS: TraceLimits = {
  programs: 64,
  refuted: 32,
  alike: 1,
  cycles: 2000,
  paths: 500_000,
};

/** The same with every ring of locks known by name: a patch may mend one of them and not the others. */
export const EVERY_RING: TraceLimits = { ...TRACE_LIMITS, alike: TRACE_LIMITS.programs };

export interface LoweredTrace {
  readonly programs: readonly LoweredProgram[];
  /** True if no limit was met: what is not among the programs cannot deadlock within one stretch. */
  readonly complete: boolean;
}

export interface LoweredRecording extends LoweredTrace {
  /** What leaves it open whether the recording ended well, one sentence each. */
  readonly unsettled: readonly string[];
}

interface LoweredStretch extends LoweredTrace {
  /** What was held and asked for at its end, where that was looked at. */
  readonly last: readonly LastState[];
  /** Classes of locks known by name only that two members of a ring hold both: it is none only if they mean one object. */
  readonly gates?: ReadonlySet<string>;
}

interface Stretch {
  readonly episode: number;
  readonly from: number;
  readonly to: number;
}

/** Runs of events of one episode. A loss ends one, and nothing is concluded across it. */
function stretchesOf(capture: Capture): Stretch[] {
  const { episode } = capture.events;
  const stretches: Stretch[] = [];
  for (let from = 0; from < episode.length; ) {
    let to = from + 1;
    while (to < episode.length && episode[to] === episode[from]) to++;
    if (capture.episodes[episode[from]!]?.origin === TRACE_ORIGIN)
      stretches.push({ episode: episode[from]!, from, to });
    from = to;
  }
  return stretches;
}

/** Programs of the episodes that a tracer recorded. `name` begins the names of the programs. */
export function lowerTrace(
  capture: Capture,
  name: string,
  limits: TraceLimits = TRACE_LIMITS,
): LoweredRecording {
  const programs: LoweredProgram[] = [];
  let complete = true;
  const stretches = stretchesOf(capture);
  const unsettled: string[] = [];
  const gates = new Set<string>();
  for (const stretch of stretches) {
    const lowered = lowerStretch(capture, stretch, name, limits, programs.length);
    programs.push(...lowered.programs);
    complete = complete && lowered.complete;
    if (stretch === stretches.at(-1))
      unsettled.push(...unsettledAt(capture, stretch.from, stretch.to, lowered.last));
    for (const gate of lowered.gates ?? []) gates.add(gate);
  }
  unsettled.push(...[...gates].map(presumedGate));
  return { programs, complete, unsettled };
}

function lowerStretch(
  capture: Capture,
  { episode, from, to }: Stretch,
  name: string,
  limits: TraceLimits,
  earlier: number,
): LoweredStretch {
  const programs: LoweredProgram[] = [];
  const nextName = (): string => `${name}-${earlier + programs.length}`;
  // Recordings of the predictors' own form say what each read saw: small ones are decided by searching the whole.
  const decided =
    capture.format === 'std' ? decidedRecording(capture, episode, from, to, `${name}-${earlier}`) : null;
  if (decided !== null) programs.push(...decided);
  else if (capture.format === 'std')
    return { ...predictedRecording(capture, episode, from, to, `${name}-${earlier}`), last: [] };
  const graph = graphOf(capture, from, to);
  const { last } = graph;
  const frozen = frozenProgram(capture, episode, to, last, nextName());
  if (frozen !== null) programs.push(frozen);
  if (!graph.components.any) return { programs, complete: true, last };

  const relevance = relevanceOf(capture, from, to, graph);
  const { shapes, complete: allShapes } = transactionsOf(capture, from, to, graph.atStart, relevance);
  const { cycles, complete: allCycles } = cyclesOf(capture, shapes, graph.interrupts, {
    length: 2,
    longerThan: 0,
    cycles: limits.cycles,
    faulty: limits.refuted,
    steps: limits.paths,
  });
  let complete = allShapes && allCycles;
  const order = orderFor(capture, from, to, cycles, (lock) => relevance.locks[lock] === 1);
  const seen = new Set<string>();
  /** Cycles of classes that were told already where locks are known by name only. */
  const told = new Map<string, number>();
  let good = 0;
  let refuted = 0;
  const gates = new Set<string>();
  for (const cycle of cycles) {
    if (cycle.gate !== null && isByName(capture, episode, cycle.gate))
      gates.add(capture.classes[capture.locks[cycle.gate]!.class]!.name);
    if (decided !== null && cycle.fault === null) continue;
    const full = cycle.fault === null ? good >= limits.programs : refuted >= limits.refuted;
    if (full) {
      complete = complete && cycle.fault !== null;
      continue;
    }
    const made = programOf(capture, episode, cycle, order, nextName());
    if (made === null) continue;
    complete = complete && made.sure;
    if (seen.has(made.key)) continue;
    if (made.told !== null && cycle.fault === null) {
      const alike = told.get(made.told) ?? 0;
      if (alike >= limits.alike) continue;
      told.set(made.told, alike + 1);
    }
    seen.add(made.key);
    if (cycle.fault === null) good++;
    else refuted++;
    programs.push(made.lowered);
  }
  return { programs, complete: complete || decided !== null, last, gates };
}

/** Actors whose order is followed at once: a row has a number for each. */
const MOST_WATCHED = 1024;

function orderFor(
  capture: Capture,
  from: number,
  to: number,
  cycles: readonly TraceCycle[],
  act: (lock: number) => boolean,
): Order {
  const watched = new Set<number>();
  const moments = new Set<number>();
  for (const { members } of cycles) {
    for (const moment of momentsOf(members)) moments.add(moment);
    for (const { shape } of members) for (const actor of shape.kept.keys()) watched.add(actor);
  }
  const list = [...watched].slice(0, MOST_WATCHED);
  const column = new Map(list.map((actor, i) => [actor, i]));
  if (list.length < 2) return { rows: new Map(), column };
  return { rows: knowledgeAt(capture, from, to, list, moments, act), column };
}
