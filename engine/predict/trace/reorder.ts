// Reorder: patterns that the trace's own order of sections does not reach, decided by putting the sections in another order.
import { type Closure, sweep } from './closure.js';
import { canFollow, lineUp } from './line-up.js';
import { type Moment, momentBefore } from './moments.js';
import { mustClocks } from './must-clocks.js';
import { type Part, partOf } from './part.js';
import type { Pattern } from './patterns.js';
import { RELEASE, type Trace } from './trace.js';

export interface ReorderLimits {
  /** Combinations of events that are tried of one pattern. */
  readonly combinations: number;
  /** Nodes of a part. */
  readonly nodes: number;
  /** Nodes times threads of a part. */
  readonly clocks: number;
  /** Dead ends of the search for one order. */
  readonly deadEnds: number;
  /** Sets of sections run to their end that are tried of one combination. */
  readonly parts: number;
}

export const REORDER_LIMITS: ReorderLimits = {
  combinations: 400,
  nodes: 300_000,
  clocks: 1 << 23,
  deadEnds: 20_000,
  parts: 64,
};

const NEARBY_LIMITS: ReorderLimits = { ...REORDER_LIMITS, nodes: 1 << 16, deadEnds: 2000, parts: 8 };

export type Reordered =
  /** The rows that ask: an order leads to them, and was followed. */
  | { readonly is: 'order'; readonly events: readonly number[] }
  /** No order does; `circle`: two rows each of which would have to come before the other one. */
  | { readonly is: 'none'; readonly circle: readonly [number, number] | null }
  | { readonly is: 'unknown' };

/** Work on parts that one recording may cost, in nodes: what is left of it. */
export interface ReorderBudget {
  nodes: number;
}

/** A pattern with the combinations of its events that nothing speaks against so far. */
export interface LeftPattern {
  readonly pattern: Pattern;
  /** Of each member the first event that is left. */
  readonly at: readonly number[];
}

/** Rows before the first event of a combination from which on sections are put in another order, what lies before left as it was. */
const WINDOWS = [64, 1 << 11, 1 << 14];
/** Combinations whose close surroundings are looked at. */
const NEAR = 4;

/** Combinations of a pattern whose events lie close together, each with moments before it to begin at. */
export function* nearby(
  { pattern, at }: LeftPattern,
  moments: readonly Moment[],
): Generator<{ readonly events: readonly number[]; readonly moment: Moment }> {
  const near: (readonly number[])[] = [];
  for (const events of combinations(pattern, at)) {
    if (near.push(events) === NEAR) break;
  }
  for (const window of WINDOWS)
    for (const events of near) yield { events, moment: momentBefore(moments, Math.min(...events) - window) };
}

/**
 * Looks for an order that differs from the recording only near the events of a pattern: the recording as it was up to a moment, and
 * from there on another order. Cheap in recordings of any length, and no proof if nothing is found.
 */
export function reorderNearby(
  trace: Trace,
  inAnyOrder: Closure,
  left: LeftPattern,
  moments: readonly Moment[],
  budget: ReorderBudget,
): (Reordered & { readonly is: 'order' }) | null {
  for (const { events, moment } of nearby(left, moments)) {
    if (budget.nodes <= 0) return null;
    const result = combination(trace, inAnyOrder, left.pattern, events, moment, budget, NEARBY_LIMITS);
    if (result.is === 'order') return result;
  }
  return null;
}

/**
 * Decides a pattern. For each combination of its events: what must run (the closure in any order); its must clocks; an order,
 * found by search and followed step by step. If sections of other threads are open then, each of them may as well have been run to its
 * end: these larger parts are tried too. A part restricted to a smaller one keeps its order, so nothing else need be looked at.
 */
export function reorder(
  trace: Trace,
  inAnyOrder: Closure,
  { pattern }: LeftPattern,
  budget: ReorderBudget,
  limits: ReorderLimits = REORDER_LIMITS,
): Reordered {
  const { reached, at } = sweep(inAnyOrder, pattern);
  if (reached === null) return { is: 'none', circle: null };
  const moment = { row: trace.from, open: [] };
  let sure = true;
  let circle: readonly [number, number] | null = null;
  let tried = 0;
  for (const events of combinations(pattern, at)) {
    if (tried++ === limits.combinations || budget.nodes <= 0) {
      sure = false;
      break;
    }
    const found = combination(trace, inAnyOrder, pattern, events, moment, budget, limits);
    if (found.is === 'order') return found;
    if (found.is === 'unknown') sure = false;
    else circle ??= found.circle;
  }
  return sure ? { is: 'none', circle } : { is: 'unknown' };
}

