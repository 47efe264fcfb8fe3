// Rings: every end of a program that only takes and gives back locks, by the cycles of its lock order, each decided by itself.
import type { SearchFind, SearchResult } from '../../corpus/schema/verdict.js';
import { choiceOf } from '../model/choice.js';
import { type Compiled, compileOrThrow, LEVEL_TASK } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { OP_BH_OFF, OP_BH_ON, OP_IRQS_OFF, OP_IRQS_ON } from '../model/op-codes.js';
import { TAKES_EXCLUSIVELY } from '../model/rules.js';
import { slice } from '../shrink/slice.js';
import { byTasks, findOf } from './find.js';
import { SLICE } from './full.js';
import { takesAndGivesBack } from './lock-only.js';
import { isSettled, reducedSteps } from './reduced.js';
import { ringOrder } from './ring-order.js';
import { linkOf, queuedLocks, type Stand, standsOf, wayOf } from './stands.js';

/** Most stands of a program, links tried, rings decided, and states of the search for one ring that no order decides. */
export interface RingLimits {
  readonly stands: number;
  readonly links: number;
  readonly rings: number;
  readonly states: number;
}

export const RING_LIMITS: RingLimits = { stands: 1200, links: 3_000_000, rings: 20_000, states: 100_000 };

/**
 * True if the ends of the program are those of its rings (docs/adr/0120): it only takes and gives back locks, and of the
 * tasks of a CPU one at most switches interrupts.
 */
export function isRingProgram(c: Compiled): boolean {
  if (!takesAndGivesBack(c.program)) return false;
  if (c.irqTasks === 0) return true;
  const switches = (t: number): boolean =>
    c.taskLevel[t] === LEVEL_TASK &&
    c.opCode
      .subarray(c.opBase[t], c.opBase[t + 1])
      .some((code) => code === OP_IRQS_OFF || code === OP_IRQS_ON || code === OP_BH_OFF || code === OP_BH_ON);
  return c.cpus.every(({ tasks }) => tasks.filter(switches).length < 2);
}

