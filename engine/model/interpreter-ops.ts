// Interpreter's ops: what each op needs and does, by the words of the contract.
import type { Op, Program } from '../../corpus/schema/program.js';
import { hasTaken, isInContext, isOfContext, isWoundedOnTaking } from './interpreter-contexts.js';
import type { Cpu, LockState, World } from './interpreter-world.js';

/** What doing the op does; gives the task's next op, or that it broke a requirement. */
export type Effect = () => number | 'violated';

/** Why the program cannot be run, or null. */
export function whyIllFormed(program: Program): string | null {
  if (program.tasks.length === 0) return 'the program has no task';
  const lists = [
    program.locks.map((l) => l.id),
    program.flags.map((f) => f.id),
    program.tasks.map((t) => t.name),
  ];
  if (lists.some((names) => new Set(names).size < names.length)) return 'two things have one name';
  const kinds = new Map(program.locks.map((lock) => [lock.id, lock.kind]));
  const tasks = new Map(program.tasks.map((task) => [task.name, task]));
  const flags = new Set(program.flags.map((flag) => flag.id));
  for (const task of program.tasks) {
    const chain = new Set<string>();
    for (let at: string | null = task.name; at !== null; at = tasks.get(at)!.after) {
      if (!tasks.has(at)) return `no task is named ${at}`;
      if (chain.has(at)) return `${task.name} starts after itself`;
      chain.add(at);
    }
    for (const op of task.body) {
      if (op.guard !== null && !flags.has(op.guard.flag)) return `no flag is named ${op.guard.flag}`;
      if ('task' in op && !tasks.has(op.task)) return `no task is named ${op.task}`;
      if ('flag' in op && !flags.has(op.flag)) return `no flag is named ${op.flag}`;
      if ('lock' in op && !fits(op, kinds.get(op.lock))) return `${op.do} does not fit ${op.lock}`;
    }
  }
  return null;
}

function fits(op: Op & { readonly lock: string }, kind: string | undefined): boolean {
  if (kind === undefined) return false;
  if (op.do === 'sync') return kind === 'rcu' || kind === 'srcu';
  if (op.do === 'wait' || op.do === 'signal' || op.do === 'signal-all') return kind === 'completion';
  if (op.do === 'lock' && op.mode !== 'exclusive') return kind === 'rwlock' || kind === 'rwsem';
  return kind !== 'completion';
}

/** True if the task has nothing more to do (a task without ops: once it could have begun). */
export function isOver(world: World, t: number): boolean {
  const task = world.tasks[t]!;
  if (task.spec.body.length === 0) return released(world, t);
  return task.pc === task.spec.body.length;
}

/** True if `after` and `fork` let the task start. */
export function released(world: World, t: number): boolean {
  const { spec } = world.tasks[t]!;
  if (spec.after !== null && !isOver(world, world.index(spec.after))) return false;
  const someoneForks = world.program.tasks.some((other) =>
    other.body.some((op) => op.do === 'fork' && op.task === spec.name),
  );
  return !someoneForks || world.forked.has(spec.name);
}

export function canBegin(world: World, t: number): boolean {
  if (!released(world, t)) return false;
  return world.tasks[t]!.spec.irq === null || hittable(world, t).length > 0;
}

/** CPUs on which an irq task that has not begun could begin now. */
export function hittable(world: World, t: number): Cpu[] {
  const { spec, began } = world.tasks[t]!;
  if (began || spec.irq === null) return [];
  return homes(world, t).filter((cpu) => {
    const busyWith = cpu.handlers.map((h) => world.tasks[h]!.spec.irq);
    if (!cpu.irqsOn || busyWith.includes('hard')) return false;
    return spec.irq === 'hard' || (cpu.bhOff === 0 && !busyWith.includes('soft'));
  });
}

/** CPUs on which an irq task may begin at all. */
export function homes(world: World, t: number): Cpu[] {
  const { spec, cpu } = world.tasks[t]!;
  return spec.cpu !== null && cpu !== null ? [cpu] : world.cpus;
}

