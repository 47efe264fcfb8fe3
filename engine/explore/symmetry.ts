// Symmetry: sets of tasks that can change places with each other, with the locks, flags and CPUs that are theirs alone.
import type { Op, ProgramLock } from '../../corpus/schema/program.js';
import type { SearchFind } from '../../corpus/schema/verdict.js';
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import { nameOf } from './confirm.js';
import { findOf } from './find.js';

/** Most finds that are told of all ways to change places. */
const MOST_FINDS = 16384;

/** Tasks that change places together, in the order of their roles, and what only they use, in the order in which they use it. */
export interface Unit {
  readonly tasks: readonly number[];
  readonly locks: readonly number[];
  readonly flags: readonly number[];
  readonly cpus: readonly number[];
}

/** Units any two of which can change places: the program stays the same. */
export type Group = readonly Unit[];

/**
 * The groups of units of a program that can change places. What few tasks use holds a unit together, what many use is
 * everybody's: how many that is, is tried, for CPUs and references apart from locks and flags; those groups are taken that leave the
 * fewest states.
 */
export function symmetryOf(c: Compiled): Group[] {
  const things = thingsOf(c);
  const isShared = (name: string): boolean => name.startsWith('lock ') || name.startsWith('flag ');
  const sizes = (shared: boolean): number[] => [
    ...new Set([
      1,
      ...[...things].filter(([name]) => isShared(name) === shared).map(([, users]) => users.size),
    ]),
  ];
  let best: Group[] = [];
  let most = 0;
  for (const places of sizes(false))
    for (const shared of sizes(true)) {
      const own = [...things].filter(([name, users]) => users.size <= (isShared(name) ? shared : places));
      const groups = groupsOf(c, new Map(own));
      const gain = groups.reduce((sum, { length }) => sum + logFactorial(length), 0);
      if (gain <= most) continue;
      most = gain;
      best = groups;
    }
  return best;
}

/** Who uses each lock, flag, CPU and (by its end, or by forking it) task, by its name in `nameOf`. */
function thingsOf(c: Compiled): Map<string, Set<number>> {
  const things = new Map<string, Set<number>>();
  const { tasks } = c.program;
  tasks.forEach((task, t) => {
    const uses = (name: string): void => void things.set(name, (things.get(name) ?? new Set()).add(t));
    uses(`task ${task.name}`);
    if (c.taskCpu[t]! >= 0) uses(cpuName(c, t));
    if (task.after !== null) uses(`task ${task.after}`);
    for (const op of task.body) for (const name of namesOf(op)) uses(name);
  });
  return things;
}

function namesOf(op: Op): string[] {
  const names = op.guard === null ? [] : [`flag ${op.guard.flag}`];
  if ('lock' in op) names.push(`lock ${op.lock}`);
  else if ('flag' in op) names.push(`flag ${op.flag}`);
  else if ('task' in op) names.push(`task ${op.task}`);
  return names;
}

function cpuName(c: Compiled, t: number): string {
  return `cpu ${c.taskCpu[t]}`;
}

/** Units are what hangs together by things of their own; alike ones are a group. */
function groupsOf(c: Compiled, own: ReadonlyMap<string, ReadonlySet<number>>): Group[] {
  const root = Array.from({ length: c.tasks }, (_, t) => t);
  const find = (t: number): number => (root[t] === t ? t : find(root[t]!));
  for (const [first = 0, ...rest] of own.values()) for (const t of rest) root[find(t)] = find(first);
  const sets = new Map<number, number[]>();
  for (let t = 0; t < c.tasks; t++) sets.set(find(t), [...(sets.get(find(t)) ?? []), t]);
  const alike = new Map<string, Unit[]>();
  for (const tasks of sets.values()) {
    const { text, unit } = described(c, tasks, own);
    alike.set(text, [...(alike.get(text) ?? []), unit]);
  }
  return [...alike.values()].filter((units) => units.length > 1);
}

