// Stands: the places at which a task that only takes and gives back locks can stand in a cycle, with what it did on its way there.
import { type Compiled, LEVEL_HARD, LEVEL_TASK } from '../model/compile.js';
import {
  OP_BH_OFF,
  OP_BH_ON,
  OP_IRQS_OFF,
  OP_IRQS_ON,
  OP_LOCK,
  OP_SYNC,
  OP_UNLOCK,
} from '../model/op-codes.js';
import {
  NESTS,
  TAKES_EXCLUSIVELY,
  WAITS_FOR_EXCLUSIVE,
  WAITS_FOR_READERS,
  WAITS_FOR_WAITING_WRITER,
} from '../model/rules.js';

/** One section of a task, or a `sync`, which is as a section of a writer without length. */
export interface Use {
  readonly lock: number;
  readonly exclusive: boolean;
  /** Ops (of the body) that begin and end it. */
  readonly from: number;
  readonly to: number;
}

/**
 * A task before op `at` that waits there for its lock, or, with `under` an irq task, that is interrupted by it.
 */
export interface Stand {
  readonly task: number;
  readonly at: number;
  /** The irq task that sits on it, or -1. */
  readonly under: number;
  /** Lock that it waits for, or -1. */
  readonly want: number;
  /** Bits of the request; 0 for a `sync`, which waits for readers. */
  readonly bits: number;
  readonly sync: boolean;
  /** An interrupted waiter: the lock that it wants exclusively and readers queue behind it for, or -1. */
  readonly queuesAt: number;
  /** What it holds, by lock. */
  readonly holds: readonly Use[];
}

export interface Way {
  readonly task: number;
  readonly uses: readonly Use[];
  /** Op before which the task waits for itself and never goes on, or the length of the body. */
  readonly end: number;
  /** True if it waits for itself before op `end`. */
  readonly alone: boolean;
  /** By op, and at the end: whether soft and hard interrupts are let in there, as far as this task goes. */
  readonly letsSoft: readonly boolean[];
  readonly letsHard: readonly boolean[];
}

/** What a task does until it ends or waits for itself. */
export function wayOf(c: Compiled, task: number): Way {
  const base = c.opBase[task]!;
  const length = c.opBase[task + 1]! - base;
  const uses: { lock: number; exclusive: boolean; from: number; to: number }[] = [];
  const open = new Map<number, { use: { exclusive: boolean; to: number }; depth: number }>();
  const letsSoft: boolean[] = [];
  const letsHard: boolean[] = [];
  let off = false;
  let bh = 0;
  let end = length;
  let alone = false;
  for (let i = 0; i <= length; i++) {
    letsHard.push(!off);
    letsSoft.push(!off && bh === 0);
    if (i === length) break;
    const g = base + i;
    const lock = c.opArg[g]!;
    const bits = c.opBits[g]!;
    const mine = open.get(lock);
    const code = c.opCode[g]!;
    if (code === OP_LOCK) {
      if (mine === undefined) {
        const use = {
          lock,
          exclusive: (bits & TAKES_EXCLUSIVELY) !== 0,
          from: i,
          to: Number.MAX_SAFE_INTEGER,
        };
        uses.push(use);
        open.set(lock, { use, depth: 1 });
        continue;
      }
      const again = (bits & NESTS) !== 0 && (mine.use.exclusive || (bits & TAKES_EXCLUSIVELY) === 0);
      if (!again && bits & (mine.use.exclusive ? WAITS_FOR_EXCLUSIVE : WAITS_FOR_READERS)) alone = true;
      else mine.depth++;
    } else if (code === OP_UNLOCK) {
      if (mine === undefined) throw new Error(`task ${task} of ${c.program.name} gives back what it has not`);
      if (--mine.depth > 0) continue;
      mine.use.to = i;
      open.delete(lock);
    } else if (code === OP_SYNC) {
      if (mine !== undefined) alone = true;
      else uses.push({ lock, exclusive: true, from: i, to: i });
    } else if (code === OP_IRQS_OFF || code === OP_IRQS_ON) off = code === OP_IRQS_OFF;
    else if (code === OP_BH_OFF) bh++;
    else if (code === OP_BH_ON) bh = Math.max(0, bh - 1);
    if (alone) {
      end = i;
      break;
    }
  }
  return { task, uses, end, alone, letsSoft, letsHard };
}

/** What of a way is still held before its op `at`. */
export function heldAt(way: Way, at: number): Use[] {
  return way.uses.filter((use) => use.from < at && use.to >= at);
}

/** True if the irq task can come over the task, as far as their levels and CPUs say. */
export function canSitOn(c: Compiled, handler: number, task: number): boolean {
  if (c.taskLevel[handler]! <= c.taskLevel[task]! || handler === task) return false;
  const [over, under] = [c.taskCpu[handler]!, c.taskCpu[task]!];
  // Neither names a CPU: they may be on one.
  return over < 0 || under < 0 || over === under;
}

