// Settle patterns: each one reached, refuted, or left open, the cheap ways first.
import { Closure, reachFrom, sweep } from './closure.js';
import type { Moment } from './moments.js';
import { MustBefore } from './must-before.js';
import type { LikePatterns, Pattern } from './patterns.js';
import { type LeftPattern, nearby, reorder, reorderNearby } from './reorder.js';
import { stopsOf } from './stops.js';
import type { Trace } from './trace.js';

export interface ReachedPattern {
  readonly pattern: Pattern;
  /** The row at which each member asks. */
  readonly events: readonly number[];
  /** Whether the sections of each lock keep the order that they have in the recording. */
  readonly how: 'in-order' | 'reordered';
}

/** Why no order reaches a pattern. */
export type Refutation =
  /** Member `after` gets to all of its requests only behind all those of member `before`; rows of two of them. */
  | {
      readonly is: 'order';
      readonly before: number;
      readonly after: number;
      readonly rows: readonly [number, number];
    }
  /** Two rows would each have to come before the other one. */
  | { readonly is: 'circle'; readonly rows: readonly [number, number] }
  | { readonly is: 'searched' };

export interface RefutedPattern {
  readonly pattern: Pattern;
  readonly why: Refutation;
}

export interface SettledPatterns {
  readonly reached: readonly ReachedPattern[];
  readonly refuted: readonly RefutedPattern[];
  /** False if a pattern is neither, or more were reached than are told. */
  readonly complete: boolean;
}

export interface SettleLimits {
  readonly reached: number;
  readonly refuted: number;
  /** Patterns with the same locks for which the dearer ways are tried. */
  readonly tries: number;
  /** Work on patterns that need sections in another order, in events that are put in order. */
  readonly nodes: number;
}

/** Rows at which the members of patterns ask, ascending, each once. */
function rowsOf(patterns: readonly Pattern[]): Int32Array {
  const lists = new Set(patterns.flatMap((pattern) => pattern.map(({ events }) => events)));
  let length = 0;
  for (const list of lists) length += list.length;
  const rows = new Int32Array(length);
  let at = 0;
  for (const list of lists) {
    rows.set(list, at);
    at += list.length;
  }
  rows.sort();
  let kept = 0;
  for (let i = 0; i < length; i++) if (i === 0 || rows[i] !== rows[i - 1]) rows[kept++] = rows[i]!;
  return rows.subarray(0, kept);
}

/** Passes over combinations in which one member must ask before another one. Linear: what must come before only grows. */
function sweepOrders(pattern: Pattern, before: MustBefore): LeftPattern | Refutation {
  const at = pattern.map(() => 0);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [j, b] of pattern.entries())
      for (const [i, a] of pattern.entries()) {
        if (i === j) continue;
        const asks = b.events[at[j]!]!;
        const last = before.lastBefore(asks, a.thread);
        while (a.events[at[i]!]! <= last) {
          moved = true;
          if (++at[i]! < a.events.length) continue;
          return { is: 'order', before: i, after: j, rows: [a.events.at(-1)!, asks] };
        }
      }
  }
  return { pattern, at };
}

/** Settles patterns; of those with the same locks one that is reached is enough, and none is only refuted if all are. */
export function settlePatterns(
  trace: Trace,
  shared: Uint8Array,
  moments: readonly Moment[],
  rings: readonly LikePatterns[],
  limits: SettleLimits,
): SettledPatterns {
  const rows = rowsOf(rings.flatMap(({ patterns }) => patterns));
  const before = new MustBefore(trace.threads, trace.locks, rows);
  const stops = stopsOf(trace, shared, before);
  const inOrder = new Closure(trace, stops, 'in-order');
  const inAnyOrder = new Closure(trace, stops, 'any-order');
  const budget = { nodes: limits.nodes };
  const reached: ReachedPattern[] = [];
  const refuted: RefutedPattern[] = [];
  let complete = true;

  const nearbyInOrder = (one: LeftPattern): ReachedPattern | null => {
    for (const { events, moment } of nearby(one, moments))
      if (reachFrom(inOrder, one.pattern, events, moment) !== null)
        return { pattern: one.pattern, events, how: 'in-order' };
    return null;
  };
  const anywhereInOrder = ({ pattern }: LeftPattern): ReachedPattern | null => {
    const { reached: standing } = sweep(inOrder, pattern);
    return standing === null ? null : { pattern, events: standing.events, how: 'in-order' };
  };
  const nearbyReordered = (one: LeftPattern): ReachedPattern | null => {
    const order = reorderNearby(trace, inAnyOrder, one, moments, budget);
    return order === null ? null : { pattern: one.pattern, events: order.events, how: 'reordered' };
  };

  for (const { patterns, all } of rings) {
    let why: RefutedPattern | null = null;
    let sure = all;
    let found: ReachedPattern | null = null;
    const left: LeftPattern[] = [];
    for (const pattern of patterns) {
      const swept = sweepOrders(pattern, before);
      if ('is' in swept) {
        why ??= { pattern, why: swept };
        continue;
      }
      found = nearbyInOrder(swept);
      if (found !== null) break;
      left.push(swept);
    }
    for (const settle of [nearbyReordered, anywhereInOrder])
      for (const one of left.slice(0, limits.tries)) found ??= settle(one);
    for (const one of found === null ? left : []) {
      const result = reorder(trace, inAnyOrder, one, budget);
      if (result.is === 'order') found = { pattern: one.pattern, events: result.events, how: 'reordered' };
      else if (result.is === 'unknown') sure = false;
      else {
        const { circle } = result;
        why ??= {
          pattern: one.pattern,
          why: circle === null ? { is: 'searched' } : { is: 'circle', rows: circle },
        };
      }
      if (found !== null) break;
    }
    if (found !== null) {
      if (reached.length < limits.reached) reached.push(found);
      else complete = false;
    } else if (!sure) complete = false;
    else if (why !== null && refuted.length < limits.refuted) refuted.push(why);
  }
  return { reached, refuted, complete };
}
