// Dependencies: for each place where a task may block, what it wants there and what it holds (the lock-order graph's edges).
import type { LockMode } from '../../corpus/schema/lock.js';
import type { Op, Program, ProgramLock, ProgramTask } from '../../corpus/schema/program.js';
import { closingOp } from '../shrink/bodies.js';
import { type Request, requestOf } from './conflicts.js';

/** Why a task can be held up at a place. */
export type WantHow = 'lock' | 'sync' | 'wait' | 'join' | 'interrupted';

/** What somebody can wait for: a lock, the end of a task, or the end of the interrupt that sits on top of a task. */
export type Resource =
  | { readonly of: 'lock'; readonly lock: string }
  | { readonly of: 'end'; readonly task: number }
  | { readonly of: 'interrupt'; readonly task: number };

export interface Want {
  readonly how: WantHow;
  readonly resource: Resource;
  readonly mode: LockMode;
  /** What a lock request obeys; null for all that is no lock request. */
  readonly request: Request | null;
}

export interface Hold {
  readonly resource: Resource;
  readonly mode: LockMode;
  readonly exclusive: boolean;
  /** Index of the op that took it; -1 for what a task has by existing (its end, its interrupt). */
  readonly op: number;
  /** False if it is only perhaps held here (guards, semaphores that others give back, signals to come). */
  readonly sure: boolean;
}

/** One place where a task may block: `task` about to do op `op` wants `want` while it holds `holds`. */
export interface Dependency {
  readonly task: number;
  readonly op: number;
  readonly want: Want;
  readonly holds: readonly Hold[];
}

/** The same resource gets the same text within one program. */
export function resourceKey(resource: Resource): string {
  switch (resource.of) {
    case 'lock':
      return `l:${resource.lock}`;
    case 'end':
      return `e:${resource.task}`;
    case 'interrupt':
      return `i:${resource.task}`;
    default: {
      const never: never = resource;
      return never;
    }
  }
}

interface Indexed {
  readonly program: Program;
  readonly locks: ReadonlyMap<string, ProgramLock>;
  readonly tasks: ReadonlyMap<string, number>;
  /** Tasks that somebody joins or that another one comes after. */
  readonly awaited: ReadonlySet<number>;
  /** For each completion the only task that signals it, with its last signalling op; absent if several tasks do. */
  readonly signaller: ReadonlyMap<string, { readonly task: number; readonly lastOp: number }>;
}

function index(program: Program): Indexed {
  const tasks = new Map(program.tasks.map((t, i) => [t.name, i]));
  const awaited = new Set<number>();
  const signallers = new Map<string, { task: number; lastOp: number; alone: boolean }>();
  program.tasks.forEach((task, t) => {
    task.body.forEach((op, i) => {
      if (op.do === 'join') {
        const joined = tasks.get(op.task);
        if (joined !== undefined) awaited.add(joined);
      } else if (op.do === 'signal' || op.do === 'signal-all') {
        const known = signallers.get(op.lock);
        if (known === undefined) signallers.set(op.lock, { task: t, lastOp: i, alone: true });
        else if (known.task === t) known.lastOp = i;
        else known.alone = false;
      }
    });
  });
  const signaller = new Map([...signallers].filter(([, s]) => s.alone));
  return { program, locks: new Map(program.locks.map((l) => [l.id, l])), tasks, awaited, signaller };
}

/** Ways to stand before one op that are kept apart; beyond, they are merged into one in which little is sure. */
const ALTERNATIVES = 16;

const textOf = (holds: readonly Hold[]): string =>
  holds.map((h) => `${resourceKey(h.resource)} ${h.mode} ${h.op} ${h.sure}`).join();

/** All that some alternative holds; sure is only what all of them do. */
function merged(alternatives: readonly (readonly Hold[])[]): Hold[] {
  const all = new Map<string, Hold>();
  for (const holds of alternatives) for (const h of holds) all.set(`${resourceKey(h.resource)} ${h.op}`, h);
  return [...all].map(([key, h]) => ({
    ...h,
    sure: alternatives.every((holds) =>
      holds.some((x) => x.sure && `${resourceKey(x.resource)} ${x.op}` === key),
    ),
  }));
}