/** A unit in words in which its own things have numbers in the order in which they occur: alike if the words are the same. */
function described(
  c: Compiled,
  tasks: readonly number[],
  own: ReadonlyMap<string, unknown>,
): { text: string; unit: Unit } {
  const locks = new Map(c.program.locks.map((lock, l) => [lock.id, { lock, l }]));
  const flags = new Map(c.program.flags.map((flag, f) => [flag.id, { flag, f }]));
  const indices = new Map(c.program.tasks.map((task, t) => [task.name, t]));
  const role = (t: number, name: (of: string) => string): string => {
    const task = c.program.tasks[t]!;
    const body = task.body.map(({ site: _site, frames: _frames, line: _line, ...op }) => {
      const names = namesOf(op as Op).map(name);
      return JSON.stringify({ ...op, lock: 0, flag: 0, task: 0, guard: op.guard?.when ?? null, names });
    });
    const cpu = c.taskCpu[t]! < 0 ? 'any' : name(cpuName(c, t));
    const after = task.after === null ? '' : name(`task ${task.after}`);
    return [task.irq, cpu, after, name(`task ${task.name}`), ...body].join('\n');
  };
  const blurred = (of: string): string => (own.has(of) ? '' : of);
  const ordered = tasks
    .map((t) => ({ t, text: role(t, blurred) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.t - b.t))
    .map(({ t }) => t);
  const numbers = new Map<string, number>();
  const kinds: string[] = [];
  const numbered = (of: string): string => {
    if (!own.has(of)) return of;
    const known = numbers.get(of);
    if (known !== undefined) return `#${known}`;
    numbers.set(of, numbers.size);
    kinds.push(kindOf(of));
    return `#${numbers.size - 1}`;
  };
  const kindOf = (of: string): string => {
    const lock = of.startsWith('lock ') ? locks.get(of.slice(5))?.lock : undefined;
    if (lock !== undefined) return lockText(lock);
    const flag = of.startsWith('flag ') ? flags.get(of.slice(5))?.flag : undefined;
    return flag === undefined ? of.slice(0, of.indexOf(' ')) : `flag ${flag.set}`;
  };
  const text = ordered.map((t) => role(t, numbered)).join('\n\n');
  const mine = (prefix: string): string[] =>
    [...numbers.keys()].filter((of) => of.startsWith(prefix)).map((of) => of.slice(prefix.length));
  const unit: Unit = {
    tasks: ordered,
    locks: mine('lock ').map((id) => locks.get(id)!.l),
    flags: mine('flag ').map((id) => flags.get(id)!.f),
    cpus: mine('cpu ').map(Number),
  };
  // What a unit names of its own tasks is one of its tasks.
  const inside = mine('task ').every((name) => tasks.includes(indices.get(name)!));
  return { text: inside ? `${kinds.join('\n')}\n\n${text}` : `alone ${tasks.join()}`, unit };
}

/**
 * Adds to the finds what they become when units change places, each run on the machine. False: one does not end so (of two
 * cycles that close at once the first in the order of the text is told), or there are too many.
 */
export function withImages(
  machine: Machine,
  groups: readonly Group[],
  finds: Map<string, SearchFind>,
): boolean {
  const swaps = groups.flatMap((group) => group.slice(1).map((unit, u) => swapOf(machine, group[u]!, unit)));
  const open = [...finds.values()];
  for (let find = open.pop(); find !== undefined; find = open.pop()) {
    for (const swap of swaps) {
      const tasks = find.tasks.map((t) => swap[t]!).sort((a, b) => a - b);
      const name = nameOf({ kind: find.kind, tasks });
      if (finds.has(name)) continue;
      if (finds.size >= MOST_FINDS) return false;
      const schedule = find.schedule.map((t) => swap[t]!);
      machine.reset();
      for (const t of schedule) machine.act(t);
      const verdict = machine.finished();
      const found = verdict === null ? null : findOf(verdict);
      if (verdict === null || found === null || nameOf(found) !== name) return false;
      const image = { ...found, verdict, schedule };
      finds.set(name, image);
      open.push(image);
    }
  }
  return true;
}

/** By task who it becomes if two units change places. */
function swapOf(machine: Machine, a: Unit, b: Unit): number[] {
  const swap = Array.from({ length: machine.compiled.tasks }, (_, t) => t);
  a.tasks.forEach((t, role) => {
    swap[t] = b.tasks[role]!;
    swap[b.tasks[role]!] = t;
  });
  return swap;
}

function lockText({ kind, units, rules, ww }: ProgramLock): string {
  return `lock ${kind} ${units} ${rules.join()} ${ww ?? ''}`;
}

function logFactorial(n: number): number {
  return n < 2 ? 0 : Math.log(n) + logFactorial(n - 1);
}
