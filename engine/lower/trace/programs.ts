// Programs of a trace: for each ring of transactions the few tasks that it takes, with the order that must hold between them.
import type { Capture } from '../../../corpus/schema/capture.js';
import { EVENT_KINDS } from '../../../corpus/schema/event.js';
import type {
  LoweredProgram,
  MustOrder,
  Op,
  ProgramLock,
  ProgramTask,
} from '../../../corpus/schema/program.js';
import { asWritten } from '../as-written.js';
import type { Naming } from '../body.js';
import { lockName, TaskNames } from '../names.js';
import { choose, known, type Order } from './choose.js';
import { programLock, type TraceCycle } from './cycles.js';
import { entryOf } from './entry.js';
import { classCycle, locksOf, sharedByName } from './identity.js';
import { type OpBody, opBodyOf } from './op-bodies.js';
import type { Occurrence } from './transactions.js';

export interface MadeProgram {
  readonly lowered: LoweredProgram;
  /** False if the ring was found ordered, but not all times that it was seen were looked at. */
  readonly sure: boolean;
  /** Text that two programs of the same transactions share. */
  readonly key: string;
  /** The same for programs that tell one cycle of classes, where a lock is one only by its name; null for all others. */
  readonly told: string | null;
}

interface Part {
  readonly occurrence: Occurrence;
  readonly name: string;
  readonly level: 'hard' | 'soft' | null;
  body: OpBody;
}

const bare = { guard: null, site: null, frames: [], line: null } as const;

/** The program of one ring, or null if it has none: one task only, or an order that a program cannot say. */
export function programOf(
  capture: Capture,
  episode: number,
  cycle: TraceCycle,
  order: Order,
  programName: string,
): MadeProgram | null {
  const { members } = cycle;
  const choice = choose(members, order);
  if (choice === null) return null;
  const { occurrences } = choice;
  const interrupts = members.some(({ shape }) => shape.level !== null);
  const names = new TaskNames();
  const locks: ProgramLock[] = [];
  const ids = new Map<number, string>();
  const naming: Naming = {
    lockId: (lock) => {
      const given = ids.get(lock);
      if (given !== undefined) return given;
      const id = lockName(locks.length);
      ids.set(lock, id);
      locks.push(programLock(capture, lock, id));
      return id;
    },
    kindOf: (lock) => capture.classes[capture.locks[lock]!.class]!.kind,
    taskName: (task) => String(task),
  };
  const users = new Map<number, Set<Occurrence>>();
  for (const occurrence of occurrences)
    for (const { lock } of occurrence.steps) {
      const known = users.get(lock);
      if (known === undefined) users.set(lock, new Set([occurrence]));
      else known.add(occurrence);
    }
  // A lock that only one of them uses keeps nobody out.
  const keeps = (lock: number): boolean => (users.get(lock)?.size ?? 0) > 1;
  const parts = occurrences.map((occurrence, i): Part => {
    const { name, pid } = capture.tasks[occurrence.task]!;
    return {
      occurrence,
      name: names.name(name, pid),
      level: members[i]!.shape.level,
      body: opBodyOf(capture, occurrence.steps, naming, { keeps, interrupts }),
    };
  });
  const orders: MustOrder[] = [];
  const after = new Map<Part, Part[]>();
  for (const b of parts)
    for (const a of parts) {
      if (a === b) continue;
      const before = known(order, b.occurrence.first, a.occurrence.actor);
      if (before.upTo >= a.occurrence.last) {
        after.set(b, [...(after.get(b) ?? []), a]);
        orders.push({ before: a.name, after: b.name, why: whole(capture, a, b, before) });
        continue;
      }
      if (before.upTo >= a.occurrence.first) {
        synchronise(capture, a, b, before.upTo, 0, locks);
        orders.push({ before: a.name, after: b.name, why: middle(capture, a, b, before.by) });
        continue;
      }
      const member = members[parts.indexOf(b)]!;
      const asks = b.occurrence.steps[member.step]?.event ?? -1;
      const then = asks < 0 ? before : known(order, asks, a.occurrence.actor);
      if (then.upTo <= before.upTo || then.upTo < a.occurrence.first) continue;
      // It learned of it inside its own transaction: it slept there until it was told.
      const at = b.body.ops.findIndex((op, i) => {
        const event = eventOf(b, i);
        return op.do === 'lock' && event >= 0 && known(order, event, a.occurrence.actor).upTo === then.upTo;
      });
      const holds = new Set<string>();
      for (const op of b.body.ops.slice(0, at)) {
        if (op.do === 'lock') holds.add(op.lock);
        else if (op.do === 'unlock') holds.delete(op.lock);
      }
      const earlier = a.body.ops.filter((_, i) => eventOf(a, i) <= then.upTo);
      if (earlier.some((op) => 'lock' in op && holds.has(op.lock))) return null;
      synchronise(capture, a, b, then.upTo, at, locks);
      orders.push({ before: a.name, after: b.name, why: middle(capture, a, b, then.by) });
    }
  const tasks = parts.map((part): ProgramTask => {
    const earlier = immediate(after.get(part) ?? [], after);
    const [only] = earlier;
    const joins: Op[] =
      earlier.length > 1 ? earlier.map(({ name }) => ({ do: 'join', task: name, ...bare })) : [];
    return {
      name: part.name,
      function: entryOf(capture, part.occurrence),
      cpu: null,
      irq: part.level,
      after: earlier.length === 1 ? only!.name : null,
      body: [...joins, ...part.body.ops],
    };
  });
  const shared = sharedByName(capture, episode, locksOf(cycle));
  const ruled = orders.length === 0 ? {} : { orders };
  return {
    lowered: asWritten(
      { name: programName, locks, flags: [], tasks },
      {
        episode,
        basis: shared.length === 0 ? 'recorded' : 'aliased',
        assumes: shared,
        ...ruled,
        byAddress: true,
      },
    ),
    told: shared.length > 0 && orders.length === 0 ? classCycle(capture, cycle) : null,
    sure: choice.free || choice.sure,
    key: occurrences
      .map(({ task, first }) => `${task}@${first}`)
      .sort()
      .join(' '),
  };
}