/**
 * The stands of a task that others can wait for, as few as will do: of places that want the same and hold the same sections the
 * first, and of an interrupted section the first place where the interrupt is let in, unless less is held at a later one. Who
 * reaches the later one reaches the first, and what it did in between only kept locks from others.
 */
export function standsOf(c: Compiled, way: Way, queued: Uint8Array): Stand[] {
  const { task } = way;
  const stands: Stand[] = [];
  const seen = new Set<string>();
  const add = (stand: Stand): void => {
    const { under, want, bits, sync, queuesAt, holds } = stand;
    const key = `${under} ${want} ${bits} ${sync} ${queuesAt} ${holds.map((use) => use.from).join(' ')}`;
    if (seen.has(key)) return;
    seen.add(key);
    stands.push(stand);
  };
  const none = { under: -1, want: -1, bits: 0, sync: false, queuesAt: -1 };
  for (let at = 0; at < way.end; at++) {
    const g = c.opBase[task]! + at;
    const want = c.opArg[g]!;
    const bits = c.opBits[g]!;
    const holds = heldAt(way, at);
    const sync = c.opCode[g] === OP_SYNC;
    const waits = c.opCode[g] === OP_LOCK && (bits & (WAITS_FOR_EXCLUSIVE | WAITS_FOR_READERS)) !== 0;
    // What it holds already it gets again, unless a writer waits.
    const mine = holds.find((use) => use.lock === want);
    const again =
      mine !== undefined &&
      ((bits & NESTS) !== 0 || (bits & WAITS_FOR_WAITING_WRITER) === 0 || queued[want] === 0);
    const writes = (bits & TAKES_EXCLUSIVELY) !== 0 && queued[want] === 1;
    if ((waits && !again) || sync) {
      const handler = c.taskLevel[task] !== LEVEL_TASK;
      if (holds.length > 0 || writes || handler) add({ ...none, task, at, want, bits, sync, holds });
    }
  }
  for (let handler = 0; handler < c.tasks; handler++) {
    if (!canSitOn(c, handler, task)) continue;
    const lets = c.taskLevel[handler] === LEVEL_HARD ? way.letsHard : way.letsSoft;
    const kept: (readonly Use[])[] = [];
    for (let at = 0; at <= way.end && at < lets.length; at++) {
      if (lets[at] !== true) continue;
      const holds = heldAt(way, at);
      const before = kept.filter((earlier) => earlier.every((use) => holds.includes(use)));
      if (holds.some((use) => !before.some((earlier) => earlier.includes(use)))) {
        add({ ...none, task, at, under: handler, holds });
        kept.push(holds);
      }
      const g = c.opBase[task]! + at;
      if (at >= way.end || c.opCode[g] !== OP_LOCK || (c.opBits[g]! & TAKES_EXCLUSIVELY) === 0) continue;
      const want = c.opArg[g]!;
      if (queued[want] === 1 && !holds.some((use) => use.lock === want))
        add({ ...none, task, at, under: handler, queuesAt: want, holds });
    }
  }
  return stands;
}

/** By lock: 1 if somebody asks for it behind waiting writers. */
export function queuedLocks(c: Compiled): Uint8Array {
  const queued = new Uint8Array(c.locks);
  for (let g = 0; g < c.ops; g++)
    if (c.opCode[g] === OP_LOCK && c.opBits[g]! & WAITS_FOR_WAITING_WRITER) queued[c.opArg[g]!] = 1;
  return queued;
}

/** What of one stand keeps another waiting. */
export type Link = 'no' | 'holds' | 'queues' | 'sits';

/** Whether `from` waits for `to` if both stand. */
export function linkOf(from: Stand, to: Stand): Link {
  if (from.task === to.task) return 'no';
  if (from.under === to.task) return 'sits';
  if (from.want < 0) return 'no';
  const mine = to.holds.find((use) => use.lock === from.want);
  if (mine !== undefined) {
    const kept = mine.exclusive
      ? !from.sync && (from.bits & WAITS_FOR_EXCLUSIVE) !== 0
      : from.sync || (from.bits & WAITS_FOR_READERS) !== 0;
    if (kept) return 'holds';
  }
  if ((from.bits & WAITS_FOR_WAITING_WRITER) === 0) return 'no';
  const writer = to.under < 0 && to.want === from.want && (to.bits & TAKES_EXCLUSIVELY) !== 0;
  return writer || to.queuesAt === from.want ? 'queues' : 'no';
}

/** True if two tasks cannot hold what they hold at these stands at the same time. */
export function excludes(a: Stand, b: Stand): boolean {
  return a.holds.some((use) =>
    b.holds.some((other) => other.lock === use.lock && (use.exclusive || other.exclusive)),
  );
}
