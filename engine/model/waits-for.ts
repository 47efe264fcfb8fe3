// Waits-for: who waits for whom, which tasks can never move again, the cycle, and who merely queues behind it.
import type { Verdict } from '../../corpus/schema/verdict.js';
import { LEVEL_HARD } from './compile.js';
import { hasAcquired, inContext, olderThan } from './contexts.js';
import { handlersOver } from './interrupts.js';
import { BROKEN, DEADLOCKED } from './layout.js';
import type { Machine } from './machine.js';
import { OP_REQUIRE_CLEAR, OP_REQUIRE_SET, OP_WW_BEGIN, OP_WW_END, OP_WW_LOCK } from './op-codes.js';

/**
 * The tasks that can never move again: the complement of the least set that holds every task that can act and with
 * any tasks those which all must (`blockersMask`) or one could (`wakersMask`) let go on. Ended tasks are in neither.
 */
export function hopeless(m: Machine): number {
  const { compiled: c } = m;
  let live = 0;
  let waiting = 0;
  for (let t = 0; t < c.tasks; t++) if (!m.hasEnded(t)) waiting |= 1 << t;
  for (let again = true; again; ) {
    again = false;
    for (let t = 0; t < c.tasks; t++) {
      const bit = 1 << t;
      if ((waiting & bit) === 0) continue;
      if ((m.blockersMask(t) & ~live) !== 0 && !mayBeMadeToGiveWay(m, t, live)) continue;
      if (m.waitsForAny(t) && (m.wakersMask(t) & live) === 0) continue;
      if (c.irqTasks & bit && !m.hasBegun(t) && !mayBeLetIn(m, t, live)) continue;
      waiting &= ~bit;
      live |= bit;
      again = true;
    }
  }
  return waiting;
}

/** True if a live, older context may yet come and make the task, which waits in a context of its own, give way. */
function mayBeMadeToGiveWay(m: Machine, t: number, live: number): boolean {
  const { compiled: c } = m;
  if (!c.hasContexts || !m.isWaiting(t)) return false;
  const g = c.opBase[t]! + m.pc(t);
  if (c.opCode[g] !== OP_WW_LOCK || !inContext(m, t) || !hasAcquired(m, t)) return false;
  return (handlersOver(m, t) & ~live) === 0 && olderThan(m, t, live) !== 0;
}

/** True if on some CPU that the irq task may hit, what keeps it out may be lifted by live tasks. */
function mayBeLetIn(m: Machine, task: number, live: number): boolean {
  const { compiled: c, layout: at, stateWords: s } = m;
  for (let cpu = 0; cpu < c.cpus.length; cpu++) {
    if (c.taskCpu[task]! >= 0 && c.taskCpu[task] !== cpu) continue;
    const hard = s[at.hardOn + cpu]!;
    const soft = c.taskLevel[task] === LEVEL_HARD ? 0 : s[at.softOn + cpu]!;
    if (hard !== 0 && (live & (1 << (hard - 1))) === 0) continue;
    if (soft !== 0 && (live & (1 << (soft - 1))) === 0) continue;
    const masked = s[at.irqsOff + cpu] !== 0 || (c.taskLevel[task] !== LEVEL_HARD && s[at.bhOff + cpu] !== 0);
    if (!masked) return true;
    for (let t = 0; t < c.tasks; t++) {
      if (t !== task && live & (1 << t) && (m.cpuOfTask(t) === cpu || m.cpuOfTask(t) < 0)) return true;
    }
  }
  return false;
}

/** True if the tasks of `among` have a cycle among themselves. */
export function hasCycle(m: Machine, among: number): boolean {
  let left = among;
  for (let again = true; again && left !== 0; ) {
    again = false;
    for (let t = 0; t < m.compiled.tasks; t++) {
      const bit = 1 << t;
      if ((left & bit) === 0 || (targetsOf(m, t, among) & left) !== 0) continue;
      left &= ~bit;
      again = true;
    }
  }
  return left !== 0;
}

/** The waits-for graph among the hopeless, as one mask of targets for each task. */
export function edgesOf(m: Machine): Int32Array {
  const among = hopeless(m);
  return Int32Array.from({ length: m.compiled.tasks }, (_, t) =>
    among & (1 << t) ? targetsOf(m, t, among) : 0,
  );
}

/** Whom of the hopeless a task waits for; one who could still be woken by somebody else waits for no waker. */
function targetsOf(m: Machine, t: number, hopeless: number): number {
  const wakers = m.wakersMask(t);
  return (m.blockersMask(t) | (wakers & ~hopeless ? 0 : wakers)) & hopeless;
}