function eventOf(part: Part, op: number): number {
  const step = part.body.stepOf[op] ?? -1;
  return part.occurrence.steps[step]?.event ?? -1;
}

/** Those whose end implies that of all the others. */
function immediate(parts: readonly Part[], after: ReadonlyMap<Part, readonly Part[]>): Part[] {
  return parts.filter((part) => !parts.some((other) => after.get(other)?.includes(part)));
}

/** `b` waits, before its op `at`, for what `a` did up to event `upTo`. */
function synchronise(
  capture: Capture,
  a: Part,
  b: Part,
  upTo: number,
  at: number,
  locks: ProgramLock[],
): void {
  const lock = lockName(locks.length);
  locks.push({
    id: lock,
    kind: 'completion',
    units: 1,
    class: `what ${capture.tasks[a.occurrence.task]?.name ?? '?'} did before it woke`,
    rules: [],
  });
  let done = 0;
  while (done < a.body.ops.length && eventOf(a, done) <= upTo) done++;
  const insert = (body: OpBody, index: number, op: Op): OpBody => ({
    ops: [...body.ops.slice(0, index), op, ...body.ops.slice(index)],
    stepOf: [...body.stepOf.slice(0, index), -1, ...body.stepOf.slice(index)],
  });
  a.body = insert(a.body, done, { do: 'signal-all', lock, ...bare });
  b.body = insert(b.body, at, { do: 'wait', lock, ...bare });
}

/** Says by what the whole of `a` lies before `b`. */
function whole(capture: Capture, a: Part, b: Part, by: { readonly by: number }): string {
  return `${b.name} starts after ${a.name} has ended${evidence(capture, a, b, by.by)}`;
}

/** True of such a sentence if the order is that in which a program of users started its tasks: another run may be at another place. */
export function isStartOrder(why: string): boolean {
  return / starts after .+ has ended: it was started by (?!kthreadd,)/.test(why);
}

function middle(capture: Capture, a: Part, b: Part, by: number): string {
  return `${b.name} gets there only after ${a.name} is past its own request${evidence(capture, a, b, by)}`;
}

/** The event that brought the order, in words. */
function evidence(capture: Capture, a: Part, b: Part, event: number): string {
  if (event < 0) return '';
  const { kind, task } = capture.events;
  const where = `${capture.provenance === 'line' ? 'line' : 'byte'} ${capture.events.where[event]}`;
  const by = task[event]!;
  const name = capture.tasks[by]?.name ?? '?';
  switch (EVENT_KINDS[kind[event]!]) {
    case 'wake':
      return by === a.occurrence.task
        ? `: signalled by ${a.name} (woken, ${where})`
        : `: woken by ${name}, which knew of it (${where})`;
    case 'fork':
      return `: it was started by ${name}, which knew of it (${where})`;
    case 'start-work':
      return `: it is work queued after it (${where})`;
    case 'join':
      return `: ${b.name} joins it (${where})`;
    default:
      return ` (${where})`;
  }
}
