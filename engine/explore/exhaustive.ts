// Exhaustive search: every end that a program can reach, so that what is not found is not there.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchFind, SearchResult } from '../../corpus/schema/verdict.js';
import { type Compiled, compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { needsOf, slice } from '../shrink/slice.js';
import { Alone } from './alone.js';
import { nameOf } from './confirm.js';
import { byTasks, findOf } from './find.js';
import { fullSteps, type SearchLimits } from './full.js';
import { plainFullSteps } from './plain-full.js';
import { plainProgram } from './plain-program.js';
import { plainReducedSteps } from './plain-reduced.js';
import { type ReducedResult, reducedSteps } from './reduced.js';
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
      const told = reduced ? yield* settled(machine, step.value, limits) : plainly(step.value);
      return told ?? (yield* inAllOrders(machine, limits, step.value.finds));
    }
    yield step.value;
    if (looked || step.value <= first) continue;
    looked = true;
    const rings = isRingProgram(machine.compiled) ? yield* ringSteps(machine) : null;
    if (rings !== null) return rings;
    if (plain !== null || symmetryOf(machine.compiled).length === 0) continue;
    const equal = yield* reducedSteps(machine, limits, true);
    // What another end of the same moment hides in one order need not be hidden without symmetry.
    const told = yield* settled(machine, equal, limits);
    if (told !== null) return told;
  }
}

/** The result if it is settled as it stands. */
function plainly({ unsettled, ...result }: ReducedResult): SearchResult | null {
  return !result.complete || unsettled?.length === 0 ? result : null;
}

/**
 * The result, if no end is left that was seen and not confirmed: on no path tried did such an end come first. If it ever does, its tasks
 * and those they need come to it by themselves. Null: only all orders tell.
 */
function* settled(
  machine: Machine,
  { unsettled, ...result }: ReducedResult,
  limits: SearchLimits,
): Generator<number, SearchResult | null> {
  const plain = plainly({ unsettled, ...result });
  if (plain !== null) return plain;
  const { program, irqTasks } = machine.compiled;
  // A handler that comes over who waits makes it stand there for good, though the lock may be free by then.
  if (unsettled === null || irqTasks !== 0) return null;
  const finds = [...result.finds];
  let { states, schedules, steps } = result;
  for (const claim of unsettled) {
    const needed = alikeAlone(machine.compiled, claim.tasks);
    // To be stranded is to be so in the whole.
    if (claim.kind === 'stranded' || needed.length === program.tasks.length) return null;
    const small = slice(
      program,
      needed.map((t) => program.tasks[t]!),
    );
    const search = exploreSteps(new Machine(compileOrThrow(small)), { states: limits.states - states });
    let step = search.next();
    for (; step.done !== true; step = search.next()) yield states + step.value;
    if (!step.value.complete) return null;
    states += step.value.states;
    schedules += step.value.schedules;
    steps += step.value.steps;
    const found = step.value.finds.find(
      ({ kind, tasks }) => nameOf({ kind, tasks: tasks.map((t) => needed[t]!) }) === nameOf(claim),
    );
    if (found === undefined) continue;
    const find = followed(
      machine,
      found.schedule.map((t) => needed[t]!),
    );
    if (find === null || nameOf(find) !== nameOf(claim)) return null;
    finds.push(find);
  }
  return { finds: finds.sort(byTasks), complete: true, states, schedules, steps };
}

/**
 * Those tasks and all whom they need to end as they do in the whole, and not otherwise: whoever is left out of these can but keep locks
 * from them, so that a run of the whole is one of these alone with every request made when it was granted, or at the end. Who may hold a
 * lock when somebody passes a guard to ask for it is among them. Where one of several could help (signals, units, forks) everybody is who takes
 * what they take: whoever takes the signal, or keeps a lock for good from one that would give it, takes hope from others.
 */
function alikeAlone({ program, wakes }: Compiled, tasks: readonly number[]): readonly number[] {
  const needs = needsOf(program);
  const takers = (lock: string): number[] =>
    [...program.tasks.keys()].filter((t) =>
      program.tasks[t]!.body.some((op) => (op.do === 'lock' || op.do === 'wait') && op.lock === lock),
    );
  for (let among = needs(tasks); ; ) {
    const rivals = among.flatMap((t) =>
      program.tasks[t]!.body.flatMap((op) =>
        (op.do === 'lock' || op.do === 'wait') && (wakes > 0 || op.guard !== null) ? takers(op.lock) : [],
      ),
    );
    const more = needs([...among, ...rivals]);
    if (more.length === among.length) return among;
    among = more;
  }
}

/** What a schedule of the machine ends in. */
function followed(machine: Machine, schedule: readonly number[]): SearchFind | null {
  machine.reset();
  for (const choice of schedule) {
    if (!machine.canTake(choice)) return null;
    machine.act(choice);
  }
  const verdict = machine.finished();
  const found = verdict === null ? null : findOf(verdict);
  return verdict === null || found === null ? null : { ...found, verdict, schedule };
}

/** All orders; if they are too many, what is known already is told beside what they showed. */
function* inAllOrders(
  machine: Machine,
  limits: SearchLimits,
  known: readonly SearchFind[],
): Generator<number, SearchResult> {
  const result = yield* fullSteps(machine, limits);
  if (result.complete) return result;
  const names = new Set(result.finds.map(nameOf));
  const finds = [...result.finds, ...known.filter((find) => !names.has(nameOf(find)))];
  return { ...result, finds: finds.sort(byTasks) };
}