/** The finds of a ring program; null: a limit was met, or a ring that neither an order nor a search decides. */
export function* ringSteps(machine: Machine, limits = RING_LIMITS): Generator<number, SearchResult | null> {
  const c = machine.compiled;
  const ways = Array.from({ length: c.tasks }, (_, t) => wayOf(c, t));
  const queued = queuedLocks(c);
  const all = ways.flatMap((way) => standsOf(c, way, queued));
  if (all.length > limits.stands) return null;
  const stands = inRings(all);
  const next = stands.map((from) => [...stands.keys()].filter((to) => linkOf(from, stands[to]!) !== 'no'));
  const finds = new Map<number, SearchFind>();
  /** Rings that the order did not lead to, by their tasks: the tasks among which they are searched for. */
  const open = new Map<number, number>();
  const total = { states: 1, schedules: 0, steps: 0 };

  const judge = (ring: readonly Stand[]): void => {
    const members = maskOf(ring);
    const cpus = finds.has(members) ? null : cpusOf(c, ring);
    if (cpus === null) return;
    total.schedules++;
    const order = ringOrder(ring, ways);
    if (order === null) return;
    const find = runTo(machine, [...order, ...asking(ring)], cpus, members);
    total.steps += machine.steps;
    total.states += machine.steps;
    if (find === null) open.set(members, (open.get(members) ?? members) | whoMadeWait(c, ring));
    else finds.set(members, find);
  };

  for (const { alone, end, task } of ways) {
    if (!alone) continue;
    const find = runTo(machine, new Array<number>(end + 1).fill(task), new Map(), 1 << task);
    if (find === null) throw new Error(`task ${task} of ${c.program.name} does not wait for itself`);
    total.schedules++;
    total.steps += machine.steps;
    total.states += machine.steps;
    finds.set(1 << task, find);
  }
  // Pairs of stands that tasks can have at the same time: 0 not looked at, 1 yes, 2 no.
  const pairs = new Uint8Array(stands.length * stands.length);
  const together = (a: number, b: number): boolean => {
    const at = Math.min(a, b) * stands.length + Math.max(a, b);
    if (pairs[at] === 0) {
      const [one, other] = [stands[a]!, stands[b]!];
      pairs[at] = haveRoom(c, one, other) && ringOrder([one, other], ways) !== null ? 1 : 2;
    }
    return pairs[at] === 1;
  };
  let links = 0;
  let pauseAt = SLICE;
  for (const [start, first] of stands.entries()) {
    // Each ring once: from its first task on.
    const path = [{ at: start, cursor: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1]!;
      const to = next[top.at]![top.cursor++];
      if (to === undefined) {
        path.pop();
        continue;
      }
      if (++links > limits.links || total.schedules > limits.rings) return null;
      if (links >= pauseAt) {
        pauseAt = links + SLICE;
        yield total.states;
      }
      if (to === start) {
        judge(path.map(({ at }) => stands[at]!));
        continue;
      }
      const stand = stands[to]!;
      if (stand.task <= first.task) continue;
      const goesOn = path.every(({ at }, i) => {
        const other = stands[at]!;
        if (other.task === stand.task) return false;
        // A chord closes a smaller ring; but who is in a `sync` waits only for those it met.
        const last = i === path.length - 1;
        if (!last && !other.sync && linkOf(other, stand) !== 'no') return false;
        if (i > 0 && !stand.sync && linkOf(stand, other) !== 'no') return false;
        return together(at, to);
      });
      if (!goesOn) continue;
      // What leads back to the start is a chord of all that goes on from here.
      if (linkOf(stand, first) !== 'no' && !stand.sync) {
        judge([...path, { at: to }].map(({ at }) => stands[at]!));
        continue;
      }
      path.push({ at: to, cursor: 0 });
    }
  }
  for (const [members, among] of open) {
    if (finds.has(members)) continue;
    const search = searched(machine, members, among, limits.states);
    let step = search.next();
    while (step.done !== true) {
      yield total.states + step.value;
      step = search.next();
    }
    if (step.value === null) return null;
    total.states += step.value.states;
    total.schedules += step.value.schedules;
    total.steps += step.value.steps;
    for (const find of step.value.finds) finds.set(members, find);
  }
  return { ...total, complete: true, finds: [...finds.values()].sort(byTasks) };
}

function maskOf(ring: readonly Stand[]): number {
  return ring.reduce((mask, stand) => mask | (1 << stand.task), 0);
}

/** The stands that others can wait for and that wait for others; the rest is in no ring. */
function inRings(all: readonly Stand[]): Stand[] {
  const links = all.map((from) => all.filter((to) => linkOf(from, to) !== 'no'));
  const left = new Set(all);
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    const awaited = new Set([...all.keys()].flatMap((i) => (left.has(all[i]!) ? links[i]! : [])));
    all.forEach((stand, i) => {
      if (!awaited.has(stand) || !links[i]!.some((to) => left.has(to))) left.delete(stand);
    });
  }
  return all.filter((stand) => left.has(stand));
}

/** False if a handler is on the CPU of the other task and does not sit on it: then one waits for the other by that alone. */
function haveRoom(c: Compiled, a: Stand, b: Stand): boolean {
  const cpu = c.taskCpu[a.task]!;
  if (cpu < 0 || cpu !== c.taskCpu[b.task] || a.under === b.task || b.under === a.task) return true;
  return c.taskLevel[a.task] === LEVEL_TASK && c.taskLevel[b.task] === LEVEL_TASK;
}

/**
 * The CPU (index into `cpus`) of each handler of a ring: that of the task that it sits on, else one without any of the others; null:
 * there are not so many. On one CPU with another they would wait for each other by that alone, which is another ring.
 */
