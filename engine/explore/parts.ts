// Parts: a program searched as the independent programs that it falls into, so that what does not meet is not multiplied.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchResult } from '../../corpus/schema/verdict.js';
import { MAX_TASKS } from '../model/choice.js';
import { compileOrThrow } from '../model/compile.js';
import { replay, replayGenome } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { randomScheduler } from '../schedulers/random.js';
import { reach } from '../shrink/reach.js';
import { slice } from '../shrink/slice.js';
import { exploreMachine, exploreSteps } from './exhaustive.js';
import type { PartFind, PartsTotal } from './find.js';
import type { SearchLimits } from './full.js';
import { largeSteps } from './large.js';
import { type Copy, isLockOnly, reduceLockOnly } from './lock-only.js';
import { meetings } from './meetings.js';

export interface PartsResult extends PartsTotal {
  readonly finds: readonly PartFind[];
  /** Names of the tasks of a part that was too large for one search and for a proof by its lock order; then `complete` is false. */
  readonly tooLarge: readonly string[] | null;
}

/** Most ends that are put together from those of parts, or told of equal tasks. */
const MOST_FINDS = 4096;
/** Runs by which it is tried whether a part that has bad ends can also end well. */
const TRIES = 256;
/** States of such a part that are looked through for a good end. */
const STATES_OF_A_PART = 20_000;

interface Part {
  readonly program: Program;
  readonly copies: ReadonlyMap<string, Copy>;
}

function partsOf(program: Program): Part[] {
  const groups = meetings(program).map((tasks) =>
    tasks.length === program.tasks.length ? program : slice(program, tasks),
  );
  return groups.flatMap((group): Part[] => {
    if (!isLockOnly(group)) return [{ program: group, copies: new Map() }];
    const reduced = reduceLockOnly(group);
    if (reduced === null) return [];
    const inner = meetings(reduced.program);
    if (inner.length === 1) return [reduced];
    return inner.map((tasks) => ({ ...reduced, program: slice(reduced.program, tasks) }));
  });
}

/**
 * All ends of a program of any number of tasks. A run of the whole is a run of each part, and ends with the first bad end of any;
 * "stranded" is said when nobody at all can move, so those ends of the parts are put together.
 * A part of more than `most` tasks is searched by its lock order and in slices. Pauses as `exploreSteps` does. Throws if the
 * program is ill-formed.
 */
export function* partsSteps(
  program: Program,
  limits: SearchLimits,
  most = MAX_TASKS,
): Generator<number, PartsResult> {
  const parts = partsOf(program);
  const total = { complete: true, states: 0, schedules: 0, steps: 0 };
  let tooLarge: readonly string[] | null = null;
  if (parts.length === 0) return { ...total, ...oneAfterAnother(program), finds: [], tooLarge: null };
  const atOnce = overAtTheStart(program, parts);
  if (atOnce !== null) return { ...total, finds: [atOnce], tooLarge: null };
  const finds: PartFind[] = [];
  /** A part was not seen to end well, and may do so all the same. */
  let unsure = false;
  /** By part: ways in which it can end without ending the run of the whole; null: well. */
  const quiet: (PartFind | null)[][] = [];
  for (const part of parts) {
    const left = { states: Math.max(0, limits.states - total.states) };
    if (part.program.tasks.length > most) {
      const search = largeSteps(part.program, left, most);
      let step = search.next();
      for (; step.done !== true; step = search.next()) yield total.states + step.value;
      add(total, step.value);
      if (!step.value.complete) tooLarge ??= part.program.tasks.map((task) => task.name);
      const copied = withCopies(program, part, step.value.finds);
      if (copied === null) total.complete = false;
      finds.push(...(copied ?? step.value.finds));
      const well = parts.length === 1 || endsWellInTurn(part.program);
      quiet.push(well ? [null] : []);
      if (!well) unsure = true;
      continue;
    }
    const machine = new Machine(compileOrThrow(part.program));
    const search = exploreSteps(machine, left);
    let step = search.next();
    while (step.done !== true) {
      yield total.states + step.value;
      step = search.next();
    }
    const result = step.value;
    add(total, result);
    const found = result.finds.map(({ kind, tasks, schedule }): PartFind => {
      const names = tasks.map((t) => part.program.tasks[t]!.name).sort();
      return { kind, tasks: names, program: part.program, schedule };
    });
    const loud = found.filter((find) => find.kind !== 'stranded');
    const told = withCopies(program, part, loud);
    if (told === null) total.complete = false;
    finds.push(...(told ?? loud));
    const ends: (PartFind | null)[] = found.filter((find) => find.kind === 'stranded');
    const well = found.length === 0 ? true : canEndWell(machine);
    if (well === true) ends.push(null);
    if (well === null) unsure = true;
    quiet.push(ends);
  }
  const together = combined(program, quiet);
  if (together === null) total.complete = false;
  if (unsure && quiet.length > 1 && quiet.some((ends) => ends.some((end) => end !== null)))
    total.complete = false;
  finds.push(...(together ?? quiet.flat().filter((end) => end !== null)));
  // A search that never had to choose has still looked at the beginning.
  return { ...total, states: Math.max(1, total.states), finds, tooLarge };
}

