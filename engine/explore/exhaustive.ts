// Exhaustive search: every end that a program can reach, so that what is not found is not there.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { fullSteps, type SearchLimits } from './full.js';
import { plainFullSteps } from './plain-full.js';
import { plainProgram } from './plain-program.js';
import { plainReducedSteps } from './plain-reduced.js';
import { type ReducedResult, reducedSteps } from './reduced.js';
import { isRingProgram, ringSteps } from './rings.js';

/**
 * States of a search of orders before the rings of a program that only takes and gives back locks are looked at one by one: what is
 * over so soon is told as ever. Plain searches are fast.
 */
const STATES_BEFORE_RINGS = 4096;
const PLAIN_STATES_BEFORE_RINGS = 65536;

/**
 * Searches all schedules of a program, with exact state keys. `reduced` false tries every transition in every order; true
 * leaves out orders that lead to the same ends. The finds are the same. Plain programs, which only take and give back
 * locks, are searched on a smaller state (docs/adr/0094), in which waiting is no transition of its own. What only takes and gives
 * back locks and is not soon over is decided ring by ring (docs/adr/0120).
 * Throws if the program is ill-formed: compile it first.
 */
export function explore(program: Program, limits: SearchLimits, reduced = true): SearchResult {
  return exploreMachine(new Machine(compileOrThrow(program)), limits, reduced);
}

/** As `explore`, on a machine at hand (which is reset). */
export function exploreMachine(machine: Machine, limits: SearchLimits, reduced = true): SearchResult {
  const search = exploreSteps(machine, limits, reduced);
  for (;;) {
    const { value, done } = search.next();
    if (done === true) return value;
  }
}

/**
 * As `exploreMachine`, pausing now and then so that the caller can stop or let others run; yields the states so far.
 * The machine must be left alone in between.
 */
export function* exploreSteps(
  machine: Machine,
  limits: SearchLimits,
  reduced = true,
): Generator<number, SearchResult> {
  const plain = plainProgram(machine.compiled);
  // Program counters that go back (`ww begin`) are beyond what the reduction looks ahead.
  if (plain === null && (!reduced || machine.compiled.hasContexts)) return yield* fullSteps(machine, limits);
  const first = plain === null ? STATES_BEFORE_RINGS : PLAIN_STATES_BEFORE_RINGS;
  const byRings = reduced && limits.states > first && isRingProgram(machine.compiled);
  const search = (states: number): Generator<number, ReducedResult> =>
    plain === null
      ? reducedSteps(machine, { states })
      : (reduced ? plainReducedSteps : plainFullSteps)(machine, plain, { states });
  let { settled, ...result } = yield* search(byRings ? first : limits.states);
  if (byRings && !result.complete) {
    const rings = yield* ringSteps(machine);
    if (rings !== null) return rings;
    ({ settled, ...result } = yield* search(limits.states));
  }
  if (settled || !result.complete) return result;
  // An end was seen that on no path tried comes first: whether it ever does, only all orders tell.
  return yield* fullSteps(machine, limits);
}
