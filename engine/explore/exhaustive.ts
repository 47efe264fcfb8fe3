// Exhaustive search: every end that a program can reach, so that what is not found is not there.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { Alone } from './alone.js';
import { fullSteps, type SearchLimits } from './full.js';
import { plainFullSteps } from './plain-full.js';
import { plainProgram } from './plain-program.js';
import { plainReducedSteps } from './plain-reduced.js';
import { reducedSteps } from './reduced.js';
import { isRingProgram, ringSteps } from './rings.js';
import { symmetryOf } from './symmetry.js';

/**
 * States of a first search, in which every order counts, before the rings of a program of locks alone are looked at one by one, and
 * equal tasks taken for each other: what is over so soon is told as ever. Plain searches are fast.
 */
const STATES_BEFORE = 4096;
const PLAIN_STATES_BEFORE = 65536;

/**
 * Searches all schedules of a program, with exact state keys. `reduced` false tries every transition in every order; true
 * leaves out orders that lead to the same ends. The finds are the same. Plain programs, which only take and give back
 * locks, are searched on a smaller state (docs/adr/0094), in which waiting is no transition of its own. What only takes and gives
 * back locks and is not soon over is decided ring by ring (docs/adr/0120); elsewhere equal tasks are taken for each other then
 * (docs/adr/0121).
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
  if (plain === null && (!reduced || machine.compiled.hasContexts))
    return yield* fullSteps(machine, limits, reduced ? new Alone(machine) : null);
  const search =
    plain === null
      ? reducedSteps(machine, limits)
      : (reduced ? plainReducedSteps : plainFullSteps)(machine, plain, limits);
  const first = plain === null ? STATES_BEFORE : PLAIN_STATES_BEFORE;
  let looked = !reduced;
  for (let step = search.next(); ; step = search.next()) {
    if (step.done === true) {
      const { settled, ...result } = step.value;
      if (settled || !result.complete) return result;
      break;
    }
    yield step.value;
    if (looked || step.value <= first) continue;
    looked = true;
    const rings = isRingProgram(machine.compiled) ? yield* ringSteps(machine) : null;
    if (rings !== null) return rings;
    if (plain !== null || symmetryOf(machine.compiled).length === 0) continue;
    const { settled, ...result } = yield* reducedSteps(machine, limits, true);
    // What another end of the same moment hides in one order need not be hidden without symmetry.
    if (settled || !result.complete) return result;
  }
  // An end was seen that on no path tried comes first: whether it ever does, only all orders tell.
  return yield* fullSteps(machine, limits);
}