/** What the task's op would do now; null: it has to wait. A waiter is past its guard. */
export function attempt(world: World, t: number): Effect | null {
  const task = world.tasks[t]!;
  const { spec, pc, waiting, snapshot, cpu } = task;
  const op = spec.body[pc]!;
  const next = pc + 1;
  if (op.guard !== null && !waiting && world.flags.get(op.guard.flag) !== op.guard.when) return () => next;
  const broken = (reason: string) => (): 'violated' => {
    world.violation = { task: t, op: pc, reason };
    return 'violated';
  };
  const then = (change: () => void) => (): number => {
    change();
    return next;
  };
  switch (op.do) {
    case 'lock': {
      const lock = world.lock(op.lock);
      const obeys = isInContext(task, lock);
      const mine = lock.holds.some((hold) => hold.task === t && isOfContext(world, hold));
      if (obeys && mine && !op.attempt && !waiting && !lock.spec.rules.includes('reentrant'))
        return () => next;
      if (canHave(world, t, op, lock)) {
        return () => {
          grant(t, pc, op, lock);
          if (isWoundedOnTaking(world, t, lock)) task.wounded = true;
          const again = task.gaveWay ? task.context : null;
          task.gaveWay = false;
          return again === null ? next : again.from;
        };
      }
      return op.attempt ? () => behindUnlock(spec.body, pc) : null;
    }
    case 'unlock': {
      const lock = world.lock(op.lock);
      const mine = lock.holds.find((hold) => hold.task === t);
      if (lock.spec.kind === 'semaphore') {
        return then(() => {
          lock.units++;
          if (mine !== undefined) giveBack(world, lock, t);
        });
      }
      if (mine === undefined) {
        const who = lock.holds.map((hold) => world.tasks[hold.task]!.spec.name).join(', ');
        return broken(`${spec.name} unlocks ${op.lock}; it is held by: ${who === '' ? 'nobody' : who}`);
      }
      return then(() => giveBack(world, lock, t));
    }
    case 'wait': {
      const lock = world.lock(op.lock);
      return lock.units > 0 ? then(() => lock.units--) : null;
    }
    case 'signal':
      return then(() => world.lock(op.lock).units++);
    case 'signal-all':
      return then(() => {
        world.lock(op.lock).units = Number.POSITIVE_INFINITY;
      });
    case 'sync': {
      const open = waiting ? (snapshot?.size ?? 0) : world.lock(op.lock).holds.length;
      return open === 0 ? then(() => {}) : null;
    }
    case 'fork':
      return then(() => world.forked.add(op.task));
    case 'join':
      return isOver(world, world.index(op.task)) ? then(() => {}) : null;
    case 'set':
    case 'clear':
      return then(() => world.flags.set(op.flag, op.do === 'set'));
    case 'require':
      return world.flags.get(op.flag) === op.value
        ? then(() => {})
        : broken(`${spec.name} requires ${op.flag}`);
    case 'irqs':
      return then(() => {
        if (cpu !== null) cpu.irqsOn = op.on;
      });
    case 'bh':
      return then(() => {
        if (cpu !== null) cpu.bhOff = Math.max(0, cpu.bhOff + (op.on ? -1 : 1));
      });
    case 'ww': {
      if (op.begin) {
        if (task.context !== null) return broken(`${spec.name} begins a context inside another`);
        return then(() => {
          task.context = { from: next, stamp: world.stamps++ };
        });
      }
      if (task.context === null) return broken(`${spec.name} ends a context that it did not begin`);
      if (hasTaken(world, t)) return broken(`${spec.name} ends its context with locks of it held`);
      return then(() => {
        task.context = null;
        task.wounded = false;
      });
    }
    default: {
      const never: never = op;
      return never;
    }
  }
}

type LockOp = Extract<Op, { readonly do: 'lock' }>;

function canHave(world: World, t: number, op: LockOp, lock: LockState): boolean {
  return lock.spec.kind === 'semaphore' ? lock.units > 0 : inTheWay(world, t, op, lock).size === 0;
}

/** The tasks that keep the task from having the lock now; of a semaphore nobody in particular does. */
export function inTheWay(world: World, t: number, op: LockOp, lock: LockState): Set<number> {
  const { kind, rules } = lock.spec;
  if (kind === 'rcu' || kind === 'srcu' || kind === 'semaphore') return new Set();
  const mine = lock.holds.find((hold) => hold.task === t);
  if (mine !== undefined && rules.includes('reentrant') && (mine.writing || op.mode !== 'exclusive')) {
    return new Set();
  }
  if (op.mode === 'exclusive') return new Set(lock.holds.map((hold) => hold.task));
  const blocking = new Set(lock.holds.filter((hold) => hold.writing).map((hold) => hold.task));
  const inIrq = world.tasks[t]!.spec.irq !== null;
  const queues = op.mode === 'read' && !rules.includes('unfair') && !(kind === 'rwlock' && inIrq);
  if (queues) {
    world.tasks.forEach((other, u) => {
      const wish = other.spec.body[other.pc];
      if (u === t || !other.waiting || wish?.do !== 'lock') return;
      if (wish.lock === op.lock && wish.mode === 'exclusive') blocking.add(u);
    });
  }
  return blocking;
}

function grant(t: number, at: number, op: LockOp, lock: LockState): void {
  if (lock.spec.kind === 'semaphore') lock.units--;
  const mine = lock.holds.find((hold) => hold.task === t);
  if (mine !== undefined) mine.depth++;
  else {
    const shared = lock.spec.kind === 'rcu' || lock.spec.kind === 'srcu';
    lock.holds.push({ task: t, writing: op.mode === 'exclusive' && !shared, depth: 1, at });
  }
}

function giveBack(world: World, lock: LockState, t: number): void {
  const mine = lock.holds.find((hold) => hold.task === t);
  if (mine === undefined || --mine.depth > 0) return;
  lock.holds = lock.holds.filter((hold) => hold !== mine);
  for (const task of world.tasks) {
    const op = task.spec.body[task.pc];
    if (op?.do === 'sync' && op.lock === lock.spec.id) task.snapshot?.delete(t);
  }
}

/** Gives back in one step all that the task took since its context began. */
export function giveAllBack(world: World, t: number): void {
  for (const lock of world.allLocks()) {
    const mine = lock.holds.find((hold) => hold.task === t);
    if (mine === undefined || !isOfContext(world, mine)) continue;
    if (lock.spec.kind === 'semaphore') lock.units += mine.depth;
    mine.depth = 1;
    giveBack(world, lock, t);
  }
}

/** Where a failed attempt goes on. */
export function behindUnlock(body: readonly Op[], at: number): number {
  const id = (body[at] as LockOp).lock;
  let open = 1;
  for (let i = at + 1; i < body.length; i++) {
    const op = body[i]!;
    if (op.do === 'lock' && op.lock === id) open++;
    if (op.do === 'unlock' && op.lock === id) open--;
    if (open === 0) return i + 1;
  }
  return at + 1;
}
