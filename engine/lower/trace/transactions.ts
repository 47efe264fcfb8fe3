// Transactions: from a task's first lock to its last unlock, on the locks that matter, equal ones collapsed to shapes with counts.
import type { Capture } from '../../../corpus/schema/capture.js';
import { IN_HARDIRQ, IN_SOFTIRQ, KIND } from './codes.js';
import { Draft, type Step, stepText } from './draft.js';
import { type HeldAtStart, type HeldState, type HeldVisitor, HeldWalk } from './held-walk.js';

/** One time that a shape was seen. */
export interface Occurrence {
  readonly task: number;
  /** The task, or the work item that a worker executed: what cannot overlap with itself. */
  readonly actor: number;
  /** First and last event of the transaction. */
  readonly first: number;
  readonly last: number;
  /** Parallel to the steps of the shape: their events here. */
  readonly steps: readonly Step[];
}

/** All transactions with the same steps, and some of the times that they were seen. */
export interface Shape {
  readonly steps: readonly Step[];
  readonly level: 'hard' | 'soft' | null;
  count: number;
  readonly actors: Set<number>;
  /** Of a few actors, the first and the last times. */
  readonly kept: Map<number, Occurrence[]>;
  /** True if not every time was kept: then "always ordered" is not known. */
  dropped: boolean;
}

export interface TransactionLimits {
  readonly shapes: number;
  readonly actors: number;
  /** First and last occurrences kept of each actor: so many of each. */
  readonly occurrences: number;
}

export const TRANSACTION_LIMITS: TransactionLimits = { shapes: 600, actors: 3, occurrences: 16 };

export interface Transactions {
  readonly shapes: readonly Shape[];
  /** False if there were more shapes than the limit, or longer ones. */
  readonly complete: boolean;
}

/** What decides which locks and steps matter. */
export interface Relevance {
  /** 1 for locks whose steps are kept. */
  readonly locks: Uint8Array;
  /** True if a request of `lock` in `mode` by a task that holds `held` can be part of a cycle. */
  matters(state: HeldState, lock: number, mode: number, attempt: boolean): boolean;
}

export function transactionsOf(
  capture: Capture,
  from: number,
  to: number,
  atStart: readonly HeldAtStart[],
  relevance: Relevance,
  limits: TransactionLimits = TRANSACTION_LIMITS,
): Transactions {
  const { task, lock } = capture.events;
  const shapes = new Map<string, Shape>();
  const drafts = new Map<number, Draft>();
  const pool: Draft[] = [];
  const working = new Map<number, number>();
  let complete = true;
  const draftOf = (state: HeldState): Draft => {
    const known = drafts.get(state.task);
    if (known !== undefined) return known;
    const made = pool.pop() ?? new Draft(capture);
    // What was held from the beginning stands at its beginning.
    for (const [i, l] of state.locks.entries())
      made.take(relevance.locks[l] === 1 ? stepAt(l, state.modes[i]!, -1) : null);
    drafts.set(state.task, made);
    return made;
  };
  const stepAt = (l: number, mode: number, event: number, attempt = false): Step => ({
    kind: attempt ? 'try' : 'lock',
    lock: l,
    mode,
    event,
    lastEvent: event,
  });
  const close = (state: HeldState, event: number, pending: Step | null): void => {
    const draft = drafts.get(state.task);
    if (draft === undefined) return;
    drafts.delete(state.task);
    if (draft.cut) complete = false;
    if (draft.relevant) keep(state, event, draft.finish(state, event, pending));
    draft.clear();
    if (pool.length < 64) pool.push(draft);
  };
  const keep = (state: HeldState, event: number, steps: readonly Step[]): void => {
    const level = state.context === IN_HARDIRQ ? 'hard' : state.context === IN_SOFTIRQ ? 'soft' : null;
    const key = `${level}\n${steps.map((step) => stepText(capture, step)).join('\n')}`;
    let shape = shapes.get(key);
    if (shape === undefined) {
      if (shapes.size >= limits.shapes) {
        complete = false;
        return;
      }
      shape = { steps, level, count: 0, actors: new Set(), kept: new Map(), dropped: false };
      shapes.set(key, shape);
    }
    shape.count++;
    const work = working.get(state.task);
    const actor = work === undefined ? state.task : capture.tasks.length + work;
    if (shape.actors.size < 4096) shape.actors.add(actor);
    let kept = shape.kept.get(actor);
    if (kept === undefined) {
      if (shape.kept.size >= limits.actors) {
        // The first ones and the latest: what lies between is ordered no better than they are.
        shape.dropped = true;
        const middle = [...shape.kept.keys()].at(-1);
        if (middle !== undefined) shape.kept.delete(middle);
      }
      kept = [];
      shape.kept.set(actor, kept);
    }
    if (kept.length >= 2 * limits.occurrences) {
      shape.dropped = true;
      kept.splice(limits.occurrences, 1);
    }
    kept.push({ task: state.task, actor, first: state.first, last: event, steps });
  };
  const visitor: HeldVisitor = {
    wants: (state, _event, l, mode, attempt) => {
      if (relevance.matters(state, l, mode, attempt)) draftOf(state).relevant = true;
    },
    takes: (state, _event, asked, l, mode, attempt) => {
      draftOf(state).take(relevance.locks[l] === 1 ? stepAt(l, mode, asked, attempt) : null);
    },
    gives: (state, event, at) => drafts.get(state.task)?.give(state, event, at),
    ends: (state, event) => close(state, event, null),
    other: (event, kind) => {
      if (kind === KIND.startWork) working.set(task[event]!, lock[event]!);
      else if (kind === KIND.endWork) working.delete(task[event]!);
    },
  };
  const walk = new HeldWalk(capture, atStart);
  walk.walk(from, to, visitor);
  for (const state of walk.open.values()) {
    const { pending } = state;
    const asked =
      pending < 0 || relevance.locks[lock[pending]!] !== 1
        ? null
        : stepAt(lock[pending]!, capture.events.mode[pending]!, pending);
    if (asked !== null) draftOf(state);
    close(state, to - 1, asked);
  }
  return { shapes: [...shapes.values()], complete };
}