function add(total: { -readonly [K in keyof PartsTotal]: PartsTotal[K] }, part: PartsTotal): void {
  total.complete &&= part.complete;
  total.states += part.states;
  total.schedules += part.schedules;
  total.steps += part.steps;
}

/** True if the tasks, run one after another, all end. */
function endsWellInTurn(program: Program): boolean {
  return replayGenome(program, { order: [], preempts: [] }).verdict.kind === 'completed';
}

/**
 * The one schedule that stands for all where no cycle passes through any task: each runs to its end, one after another. It is
 * walked, and counted, so that nobody has to take the proof's word for it. Throws if it does not end well, which would refute the proof.
 */
function oneAfterAnother(program: Program): Pick<SearchResult, 'states' | 'schedules' | 'steps'> {
  let steps = 0;
  for (let from = 0; from < program.tasks.length; from += MAX_TASKS) {
    const some = slice(program, program.tasks.slice(from, from + MAX_TASKS));
    const machine = new Machine(compileOrThrow(some));
    for (; machine.finished() === null; steps++) {
      const left = machine.actMask();
      machine.act(31 - Math.clz32(left & -left));
    }
    const end = machine.finished();
    if (end?.kind !== 'completed')
      throw new Error(`no cycle passes through ${program.name}, yet it is ${end?.kind}`);
  }
  return { states: steps + 1, schedules: 1, steps };
}

/**
 * The cycle that is there before anybody has moved (tasks that only each other fork): then no other part ever moves. Of
 * several the shortest, of equally short ones the first in dictionary order, as in any state. Null: there is none.
 */
function overAtTheStart(program: Program, parts: readonly Part[]): PartFind | null {
  const place = new Map(program.tasks.map((task, t) => [task.name, t]));
  const cycles = parts.flatMap((part) => {
    const { verdict } = replay(part.program, []);
    if (verdict.kind !== 'deadlock') return [];
    const names = verdict.cycle.map((t) => part.program.tasks[t]!.name);
    return [{ part, names, order: names.map((name) => place.get(name)!) }];
  });
  cycles.sort((a, b) => a.order.length - b.order.length || compare(a.order, b.order));
  const [first] = cycles;
  if (first === undefined) return null;
  return { kind: 'deadlock', tasks: [...first.names].sort(), program: first.part.program, schedule: [] };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0);
  return 0;
}

/** Whether some run of the part ends well: by trying, then by all its states; null: those are too many. */
function canEndWell(machine: Machine): boolean | null {
  const scheduler = randomScheduler();
  for (let run = 1; run <= TRIES; run++) {
    const rng = xorshift(run);
    machine.reset();
    while (machine.finished() === null) machine.act(scheduler.pick(machine, machine.actMask(), rng));
    if (machine.finished()?.kind === 'completed') return true;
  }
  const { schedule, complete } = reach(
    machine,
    { matches: (m) => m.finished()?.kind === 'completed' },
    STATES_OF_A_PART,
  );
  return schedule !== null ? true : complete ? false : null;
}