/**
 * The shortest cycle, in waits-for order from its smallest task; of several the one that comes first in
 * lexicographic order. Null if there is none.
 */
export function findCycle(edges: Int32Array): number[] | null {
  const n = edges.length;
  for (let length = 1; length <= n; length++) {
    for (let start = 0; start < n; start++) {
      // A cycle written from its smallest task only passes larger ones.
      const allowed = -1 << start;
      const away = distancesTo(edges, start, allowed);
      if (away[start] !== length) continue;
      const path = [start];
      for (let left = length - 1; left > 0; left--) {
        const targets = edges[path[path.length - 1]!]! & allowed & ~(1 << start);
        path.push(away.findIndex((d, t) => (targets & (1 << t)) !== 0 && t !== start && d === left));
      }
      return path;
    }
  }
  return null;
}

/** Edges from each task to `goal` inside `allowed`; for `goal` itself the length of the shortest way round. */
function distancesTo(edges: Int32Array, goal: number, allowed: number): number[] {
  const n = edges.length;
  const away = new Array<number>(n).fill(Number.POSITIVE_INFINITY);
  let wave = 1 << goal;
  for (let d = 1; d <= n && wave !== 0; d++) {
    let next = 0;
    for (let t = 0; t < n; t++) {
      if ((allowed & (1 << t)) === 0 || away[t] !== Number.POSITIVE_INFINITY || (edges[t]! & wave) === 0)
        continue;
      away[t] = d;
      next |= 1 << t;
    }
    wave = next & ~(1 << goal);
  }
  return away;
}

/** Tasks outside the cycle that wait, by any number of hops, for one of its tasks. Sorted. */
function queueBehind(m: Machine, edges: Int32Array, cycle: readonly number[]): number[] {
  let reaching = cycle.reduce((mask, t) => mask | (1 << t), 0);
  const inCycle = reaching;
  for (let again = true; again; ) {
    again = false;
    for (let t = 0; t < edges.length; t++) {
      if (reaching & (1 << t) || (edges[t]! & reaching) === 0) continue;
      reaching |= 1 << t;
      again = true;
    }
  }
  return [...edges.keys()].filter((t) => reaching & ~inCycle & (1 << t) && stands(m, t));
}

/** True if the task has begun and cannot go on: it waits, or a handler sits on it. */
function stands(m: Machine, t: number): boolean {
  return m.hasBegun(t) && !m.hasEnded(t) && (m.isWaiting(t) || m.blockersMask(t) !== 0);
}

/** How the run of the machine ended; it must have. */
export function readVerdict(m: Machine): Verdict {
  const { compiled: c, layout: at, stateWords: s } = m;
  switch (s[at.status]) {
    case BROKEN: {
      const g = s[at.brokenAt]!;
      let task = 0;
      while (c.opBase[task + 1]! <= g) task++;
      return { kind: 'violated', task, op: g - c.opBase[task]!, reason: brokenReason(m, task, g) };
    }
    case DEADLOCKED: {
      const edges = edgesOf(m);
      const cycle = findCycle(edges);
      if (cycle === null) throw new Error(`a cycle was seen in ${c.program.name} and is gone`);
      return { kind: 'deadlock', cycle, bystanders: queueBehind(m, edges, cycle) };
    }
    default: {
      const waits = (t: number): boolean => m.isWaiting(t);
      const all = Array.from({ length: c.tasks }, (_, t) => t);
      if (!all.some(waits)) return { kind: 'completed' };
      return { kind: 'stranded', tasks: all.filter((t) => stands(m, t)) };
    }
  }
}

function brokenReason(m: Machine, task: number, g: number): string {
  const { program } = m.compiled;
  const arg = m.compiled.opArg[g]!;
  const name = program.tasks[task]!.name;
  switch (m.compiled.opCode[g]) {
    case OP_REQUIRE_SET:
      return `${name} requires ${program.flags[arg]!.id}, which is clear`;
    case OP_REQUIRE_CLEAR:
      return `${name} requires that ${program.flags[arg]!.id} is clear, and it is set`;
    case OP_WW_BEGIN:
      return `${name} begins an acquire context inside another`;
    case OP_WW_END:
      return inContext(m, task)
        ? `${name} ends its acquire context with locks of it held`
        : `${name} ends an acquire context that it did not begin`;
    default: {
      const holders = m.holders(arg).map((t) => program.tasks[t]!.name);
      const who =
        holders.length === 0
          ? 'nobody holds'
          : `${holders.join(' and ')} ${holders.length > 1 ? 'hold' : 'holds'}`;
      return `${name} unlocks ${program.locks[arg]!.id}, which ${who}`;
    }
  }
}
