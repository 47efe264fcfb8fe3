// Leaf locks: locks whose every section, in every task, waits for nothing and shows nothing, so that it can be run whole.
import { type Compiled, LEVEL_HARD, LEVEL_TASK } from '../model/compile.js';
import { holdingBefore } from '../model/key-plan.js';
import {
  OP_DOWN,
  OP_IRQS_OFF,
  OP_IRQS_ON,
  OP_JOIN,
  OP_LOCK,
  OP_SYNC,
  OP_UNLOCK,
  OP_UP,
} from '../model/op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY } from '../model/rules.js';

/**
 * 1 for each op (over all tasks) that belongs to a section that may be run without a break: R. J. Lipton, "Reduction: A
 * Method of Proving Properties of Parallel Programs", CACM 1975. Taking a lock moves right, giving it back left, and
 * inside only sections of the same sort stand; so an end that can be reached can be reached with each such section
 * run whole or not begun. Who holds or asks for such a lock is in no cycle: the holder can always go on.
 * None for locks that are attempted, synced or guarded, and none whose section an interrupt could break: it would have to
 * wait for what the interrupted holder cannot give back, or keep the holder from going on.
 */
export function leafOps(c: Compiled): Uint8Array {
  const ops = leafOpsAmong(c, c.irqTasks);
  const loud = c.irqTasks & ~quietHandlers(c, ops);
  // What comes over a section and always goes again breaks it no more than a step of somebody else's.
  return c.irqTasks !== 0 && loud === 0 ? leafOpsAmong(c, 0) : ops;
}

/** As `leafOps`, if only these irq tasks break sections. */
function leafOpsAmong(c: Compiled, irqTasks: number): Uint8Array {
  const ops = new Uint8Array(c.ops);
  const unbroken = unbrokenOps(c, irqTasks);
  const sections = sectionsOf(c);
  const held = heldAt(c);
  // Least fixpoint: a lock joins when all its sections hold nothing but what has joined before.
  const leaf = new Uint8Array(c.locks);
  const quiet = (g: number, inside: number, from: number): boolean => {
    if (c.opGuard[g] !== 0 || c.opTry[g] === 1 || unbroken[g] === 0) return false;
    const code = c.opCode[g]!;
    if (code >= OP_IRQS_OFF) return true;
    const lock = c.opArg[g]!;
    if (code === OP_LOCK || code === OP_DOWN) {
      return leaf[lock] === 1 || (lock === inside && nests(c, g, from));
    }
    if (code === OP_UNLOCK || code === OP_UP) return lock === inside || (leaf[lock] === 1 && held[g] === 1);
    return false;
  };
  for (let again = true; again; ) {
    again = false;
    for (let lock = 0; lock < c.locks; lock++) {
      const own = sections[lock];
      if (leaf[lock] === 1 || own === null || own === undefined) continue;
      const whole = ([from, to]: readonly [number, number]): boolean =>
        unbroken[from] === 1 && unbroken[to] === 1 && every(from + 1, to, (g) => quiet(g, lock, from));
      if (!own.every(whole)) continue;
      leaf[lock] = 1;
      again = true;
    }
  }
  for (let lock = 0; lock < c.locks; lock++) {
    if (leaf[lock] === 0) continue;
    for (const [from, to] of sections[lock] ?? []) ops.fill(1, from, to + 1);
  }
  return ops;
}

/** True if op `g` takes again what op `from` took, at once. */
function nests(c: Compiled, g: number, from: number): boolean {
  if (c.opCode[g] !== OP_LOCK || (c.opBits[g]! & NESTS) === 0) return false;
  return (c.opBits[g]! & TAKES_EXCLUSIVELY) === 0 || (c.opBits[from]! & TAKES_EXCLUSIVELY) !== 0;
}

function every(from: number, to: number, test: (g: number) => boolean): boolean {
  for (let g = from; g < to; g++) if (!test(g)) return false;
  return true;
}