function after(op: Op, i: number, held: readonly Hold[], task: ProgramTask, at: Indexed): readonly Hold[] {
  if (op.do === 'lock') {
    const lock = at.locks.get(op.lock);
    if (lock === undefined || lock.units > 1) return held;
    const exclusive = requestOf(lock, op.mode, task.irq !== null)?.takesExclusively ?? true;
    // Others may give a semaphore back, so that its holder is never sure to keep it.
    const sure = lock.kind !== 'semaphore';
    return [...held, { resource: { of: 'lock', lock: op.lock }, mode: op.mode, exclusive, op: i, sure }];
  }
  if (op.do !== 'unlock') return held;
  const last = held.findLastIndex((h) => h.resource.of === 'lock' && h.resource.lock === op.lock);
  return last < 0 ? held : held.toSpliced(last, 1);
}

/**
 * True if the guard of an unlock is as it was when the lock was taken: the flag belongs to an object (ProgramFlag.of) whose lock
 * the task has held since, so that nobody else has changed it (patches change such flags under that lock only), nor has it itself.
 */
function isGuardedAlike(op: Op, i: number, held: readonly Hold[], task: ProgramTask, at: Indexed): boolean {
  if (op.do !== 'unlock' || op.guard === null) return false;
  const { flag, when } = op.guard;
  const owner = at.program.flags.find((known) => known.id === flag)?.of;
  const mine = held.findLast((h) => h.resource.of === 'lock' && h.resource.lock === op.lock);
  const taken = mine === undefined ? undefined : task.body[mine.op];
  if (owner === undefined || mine === undefined || taken?.guard?.flag !== flag || taken.guard.when !== when)
    return false;
  const kept = held.some(
    (h) => h.sure && h.exclusive && h.op < mine.op && h.resource.of === 'lock' && h.resource.lock === owner,
  );
  return kept && !task.body.slice(mine.op, i).some((other) => 'flag' in other && other.flag === flag);
}

/** What a task may hold before each of its ops: one list for each way through the guards and trylocks before it. */
function heldBefore(task: ProgramTask, at: Indexed): (readonly (readonly Hold[])[])[] {
  const ways = Array.from({ length: task.body.length + 1 }, () => new Map<string, readonly Hold[]>());
  ways[0]?.set('', []);
  task.body.forEach((op, i) => {
    const here = ways[i];
    if (here === undefined) return;
    if (here.size > ALTERNATIVES) {
      const all = merged([...here.values()]);
      here.clear();
      here.set(textOf(all), all);
    }
    const goOn = (to: number, held: readonly Hold[]): void => void ways[to]?.set(textOf(held), held);
    for (const held of here.values()) {
      goOn(i + 1, after(op, i, held, task, at));
      if (op.guard !== null && !isGuardedAlike(op, i, held, task, at)) goOn(i + 1, held);
      if (op.do === 'lock' && op.attempt) goOn((closingOp(task.body, i) ?? i) + 1, held);
    }
  });
  return ways.map((w) => [...w.values()]);
}

function wantOf(op: Op, task: ProgramTask, at: Indexed, holds: readonly Hold[]): Want | null {
  switch (op.do) {
    case 'lock': {
      const lock = at.locks.get(op.lock);
      if (lock === undefined || op.attempt || lock.units > 1) return null;
      const request = requestOf(lock, op.mode, task.irq !== null);
      if (request === null || !(request.waitsForExclusive || request.waitsForReaders)) return null;
      const mine = holds.filter((h) => h.sure && h.resource.of === 'lock' && h.resource.lock === op.lock);
      // A reader that nests may read again; to write it waits for itself (engine/model/machine.ts, isFree).
      const nests = mine[0]?.exclusive === true || !request.takesExclusively;
      if (mine.length > 0 && request.nests && nests) return null;
      return { how: 'lock', resource: { of: 'lock', lock: op.lock }, mode: op.mode, request };
    }
    case 'sync':
      return { how: 'sync', resource: { of: 'lock', lock: op.lock }, mode: 'exclusive', request: null };
    case 'wait':
      return { how: 'wait', resource: { of: 'lock', lock: op.lock }, mode: 'exclusive', request: null };
    case 'join': {
      const joined = at.tasks.get(op.task);
      if (joined === undefined) return null;
      return { how: 'join', resource: { of: 'end', task: joined }, mode: 'exclusive', request: null };
    }
    case 'unlock':
    case 'signal':
    case 'signal-all':
    case 'fork':
    case 'set':
    case 'clear':
    case 'require':
    case 'irqs':
    case 'bh':
    case 'ww':
      return null;
    default: {
      const never: never = op;
      return never;
    }
  }
}

