// Predicted: large STD recordings, ring by ring, by closures that take time linear in the recording.
import type { Capture } from '../../../corpus/schema/capture.js';
import type { LoweredProgram } from '../../../corpus/schema/program.js';
import { dependenciesOfTrace } from '../../predict/trace/dependencies.js';
import { lockOrderOf } from '../../predict/trace/lock-order.js';
import { type GuardedPattern, type PatternLimits, patternsOf } from '../../predict/trace/patterns.js';
import {
  type SettledPatterns,
  type SettleLimits,
  settlePatterns,
} from '../../predict/trace/settle-patterns.js';
import { type Trace, traceOf } from '../../predict/trace/trace.js';
import type { LoweredTrace } from './lower-trace.js';
import { guardedProgram, reachedProgram, refutedProgram } from './predicted-programs.js';

const LIMITS: PatternLimits = { patterns: 20_000, like: 256, guarded: 32, steps: 5_000_000 };
/**
 * Programs of rings that are reached: further ones are the same locks again in most recordings. Of those that are none some are
 * told with the reason.
 */
export const SETTLE: SettleLimits = { reached: 256, refuted: 32, tries: 16, nodes: 3_000_000 };

const WHY = {
  'in-order':
    'a part of the recording that keeps the order of the sections of each lock, every read with its write, and every fork and join leads here',
  reordered:
    'a part of the recording with sections of locks in another order, which was followed step by step, leads here: every read sees its write, and every fork and join is kept',
} as const;

/** Patterns of a recording, and what became of them. */
export interface PredictedPatterns extends SettledPatterns {
  readonly trace: Trace;
  readonly guarded: readonly GuardedPattern[];
}

/** Every pattern of rows `[from, to)` that a correct reordering reaches: of those with the same locks held and wanted, one. */
export function predictedPatterns(
  capture: Capture,
  from: number,
  to: number,
  limits: SettleLimits = SETTLE,
): PredictedPatterns {
  const trace = traceOf(capture.events, from, to, capture.tasks.length, capture.locks.length);
  const { components, shared } = lockOrderOf(trace);
  const { dependencies, moments } = dependenciesOfTrace(trace, components);
  const { open, guarded, complete } = patternsOf(dependencies, trace.locks, LIMITS);
  const settled =
    open.length === 0
      ? { reached: [], refuted: [], complete: true }
      : settlePatterns(trace, shared, moments, open, limits);
  return { ...settled, trace, guarded, complete: complete && settled.complete };
}

/**
 * Every ring of acquisitions of events `from` to `to` that a correct reordering reaches, as the little program of who holds and wants
 * what: in the order of the recording if its sections can keep theirs (sound: PLDI 2023), or in an order that was found and
 * followed. `complete` is true if every other ring was refuted; some of these are told, as programs that say why.
 */
export function predictedRecording(
  capture: Capture,
  episode: number,
  from: number,
  to: number,
  name: string,
): LoweredTrace {
  const { trace, reached, refuted, guarded, complete } = predictedPatterns(capture, from, to);
  const programs: LoweredProgram[] = [];
  const nextName = (): string => `${name}-${programs.length}`;
  for (const { pattern, events, how } of reached)
    programs.push(reachedProgram(capture, episode, trace, pattern, events, WHY[how], nextName()));
  for (const { pattern, why } of refuted) {
    const program = refutedProgram(capture, episode, trace, pattern, why, nextName());
    if (program !== null) programs.push(program);
  }
  for (const { pattern } of guarded)
    programs.push(guardedProgram(capture, episode, trace, pattern, nextName()));
  return { programs, complete };
}
