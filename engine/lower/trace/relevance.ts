// Relevance: which locks of a stretch of a trace can be in a cycle at all, and which of them only guard one.
import type { Capture } from '../../../corpus/schema/capture.js';
import { EXCLUSIVE, IN_HARDIRQ, IN_SOFTIRQ, READ } from './codes.js';
import { type LastState, lastStates } from './frozen.js';
import { type HeldAtStart, type HeldState, type HeldVisitor, HeldWalk, OPEN_TO_HARD } from './held-walk.js';
import { type Components, componentsOf, PairSet } from './order-graph.js';
import type { Relevance } from './transactions.js';

/** What one pass over a stretch found out. */
export interface Graph {
  readonly components: Components;
  readonly atStart: readonly HeldAtStart[];
  /** Pairs of (held, wanted) locks, two vertices for "a hard or soft interrupt may enter" included. */
  readonly edges: PairSet;
  /** True if interrupts are part of a cycle. */
  readonly interrupts: boolean;
  /** What was held and asked for at the end. */
  readonly last: readonly LastState[];
}

/** Readers of RCU and SRCU never wait. */
function canWait(capture: Capture, lock: number, mode: number): boolean {
  const kind = capture.classes[capture.locks[lock]!.class]!.kind;
  return mode === EXCLUSIVE || (kind !== 'rcu' && kind !== 'srcu');
}

/** The vertex that stands for interrupts of a level: held locks lead to it, what its handlers want follows. */
const hardVertex = (capture: Capture): number => capture.locks.length;
const softVertex = (capture: Capture): number => capture.locks.length + 1;

function levelVertex(capture: Capture, state: HeldState): number {
  return state.context === IN_HARDIRQ
    ? hardVertex(capture)
    : state.context === IN_SOFTIRQ
      ? softVertex(capture)
      : -1;
}

function edgesOf(
  capture: Capture,
  from: number,
  to: number,
  atStart: readonly HeldAtStart[],
): { edges: PairSet; unmatched: readonly HeldAtStart[]; last: readonly LastState[] } {
  const edges = new PairSet(capture.locks.length + 2);
  const visitor: HeldVisitor = {
    wants: (state, _event, lock, mode, attempt) => {
      if (attempt || !canWait(capture, lock, mode)) return;
      const level = levelVertex(capture, state);
      if (level >= 0) edges.add(level, lock);
      for (let i = 0; i < state.locks.length; i++) {
        const held = state.locks[i]!;
        // A mutex taken twice without an unlock between is a release that was not recorded; a reader may nest.
        if (held !== lock || mode === READ) edges.add(held, lock);
      }
    },
    exposes: (state, at, bit) => {
      edges.add(state.locks[at]!, bit === OPEN_TO_HARD ? hardVertex(capture) : softVertex(capture));
    },
  };
  const walk = new HeldWalk(capture, atStart);
  walk.walk(from, to, visitor);
  return { edges, unmatched: walk.unmatched, last: lastStates(walk.open.values()) };
}

/** The lock-order graph of events `[from, to)` and its cyclic part. */
export function graphOf(capture: Capture, from: number, to: number): Graph {
  const first = edgesOf(capture, from, to, []);
  const atStart = [...first.unmatched].reverse();
  const { edges, last } = atStart.length === 0 ? first : edgesOf(capture, from, to, atStart);
  const components = componentsOf(capture.locks.length + 2, edges);
  const interrupts =
    components.cyclic[hardVertex(capture)] === 1 || components.cyclic[softVertex(capture)] === 1;
  return { components, atStart, edges, interrupts, last };
}

/** The locks inside cyclic components, and those held where such a lock is asked for: gates. */
export function relevanceOf(capture: Capture, from: number, to: number, graph: Graph): Relevance {
  const { of, cyclic } = graph.components;
  const locks = new Uint8Array(capture.locks.length);
  const readers = new Uint8Array(capture.locks.length);
  const inside = (state: HeldState, lock: number): boolean => {
    if (cyclic[lock] !== 1) return false;
    for (const held of state.locks) if (of[held] === of[lock]) return true;
    const level = levelVertex(capture, state);
    return level >= 0 && of[level] === of[lock];
  };
  const open = (state: HeldState): boolean =>
    graph.interrupts &&
    state.locks.some((held) => of[held] === of[hardVertex(capture)] || of[held] === of[softVertex(capture)]);
  const visitor: HeldVisitor = {
    wants: (state, _event, lock, mode, attempt) => {
      if (attempt || !canWait(capture, lock, mode) || !inside(state, lock)) return;
      locks[lock] = 1;
      for (const held of state.locks) locks[held] = 1;
      if (mode === READ) readers[lock] = 1;
    },
    exposes: (state) => {
      if (open(state)) for (const held of state.locks) locks[held] = 1;
    },
  };
  new HeldWalk(capture, graph.atStart).walk(from, to, visitor);
  for (let l = 0; l < locks.length; l++) if (cyclic[l] === 1) locks[l] = 1;
  return {
    locks,
    matters: (state, lock, mode, attempt) => {
      if (attempt || !canWait(capture, lock, mode)) return false;
      if (inside(state, lock)) return true;
      // A writer stops readers that come behind it, and a task can be interrupted while it holds nothing but this.
      if (cyclic[lock] !== 1) return false;
      return (mode === EXCLUSIVE && readers[lock] === 1) || (graph.interrupts && reachesInterrupts(lock));
    },
  };
  function reachesInterrupts(lock: number): boolean {
    return graph.edges.has(lock, hardVertex(capture)) || graph.edges.has(lock, softVertex(capture));
  }
}