function cpusOf(c: Compiled, ring: readonly Stand[]): Map<number, number> | null {
  const cpus = new Map<number, number>();
  const taken = new Set<number>();
  const homeless: (readonly number[])[] = [];
  const sits = new Set(ring.map(({ under }) => under));
  const plain = new Set<number>();
  for (const { task, under } of ring) {
    const group = under < 0 ? [task] : [task, under];
    if (under < 0 && (sits.has(task) || c.taskLevel[task] === LEVEL_TASK)) {
      if (!sits.has(task)) plain.add(c.taskCpu[task]!);
      continue;
    }
    const cpu = Math.max(...group.map((t) => c.taskCpu[t]!));
    if (cpu < 0) homeless.push(group);
    else {
      if (taken.has(cpu)) return null;
      taken.add(cpu);
      for (const t of group) cpus.set(t, cpu);
    }
  }
  if ([...plain].some((cpu) => taken.has(cpu))) return null;
  const free = [...c.cpus.keys()].filter((cpu) => !taken.has(cpu) && !plain.has(cpu));
  if (free.length < homeless.length) return null;
  homeless.forEach((group, i) => {
    for (const t of group) cpus.set(t, free[i]!);
  });
  return cpus;
}

/** Those who wait for a lock ask for it: writers first, so that a reader who queues behind one finds it waiting. */
function asking(ring: readonly Stand[]): number[] {
  const writes = ({ bits }: Stand): boolean => (bits & TAKES_EXCLUSIVELY) !== 0;
  const asks = ring.filter(({ under }) => under < 0);
  return [...asks.filter(writes), ...asks.filter((stand) => !writes(stand))].map(({ task }) => task);
}

/** Runs the tasks in that order; null if that is not possible, or does not end in a cycle of just the members. */
function runTo(
  machine: Machine,
  order: readonly number[],
  cpus: ReadonlyMap<number, number>,
  members: number,
): SearchFind | null {
  const c = machine.compiled;
  const schedule: number[] = [];
  machine.reset();
  for (const t of order) {
    const choice = c.taskCpu[t]! >= 0 || machine.hasBegun(t) ? t : choiceOf(t, cpus.get(t) ?? -1);
    if (!machine.canTake(choice)) return null;
    machine.act(choice);
    schedule.push(choice);
  }
  const verdict = machine.finished();
  const found = verdict === null ? null : findOf(verdict);
  if (verdict?.kind !== 'deadlock' || found === null) return null;
  if (verdict.cycle.reduce((mask, t) => mask | (1 << t), 0) !== members) return null;
  return { ...found, verdict, schedule };
}

/** An interrupted writer still waits for a lock that may be free again: who had it when it asked need not be of the ring. */
function whoMadeWait(c: Compiled, ring: readonly Stand[]): number {
  return ring.reduce((mask, { queuesAt }) => (queuesAt < 0 ? mask : mask | c.lockUsers[queuesAt]!), 0);
}

/** Ways of the members, with the others of `among`, to a cycle of just the members; null if the search does not end, or would lack CPUs. */
function* searched(
  machine: Machine,
  members: number,
  among: number,
  states: number,
): Generator<number, SearchResult | null> {
  const { compiled: c } = machine;
  const tasks = Array.from({ length: c.tasks }, (_, t) => t).filter((t) => among & (1 << t));
  if (tasks.some((t) => c.taskCpu[t]! < 0)) return null;
  const { program } = c;
  const small = slice(
    program,
    tasks.map((t) => program.tasks[t]!),
  );
  const result = yield* reducedSteps(new Machine(compileOrThrow(small)), { states });
  if (!isSettled(result) || !result.complete) return null;
  const isOfMembers = (find: SearchFind): boolean =>
    find.kind === 'deadlock' && find.tasks.reduce((mask, t) => mask | (1 << tasks[t]!), 0) === members;
  const finds = result.finds.filter(isOfMembers);
  const again = finds.map(({ schedule }) => {
    const find = runTo(
      machine,
      schedule.map((t) => tasks[t]!),
      new Map(),
      members,
    );
    if (find === null) throw new Error(`the tasks of a ring of ${program.name} need others`);
    return find;
  });
  const { unsettled: _none, ...counts } = result;
  return { ...counts, finds: again };
}