/** All combinations of the members' events from `at` on: first those whose events lie close together. */
function* combinations(pattern: Pattern, at: readonly number[]): Generator<readonly number[]> {
  const left = pattern.map(({ events }, i) => events.subarray(at[i]!));
  const total = left.reduce((product, list) => product * list.length, 1);
  const seen = new Set<string>();
  const fewest = left.reduce((a, b) => (b.length < a.length ? b : a));
  for (const event of fewest) {
    const near = left.map((list) => nearest(list, event));
    const key = near.join(' ');
    if (seen.has(key)) continue;
    seen.add(key);
    yield near;
  }
  for (let i = 0; i < total; i++) {
    let rest = i;
    const one = left.map((list) => {
      const event = list[rest % list.length]!;
      rest = Math.floor(rest / list.length);
      return event;
    });
    if (!seen.has(one.join(' '))) yield one;
  }
}

function nearest(rows: Int32Array, row: number): number {
  let best = rows[0]!;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  for (const i of [low - 1, low]) {
    const candidate = rows[i];
    if (candidate !== undefined && Math.abs(candidate - row) < Math.abs(best - row)) best = candidate;
  }
  return best;
}

function combination(
  trace: Trace,
  closure: Closure,
  pattern: Pattern,
  events: readonly number[],
  moment: Moment,
  budget: ReorderBudget,
  limits: ReorderLimits,
): Reordered {
  const members = new Set(pattern.map(({ thread }) => thread));
  const waiting: (readonly number[])[] = [[]];
  const seen = new Set<string>();
  let sure = true;
  let circle: readonly [number, number] | null = null;
  for (let releases = waiting.pop(); releases !== undefined; releases = waiting.pop()) {
    closure.begin(pattern, moment.row === trace.from ? null : moment);
    for (const [i, { thread }] of pattern.entries()) closure.stand(thread, events[i]!);
    for (const row of releases) closure.include(row, row);
    if (!closure.close()) continue;
    if (pattern.some(({ thread }, i) => closure.upTo[thread]! > events[i]!)) continue;
    const key = closure.upTo.join(' ');
    if (seen.has(key)) continue;
    if (seen.size === limits.parts) return { is: 'unknown' };
    seen.add(key);
    const part = partOf(trace, moment, closure.upTo, members, limits.nodes);
    budget.nodes -= part?.length ?? limits.nodes;
    if (part === null || part.length * part.threads > limits.clocks) return { is: 'unknown' };
    const ordered = orderOf(trace, part, limits);
    if (ordered.is === 'order') return { is: 'order', events };
    if (ordered.is === 'unknown') sure = false;
    if (ordered.is === 'circle') circle ??= ordered.rows;
    // Where one section must be over, running others to their end helps nothing; where a circle holds in all larger parts, nothing does.
    const ends =
      ordered.is === 'unended'
        ? [ordered.row]
        : ordered.is === 'none' || ordered.is === 'unknown'
          ? part.open
          : [];
    for (const row of ends) {
      if (members.has(trace.task[row]!)) continue;
      const release = releaseOf(trace, row);
      if (release >= 0) waiting.push([...releases, release]);
    }
    if (ordered.is === 'none' && ordered.blamed >= 0) {
      const release = releaseOf(trace, ordered.blamed);
      if (release >= 0) waiting.push([...releases, release]);
    }
  }
  return sure ? { is: 'none', circle } : { is: 'unknown' };
}

type Ordered =
  | { readonly is: 'order' }
  /** Neither this part nor a larger one. */
  | { readonly is: 'circle'; readonly rows: readonly [number, number] }
  /** Not this part, nor a larger one in which the section that was begun at the row is not over. */
  | { readonly is: 'unended'; readonly row: number }
  /** Not this part; perhaps a larger one, first one in which a section begun at row `blamed` is over (-1: no guess). */
  | { readonly is: 'none'; readonly blamed: number }
  | { readonly is: 'unknown' };

function orderOf(trace: Trace, part: Part, limits: ReorderLimits): Ordered {
  const always = mustClocks(part, 'those-that-stay');
  if (always.is !== 'clocks') return always;
  const must = mustClocks(part, 'all', always.clock);
  if (must.is === 'circle') return { is: 'none', blamed: -1 };
  if (must.is === 'unended') return { is: 'none', blamed: must.row };
  if (must.is === 'unknown') return must;
  const lined = lineUp(part, must.clock, limits.deadEnds);
  if (lined.is === 'none') return { is: 'none', blamed: -1 };
  if (lined.is === 'unknown') return lined;
  if (!canFollow(trace, part, lined.nodes))
    throw new Error('reorder: an order was found that cannot be followed');
  return { is: 'order' };
}

/** The release of the outermost acquisition at a row, or -1. */
function releaseOf(trace: Trace, row: number): number {
  const { kind, task, lock } = trace;
  const l = lock[row]!;
  const own = task[row]!;
  let depth = 1;
  for (let e = row + 1; e < trace.to; e++) {
    if (lock[e] !== l) continue;
    if (kind[e] === kind[row]) {
      // Another thread has it: that it was given back was not recorded.
      if (task[e] !== own) return -1;
      depth++;
    } else if (kind[e] === RELEASE && --depth === 0) return e;
  }
  return -1;
}
