// Leaf locks: locks whose every section, in every task, waits for nothing and shows nothing, so that it can be run whole.
import type { Compiled } from '../model/compile.js';
import { holdingBefore } from '../model/key-plan.js';
import { OP_DOWN, OP_IRQS_OFF, OP_LOCK, OP_SYNC, OP_UNLOCK, OP_UP } from '../model/op-codes.js';
import { NESTS, TAKES_EXCLUSIVELY } from '../model/rules.js';

/**
 * 1 for each op (over all tasks) that belongs to a section that may be run without a break: R. J. Lipton, "Reduction: A
 * Method of Proving Properties of Parallel Programs", CACM 1975. Taking a lock moves right, giving it back left, and
 * inside only sections of the same sort stand; so an end that can be reached can be reached with each such section
 * run whole or not begun. Who holds or asks for such a lock is in no cycle: the holder can always go on.
 * None in programs with interrupts (they come between), and none for locks that are attempted, synced or guarded.
 */
export function leafOps(c: Compiled): Uint8Array {
  const ops = new Uint8Array(c.ops);
  if (c.irqTasks !== 0) return ops;
  const sections = sectionsOf(c);
  const held = heldAt(c);
  // Least fixpoint: a lock joins when all its sections hold nothing but what has joined before.
  const leaf = new Uint8Array(c.locks);
  const quiet = (g: number, inside: number, from: number): boolean => {
    if (c.opGuard[g] !== 0 || c.opTry[g] === 1) return false;
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
      if (!own.every(([from, to]) => every(from + 1, to, (g) => quiet(g, lock, from)))) continue;
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
