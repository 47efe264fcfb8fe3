// A situation: who holds and who wants what at one moment of a dump, the cycle in it, and its episode.
import { lockAssumptions } from './cycle.js';
import { lockFacts } from './lock-facts.js';
import { entryFunction } from './primitives.js';
import type { Scribe, Taking } from './scribe.js';

/** One task of a dump. `instance` of a taking names the object: equal for equal locks. */
export interface StuckTask {
  readonly name: string;
  readonly pid: number | null;
  readonly frames: readonly string[];
  readonly holds: readonly Taking[];
  readonly wants: Taking | null;
}

/** Everything that one dump says. */
export interface Situation {
  readonly origin: string;
  readonly report: number;
  readonly alsoReports: readonly number[];
  readonly tasks: readonly StuckTask[];
  readonly assumes: readonly string[];
  readonly ruledOut: readonly string[];
  /** False where locks were told apart by class only; `apart` then says who could not tell. */
  readonly byAddress: boolean;
  readonly apart: string;
}

function conflicts(wants: Taking, hold: Taking): boolean {
  return wants.instance === hold.instance && (wants.mode === 'exclusive' || hold.mode === 'exclusive');
}

/** Indices of the tasks that each task waits for. */
export function waitsFor(tasks: readonly StuckTask[]): number[][] {
  return tasks.map((task) => {
    const wants = task.wants;
    if (wants === null) return [];
    const found = tasks.flatMap((other, j) =>
      other.holds.some((hold) => conflicts(wants, hold)) ? [j] : [],
    );
    return found;
  });
}

/** One cycle of the waits-for graph as task indices, or null. */
export function findCycle(edges: readonly (readonly number[])[]): number[] | null {
  const state = new Uint8Array(edges.length);
  const path: number[] = [];
  const visit = (node: number): number[] | null => {
    state[node] = 1;
    path.push(node);
    for (const next of edges[node] ?? []) {
      if (state[next] === 1) return path.slice(path.indexOf(next));
      if (state[next] === 0) {
        const cycle = visit(next);
        if (cycle !== null) return cycle;
      }
    }
    path.pop();
    state[node] = 2;
    return null;
  };
  for (let i = 0; i < edges.length; i++) {
    if (state[i] !== 0) continue;
    const cycle = visit(i);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** The tasks that wait, and those they wait for; indices in order. Tasks that have no part in any wait are left out. */
function involved(edges: readonly (readonly number[])[]): number[] {
  const set = new Set<number>();
  edges.forEach((targets, i) => {
    if (targets.length > 0) set.add(i);
    for (const target of targets) set.add(target);
  });
  return [...set].sort((a, b) => a - b);
}

/** A program has room for 31 tasks; a dump with more waiters keeps the cycle and the first bystanders. */
const MOST_TASKS = 24;

/** Waits without a cycle are kept for the lock order that they show; a few say it all. */
const MOST_WITHOUT_CYCLE = 8;

/** Instances that more than one task of the picture touches: the others have no part in any wait. */
function sharedInstances(situation: Situation): ReadonlySet<string | null> {
  const users = new Map<string | null, number>();
  for (const task of situation.tasks)
    for (const instance of new Set(
      [...task.holds, ...(task.wants === null ? [] : [task.wants])].map((t) => t.instance),
    ))
      users.set(instance, (users.get(instance) ?? 0) + 1);
  return new Set([...users].filter(([, count]) => count > 1).map(([instance]) => instance));
}

/** At most two of the tasks that hold and want the same shared objects: ten thousand waiters of one lock are one fact. */
function distinct(situation: Situation, members: readonly number[]): number[] {
  const shared = sharedInstances(situation);
  const seen = new Map<string, number>();
  return members.filter((i) => {
    const { holds, wants } = situation.tasks[i]!;
    const key = `${holds.filter((hold) => shared.has(hold.instance)).map((hold) => `${hold.mode} ${hold.instance}`)} > ${wants?.instance}`;
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return count <= 2;
  });
}

/** Text that is equal for equal waits: the same hang dumped every ten seconds is one situation. */
export function situationKey(situation: Situation): string {
  const edges = waitsFor(situation.tasks);
  return involved(edges)
    .map((i) => {
      const task = situation.tasks[i]!;
      return `${task.name}/${task.pid} holds ${task.holds.map((h) => `${h.lock}@${h.instance}`).join(',')} wants ${task.wants?.lock ?? '-'}@${task.wants?.instance ?? ''}`;
    })
    .join('\n');
}

/** Writes the episode of a situation. Returns 0 if nobody waits for anybody. */
export function writeSituation(scribe: Scribe, situation: Situation): number {
  const edges = waitsFor(situation.tasks);
  let members = involved(edges);
  if (members.length === 0) return 0;
  const cycle = findCycle(edges) ?? [];
  // Bystanders come first, so that in the order of the dump they queue before the cycle closes, and are seen to queue.
  const inCycle = new Set(cycle);
  const most = cycle.length > 0 ? MOST_TASKS : MOST_WITHOUT_CYCLE;
  const bystanders = distinct(
    situation,
    members.filter((i) => !inCycle.has(i)),
  ).slice(0, Math.max(0, most - cycle.length));
  members = [...bystanders, ...[...cycle].sort((a, b) => a - b)];
  const shared = new Set<string>();
  for (const i of cycle) {
    const wants = situation.tasks[i]?.wants;
    if (wants != null) shared.add(wants.lock);
  }
  const { sentences } = lockAssumptions([...shared].sort(), situation.byAddress ? null : situation.apart);
  const ruledOut =
    situation.byAddress && cycle.length > 0
      ? ['two different objects of one class: the dump prints the addresses, and they are equal']
      : [];
  const episode = scribe.builder.episode({
    origin: situation.origin,
    report: situation.report,
    alsoReports: situation.alsoReports,
    basis: 'observed',
    happened: true,
    assumes: [...situation.assumes, ...sentences],
    ruledOut: [...situation.ruledOut, ...ruledOut],
  });
  const sharedObjects = sharedInstances(situation);
  for (const i of members) {
    const task = situation.tasks[i]!;
    // A task of the cycle keeps all that it holds: it may be a gate. A bystander keeps what others touch too.
    const relevant = task.holds.filter(
      (hold) =>
        lockFacts(hold.lock, []).kind !== 'rcu' && (inCycle.has(i) || sharedObjects.has(hold.instance)),
    );
    scribe.write(
      {
        task: {
          name: task.name,
          pid: task.pid,
          function: entryFunction(task.frames),
          named: true,
          runs: 'task',
        },
        key: `${task.name}/${task.pid}`,
        cpu: null,
        irqsOff: false,
        takes: relevant,
        wants: task.wants,
      },
      episode,
    );
  }
  return 1;
}
