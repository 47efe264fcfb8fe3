// Interpreter's waits: who waits for whom, who can never move again, and the cycle among those.
import type { Op } from '../../corpus/schema/program.js';
import { hasToGiveWay, mayGiveWay } from './interpreter-contexts.js';
import { attempt, behindUnlock, homes, inTheWay, isOver } from './interpreter-ops.js';
import type { TaskState, World } from './interpreter-world.js';

/** What a task waits for: every one of `all`, and any one of each group in `any`. */
interface Wait {
  readonly all: Set<number>;
  readonly any: Set<number>[];
}

function waitOf(world: World, t: number): Wait {
  const task = world.tasks[t]!;
  const all = new Set<number>(world.handlersOver(t));
  const any: Set<number>[] = [];
  if (isOver(world, t)) return { all: new Set(), any };
  const others = (test: (op: Op) => boolean): Set<number> =>
    new Set(
      [...world.tasks.keys()].filter((u) => {
        const other = world.tasks[u]!;
        // Who gives way comes by all behind its `ww begin` once more.
        const from = Math.min(other.pc, other.context?.from ?? other.pc);
        return u !== t && !isOver(world, u) && other.spec.body.slice(from).some(test);
      }),
    );
  if (!task.began) {
    const { after, name } = task.spec;
    if (after !== null && !isOver(world, world.index(after))) all.add(world.index(after));
    const forks = (op: Op): boolean => op.do === 'fork' && op.task === name;
    if (!world.forked.has(name) && world.program.tasks.some((other) => other.body.some(forks))) {
      any.push(others(forks));
    }
  }
  const op = task.spec.body[task.pc]!;
  // Who is blocked by a handler only still wants what it wants: the question is the lock's alone.
  if (!task.waiting || attempt(world, t) !== null || hasToGiveWay(world, t)) return { all, any };
  switch (op.do) {
    case 'lock': {
      const lock = world.lock(op.lock);
      if (lock.spec.kind === 'semaphore') {
        const able = givers(world, op.lock);
        if (able.size > 1) able.delete(t);
        any.push(able);
      }
      for (const u of inTheWay(world, t, op, lock)) all.add(u);
      break;
    }
    case 'wait':
      any.push(
        others((other) => (other.do === 'signal' || other.do === 'signal-all') && other.lock === op.lock),
      );
      break;
    case 'sync':
      for (const u of task.snapshot ?? []) all.add(u);
      break;
    case 'join':
      all.add(world.index(op.task));
      break;
    default:
      break;
  }
  return { all, any };
}

/** Tasks that from where they are could give back more units than they take, at some point. Who has ended, if in an open context, cannot. */
function givers(world: World, id: string): Set<number> {
  return new Set(
    [...world.tasks.keys()].filter((u) => !isOver(world, u) && mostGained(world.tasks[u]!, id) > 0),
  );
}

function mostGained({ spec: { body }, pc, context }: TaskState, id: string): number {
  const from = Math.min(pc, context?.from ?? pc);
  // The most that can be gained from each op on; behind the last, nothing.
  const most = new Array<number>(body.length + 1).fill(0);
  for (let i = body.length - 1; i >= from; i--) {
    const op = body[i]!;
    const rest = most[i + 1]!;
    if (op.do === 'unlock' && op.lock === id) most[i] = rest + 1;
    else if (op.do !== 'lock') most[i] = rest;
    else if (op.attempt) most[i] = Math.max(rest, most[behindUnlock(body, i)]!);
    else most[i] = op.lock === id && op.guard === null ? Math.max(0, rest - 1) : rest;
  }
  return Math.max(most[pc]!, most[from]!);
}

/** What it waits for may never come, but it may be made to give way, once nothing interrupts it. */
function canBeHelped(world: World, t: number, free: ReadonlySet<number>): boolean {
  return world.handlersOver(t).every((h) => free.has(h)) && mayGiveWay(world, t, free);
}