/** Interrupts that may hit the task before each of its ops: positions where `irqs`/`bh` let them. */
function openTo(task: ProgramTask, kind: 'hard' | 'soft'): boolean[] {
  const open: boolean[] = [];
  let irqs = true;
  let bh = true;
  for (const op of task.body) {
    open.push(kind === 'hard' ? irqs : irqs && bh);
    if (op.do === 'irqs' && op.guard === null) irqs = op.on;
    else if (op.do === 'bh' && op.guard === null) bh = op.on;
  }
  return open;
}

function canInterrupt(handler: ProgramTask, victim: ProgramTask): boolean {
  if (handler.irq === null || (victim.irq !== null && !(handler.irq === 'hard' && victim.irq === 'soft')))
    return false;
  return handler.cpu === null || (victim.cpu !== null && victim.cpu === handler.cpu);
}

/**
 * All places of a program where a task may block, in task and op order, once for each set of locks that it may hold
 * there: guards and trylocks are taken to go either way, which only adds candidates.
 */
export function dependenciesOf(program: Program): Dependency[] {
  const at = index(program);
  const found: Dependency[] = [];
  program.tasks.forEach((task, t) => {
    const before = heldBefore(task, at);
    const standing: Hold[] = [];
    const hold = (resource: Resource): Hold => ({
      resource,
      mode: 'exclusive',
      exclusive: true,
      op: -1,
      sure: false,
    });
    if (at.awaited.has(t)) standing.push(hold({ of: 'end', task: t }));
    if (task.irq !== null) standing.push(hold({ of: 'interrupt', task: t }));
    const holdsAt = (i: number): Hold[][] => {
      const signals = [...at.signaller]
        .filter(([, s]) => s.task === t && s.lastOp >= i)
        .map(([lock]) => hold({ of: 'lock', lock }));
      return (before[i] ?? []).map((held) => [...standing, ...signals, ...held]);
    };
    task.body.forEach((op, i) => {
      for (const holds of holdsAt(i)) {
        const want = wantOf(op, task, at, holds);
        if (want !== null) found.push({ task: t, op: i, want, holds });
      }
    });
    program.tasks.forEach((handler, h) => {
      if (h === t || !canInterrupt(handler, task) || handler.irq === null) return;
      const open = openTo(task, handler.irq);
      const seen = new Set<string>();
      const resource: Resource = { of: 'interrupt', task: h };
      open.forEach((isOpen, i) => {
        if (!isOpen) return;
        for (const holds of holdsAt(i)) {
          const text = holds.map((x) => `${resourceKey(x.resource)} ${x.mode}`).join();
          if (holds.length === 0 || seen.has(text)) continue;
          seen.add(text);
          found.push({
            task: t,
            op: i,
            want: { how: 'interrupted', resource, mode: 'exclusive', request: null },
            holds,
          });
        }
      });
    });
  });
  return found;
}

/** Whether a task that wants `want` must wait for one that has `hold`; both of the same resource. */
export function blocks(want: Want, hold: Hold): boolean {
  switch (want.how) {
    case 'lock':
      if (hold.op < 0 || want.request === null) return false;
      return hold.exclusive ? want.request.waitsForExclusive : want.request.waitsForReaders;
    case 'sync':
      return hold.op >= 0;
    case 'wait':
    case 'join':
    case 'interrupted':
      return hold.op < 0;
    default: {
      const never: never = want.how;
      return never;
    }
  }
}