/** Each find told for every choice among equal tasks; null if those are too many. */
function withCopies(program: Program, part: Part, finds: readonly PartFind[]): PartFind[] | null {
  if (part.copies.size === 0) return [...finds];
  const told = new Map<string, PartFind>();
  for (const find of finds) {
    // Units of one kind that take part, and every choice of as many.
    const groups = new Map<Copy['units'], Set<number>>();
    for (const name of find.tasks) {
      const copy = part.copies.get(name);
      if (copy !== undefined) groups.set(copy.units, (groups.get(copy.units) ?? new Set()).add(copy.unit));
    }
    let renamings: ReadonlyMap<string, string>[] = [new Map()];
    for (const [units, taking] of groups) {
      const used = [...taking].sort((a, b) => a - b).map((u) => units[u]!);
      const choices = choose(units, used.length, MOST_FINDS);
      if (choices === null || choices.length * renamings.length > MOST_FINDS) return null;
      renamings = renamings.flatMap((known) =>
        choices.map((choice) => {
          const pairs = used.flatMap((unit, i) =>
            unit.map((name, role) => [name, choice[i]![role]!] as const),
          );
          return new Map([...known, ...pairs]);
        }),
      );
    }
    const base = groups.size === 0 ? find : byMembers(find);
    for (const renaming of renamings) {
      const renamed = (name: string): string => renaming.get(name) ?? name;
      const tasks = find.tasks.map(renamed).sort();
      const key = `${find.kind} ${tasks.join(' ')}`;
      if (told.has(key)) continue;
      if (told.size >= MOST_FINDS) return null;
      if (groups.size === 0) {
        told.set(key, find);
        continue;
      }
      const small = slice(
        program,
        program.tasks.filter((task) => tasks.includes(task.name)),
      );
      const index = new Map(small.tasks.map((task, t) => [task.name, t]));
      const schedule = base.schedule.map((t) => index.get(renamed(base.program.tasks[t]!.name))!);
      told.set(key, { kind: find.kind, tasks, program: small, schedule });
    }
  }
  return [...told.values()];
}

/** The find among its members alone: in a lock-only program they reach it by themselves. */
function byMembers(find: PartFind): PartFind {
  if (find.program.tasks.length === find.tasks.length) return find;
  const program = slice(
    find.program,
    find.program.tasks.filter((task) => find.tasks.includes(task.name)),
  );
  const { finds } = exploreMachine(new Machine(compileOrThrow(program)), { states: 1_000_000 });
  const same = finds.find((other) => other.kind === find.kind && other.tasks.length === program.tasks.length);
  if (same === undefined) throw new Error(`${find.tasks.join(' ')} do not deadlock without the others`);
  return { ...find, program, schedule: same.schedule };
}

/** All ways to take `size` of a list, in its order; null if there are more than `most`. */
function choose<T>(list: readonly T[], size: number, most: number): T[][] | null {
  let ways: { readonly taken: T[]; readonly next: number }[] = [{ taken: [], next: 0 }];
  for (let i = 0; i < size; i++) {
    ways = ways.flatMap(({ taken, next }) =>
      list.slice(next).map((entry, at) => ({ taken: [...taken, entry], next: next + at + 1 })),
    );
    if (ways.length > most) return null;
  }
  return ways.map(({ taken }) => taken);
}

/** Every way in which all parts come to rest, somebody stranded; null if there are too many. */
function combined(program: Program, quiet: readonly (readonly (PartFind | null)[])[]): PartFind[] | null {
  let ways: PartFind[][] = [[]];
  for (const ends of quiet) {
    ways = ways.flatMap((way) => ends.map((end) => (end === null ? way : [...way, end])));
    if (ways.length > MOST_FINDS) return null;
  }
  return ways.flatMap((way): PartFind[] => {
    const [first, ...rest] = way;
    if (first === undefined) return [];
    if (rest.length === 0) return [first];
    const members = new Set(way.flatMap((end) => end.program.tasks.map((task) => task.name)));
    const whole = slice(
      program,
      program.tasks.filter((task) => members.has(task.name)),
    );
    if (whole.tasks.length > MAX_TASKS) return [{ ...first, tasks: way.flatMap((end) => end.tasks).sort() }];
    const index = new Map(whole.tasks.map((task, t) => [task.name, t]));
    const schedule = way.flatMap((end) => end.schedule.map((t) => index.get(end.program.tasks[t]!.name)!));
    return [{ kind: 'stranded', tasks: way.flatMap((end) => end.tasks).sort(), program: whole, schedule }];
  });
}