/** By op: 1 for an unlock of what is surely held there. */
function heldAt(c: Compiled): Uint8Array {
  const held = new Uint8Array(c.ops);
  for (let p = 0; p < c.pairs; p++) {
    const base = c.opBase[c.pairTask[p]!]!;
    const before = holdingBefore(c, p);
    for (let i = 0; i + 1 < before.length; i++) {
      if (c.opPair[base + i] === p && c.opCode[base + i] === OP_UNLOCK && before[i]! >= 2) held[base + i] = 1;
      // Units have no holder: by whom they are counted as taken follows from the sections alone.
      if (c.opPair[base + i] === p && c.opCode[base + i] === OP_UP) held[base + i] = 1;
    }
  }
  return held;
}

/** By lock: first and last op of each section, or null where one is not plain. */
function sectionsOf(c: Compiled): ([number, number][] | null)[] {
  return Array.from({ length: c.locks }, (_, lock) => {
    const list: [number, number][] = [];
    if (c.lockKind[lock] === 'semaphore' && c.lockUnits[lock] === 0) return null;
    for (let t = 0; t < c.tasks; t++) {
      let depth = 0;
      let from = -1;
      for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
        if (c.opPair[g]! < 0 || c.opArg[g] !== lock) continue;
        const code = c.opCode[g]!;
        if (c.opGuard[g] !== 0 || c.opTry[g] === 1 || code === OP_SYNC) return null;
        if (code === OP_LOCK || code === OP_DOWN) {
          if (depth++ === 0) from = g;
        } else if (code === OP_UNLOCK || code === OP_UP) {
          if (depth === 0) return null;
          if (--depth === 0) list.push([from, g]);
        } else return null;
      }
      if (depth !== 0) return null;
    }
    return list;
  });
}

/**
 * 1 for each op before which no interrupt can come over its task, whatever others do: in a hard handler, behind `irqs off` on
 * a CPU of the task's own, or where no interrupt can come. The ops that switch interrupts are not among them.
 */
function unbrokenOps(c: Compiled, irqTasks: number): Uint8Array {
  const ops = new Uint8Array(c.ops).fill(1);
  if (irqTasks === 0) return ops;
  for (let t = 0; t < c.tasks; t++) {
    const level = c.taskLevel[t]!;
    if (
      level === LEVEL_HARD &&
      c.opCode.subarray(c.opBase[t], c.opBase[t + 1]).every((code) => code < OP_IRQS_OFF)
    )
      continue;
    const cpu = c.taskCpu[t]!;
    const alone =
      level === LEVEL_TASK &&
      cpu >= 0 &&
      c.cpus[cpu]!.tasks.every((u) => u === t || c.taskLevel[u] !== LEVEL_TASK);
    let off = false;
    // A failed attempt may go past `irqs off`.
    const jumps = c.opTry.subarray(c.opBase[t], c.opBase[t + 1]).includes(1);
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      const code = c.opCode[g]!;
      if (code >= OP_IRQS_OFF || !alone || !off) ops[g] = 0;
      if (code === OP_IRQS_OFF) off = c.opGuard[g] === 0 && !jumps;
      else if (code === OP_IRQS_ON) off = false;
    }
  }
  return ops;
}

/**
 * Mask of the irq tasks that run whole, from their beginning on, whenever they come, and are seen by nobody: all their ops
 * belong to leaf sections. Whether and when they come decides nothing.
 */
export function quietHandlers(c: Compiled, leaf: Uint8Array): number {
  let mask = 0;
  for (let t = 0; t < c.tasks; t++) {
    const bit = 1 << t;
    if ((c.irqTasks & bit) === 0 || c.taskLevel[t] !== LEVEL_HARD || c.emptyTasks & bit || c.forkable & bit)
      continue;
    if (c.taskAfter[t]! >= 0 || c.taskAfter.includes(t)) continue;
    const joined = c.opCode.some((code, g) => code === OP_JOIN && c.opArg[g] === t);
    if (!joined && every(c.opBase[t]!, c.opBase[t + 1]!, (g) => leaf[g] === 1)) mask |= bit;
  }
  return mask;
}
