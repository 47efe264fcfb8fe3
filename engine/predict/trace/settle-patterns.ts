// Settle patterns: each one reached, refuted, or left open, the cheap ways first.
import { Closure, reachFrom, sweep } from './closure.js';
import type { Moment } from './moments.js';
import { MustBefore } from './must-before.js';
import type { Pattern } from './patterns.js';
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
  /** Work on patterns that need sections in another order, in events that are put in order. */
  readonly nodes: number;
}

/** The same locks held and wanted by other threads: one of them is told. */
function keyOf(pattern: Pattern): string {
  return pattern
    .map(({ want, held }) => `${want}<${[...held].sort((a, b) => a - b)}`)
    .sort()
    .join(' ');
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

export function settlePatterns(
  trace: Trace,
  shared: Uint8Array,
  moments: readonly Moment[],
  patterns: readonly Pattern[],
  limits: SettleLimits,
): SettledPatterns {
  const before = new MustBefore(trace.threads, trace.locks, rowsOf(patterns));
  const stops = stopsOf(trace, shared, before);
  const inOrder = new Closure(trace, stops, 'in-order');
  const inAnyOrder = new Closure(trace, stops, 'any-order');
  const reached: ReachedPattern[] = [];
  const refuted: RefutedPattern[] = [];
  const budget = { nodes: limits.nodes };
  const seen = new Set<string>();
  let complete = true;
  const reach = (pattern: Pattern, events: readonly number[], how: ReachedPattern['how']): void => {
    seen.add(keyOf(pattern));
    if (reached.length < limits.reached) reached.push({ pattern, events, how });
    else complete = false;
  };
  const refute = (pattern: Pattern, why: Refutation): void => {
    if (refuted.length < limits.refuted) refuted.push({ pattern, why });
  };
  /** Each step settles some of what the one before it left. */
  let left: LeftPattern[] = [];
  const step = (settle: (one: LeftPattern) => boolean): void => {
    left = left.filter((one) => !seen.has(keyOf(one.pattern)) && !settle(one));
  };
  for (const pattern of patterns) {
    const swept = sweepOrders(pattern, before);
    if ('is' in swept) refute(pattern, swept);
    else left.push(swept);
  }
  step((one) => {
    for (const { events, moment } of nearby(one, moments)) {
      if (reachFrom(inOrder, one.pattern, events, moment) === null) continue;
      reach(one.pattern, events, 'in-order');
      return true;
    }
    return false;
  });
  step((one) => {
    const { reached: standing } = sweep(inOrder, one.pattern);
    if (standing !== null) reach(one.pattern, standing.events, 'in-order');
    return standing !== null;
  });
  step((one) => {
    const order = reorderNearby(trace, inAnyOrder, one, moments, budget);
    if (order !== null) reach(one.pattern, order.events, 'reordered');
    return order !== null;
  });
  step((one) => {
    const result = reorder(trace, inAnyOrder, one, budget);
    if (result.is === 'order') reach(one.pattern, result.events, 'reordered');
    else if (result.is === 'none')
      refute(
        one.pattern,
        result.circle === null ? { is: 'searched' } : { is: 'circle', rows: result.circle },
      );
    return result.is !== 'unknown';
  });
  // What one pair of threads leaves open another pair may have shown.
  step(() => false);
  return {
    reached,
    refuted: refuted.filter(({ pattern }) => !seen.has(keyOf(pattern))),
    complete: complete && left.length === 0,
  };
}