/** Tasks that can never move again, each with those of them that it waits for. */
function stuck(world: World): Map<number, Set<number>> {
  const open = [...world.tasks.keys()].filter((t) => !isOver(world, t));
  const waits = new Map(open.map((t) => [t, waitOf(world, t)]));
  const free = new Set<number>();
  for (let size = -1; size < free.size; ) {
    size = free.size;
    for (const t of open) {
      const { all, any } = waits.get(t)!;
      const served =
        ([...all].every((u) => free.has(u)) || canBeHelped(world, t, free)) &&
        any.every((group) => [...group].some((u) => free.has(u)));
      if (served && mayInterrupt(world, t, free)) free.add(t);
    }
  }
  const rest = open.filter((t) => !free.has(t));
  return new Map(
    rest.map((t) => {
      const { all, any } = waits.get(t)!;
      // Whom somebody free could still wake is not held up by the others who could.
      const hopeless = any.filter((group) => ![...group].some((u) => free.has(u)));
      const targets = [...all, ...hopeless.flatMap((group) => [...group])];
      return [t, new Set(targets.filter((u) => rest.includes(u)))];
    }),
  );
}

/** For an irq task that has not begun: whether some CPU lets it in, or free tasks might make it. Others: true. */
function mayInterrupt(world: World, t: number, free: ReadonlySet<number>): boolean {
  const { spec, began } = world.tasks[t]!;
  if (spec.irq === null || began) return true;
  return homes(world, t).some((cpu) => {
    const above = cpu.handlers.filter((h) => spec.irq === 'soft' || world.tasks[h]!.spec.irq === 'hard');
    if (above.some((h) => !free.has(h))) return false;
    if (cpu.irqsOn && (spec.irq === 'hard' || cpu.bhOff === 0)) return true;
    return [...free].some((u) => u !== t && (world.tasks[u]!.cpu ?? cpu) === cpu);
  });
}

/** The shortest cycle, the first in dictionary order of several, with those who queue behind it. */
export function findDeadlock(world: World): { cycle: number[]; bystanders: number[] } | null {
  const edges = stuck(world);
  // Who leads to nobody is in no cycle; without those, a graph free of cycles is empty and quickly done with.
  const left = new Set(edges.keys());
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    for (const t of left) if (![...edges.get(t)!].some((u) => left.has(u))) left.delete(t);
  }
  const nodes = [...left].sort((a, b) => a - b);
  const next = new Map(
    nodes.map((t) => [t, [...edges.get(t)!].filter((u) => left.has(u)).sort((a, b) => a - b)]),
  );
  const walk = (path: readonly number[], length: number): number[] | null => {
    const targets = next.get(path[path.length - 1]!)!;
    if (path.length >= length) return targets.includes(path[0]!) ? [...path] : null;
    for (const u of targets) {
      if (u <= path[0]! || path.includes(u)) continue;
      const found = walk([...path, u], length);
      if (found !== null) return found;
    }
    return null;
  };
  const length = Math.min(...nodes.map((start) => roundTrip(next, start)));
  for (const start of nodes) {
    const cycle = walk([start], length);
    if (cycle !== null) return { cycle, bystanders: bystanders(world, edges, cycle) };
  }
  return null;
}

/** Edges of the shortest way from a task back to itself past larger ones only; Infinity: there is none. */
function roundTrip(next: ReadonlyMap<number, readonly number[]>, start: number): number {
  const met = new Set<number>();
  let wave = [start];
  for (let length = 1; wave.length > 0; length++) {
    const reached = wave.flatMap((t) => next.get(t)!);
    if (reached.includes(start)) return length;
    wave = [...new Set(reached)].filter((u) => u > start && !met.has(u));
    for (const u of wave) met.add(u);
  }
  return Number.POSITIVE_INFINITY;
}

function bystanders(
  world: World,
  edges: ReadonlyMap<number, Set<number>>,
  cycle: readonly number[],
): number[] {
  const reaching = new Set(cycle);
  for (let size = -1; size < reaching.size; ) {
    size = reaching.size;
    for (const [t, targets] of edges) if ([...targets].some((u) => reaching.has(u))) reaching.add(t);
  }
  return standingTasks(world).filter((t) => reaching.has(t) && !cycle.includes(t));
}

/** Tasks that have begun, have not ended, and wait or are interrupted. */
export function standingTasks(world: World): number[] {
  return [...world.tasks.keys()].filter((t) => {
    const task = world.tasks[t]!;
    return task.began && !isOver(world, t) && (task.waiting || world.handlersOver(t).length > 0);
  });
}
