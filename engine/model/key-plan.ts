// Key plan: which words of a machine's state tell states apart, leaving out what follows from the program counters.
import type { Compiled } from './compile.js';
import type { Layout } from './layout.js';
import { OP_LOCK, OP_REQUIRE_CLEAR, OP_REQUIRE_SET, OP_UNLOCK } from './op-codes.js';

export interface KeyPlan {
  /** State words packed several to a key word: the program counters. */
  readonly packed: Int32Array;
  readonly packedPerWord: number;
  /** Bits of each packed value. */
  readonly shift: number;
  /** State words taken whole. */
  readonly plain: Int32Array;
  readonly words: number;
}

/**
 * In a body without attempts and guards, what a task holds follows from how far it is, so its program counter
 * stands for it. Where branches meet with different holdings, or a lock's counters depend on the interleaving, the
 * words themselves are taken. Left out are only words that follow from others: steps, what was taken where,
 * who acted last (the choice of CPU is always spelled out in a search).
 */
export function keyPlan(c: Compiled, at: Layout, goesOn: boolean): KeyPlan {
  const plain: number[] = [at.waiting];
  if (goesOn && mayBreak(c)) plain.push(at.dead);
  let longest = 0;
  for (let t = 0; t < c.tasks; t++) longest = Math.max(longest, c.opBase[t + 1]! - c.opBase[t]!);
  const shift = longest < 256 ? 8 : longest < 65536 ? 16 : 32;
  const packed = Int32Array.from({ length: c.tasks }, (_, t) => at.pc + t);

  const variable = new Set<number>();
  for (let t = 0; t < c.tasks; t++) for (const lock of branchingLocks(c, t)) variable.add(lock);
  for (let p = 0; p < c.pairs; p++) {
    // Who holds units of a semaphore decides nothing: anyone may give one back.
    const lock = c.pairLock[p]!;
    if (variable.has(lock) && c.lockKind[lock] !== 'semaphore') plain.push(at.hold + p);
  }
  for (let l = 0; l < c.locks; l++) {
    if (c.lockKind[l] === 'semaphore' || c.lockKind[l] === 'completion') plain.push(at.units + l);
    else if (variable.has(l)) plain.push(at.owner + l, at.readers + l);
  }
  for (let t = 0; t < c.tasks; t++) {
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      if (c.program.tasks[t]!.body[g - c.opBase[t]!]!.do === 'sync') {
        plain.push(at.syncing + t);
        break;
      }
    }
  }
  if (c.hasContexts) {
    // Who gives way goes back: what is held, and since where, does not follow from the program counters.
    for (let p = 0; p < c.pairs; p++) plain.push(at.hold + p, at.takenAt + p);
    for (let l = 0; l < c.locks; l++) plain.push(at.owner + l, at.readers + l);
    for (let t = 0; t < c.tasks; t++) plain.push(at.contextAt + t, at.contextAge + t);
    plain.push(at.wounded, at.gaveWay);
  }
  for (let f = 0; f < (c.flags + 31) >> 5; f++) plain.push(at.flags + f);
  if (c.forkable !== 0) plain.push(at.forked);
  // `begun` and `ended` follow from the counters but for waiters at op 0, which `waiting` shows, and empty tasks,
  // which end by what has ended and been forked.
  if (c.irqTasks !== 0) {
    for (let t = 0; t < c.tasks; t++) {
      if (c.irqTasks & (1 << t) && c.taskCpu[t]! < 0) plain.push(at.hit + t);
    }
    for (let cpu = 0; cpu < c.cpus.length; cpu++) plain.push(at.irqsOff + cpu, at.bhOff + cpu);
  }
  const packedPerWord = 32 / shift;
  return {
    packed,
    packedPerWord,
    shift,
    plain: Int32Array.from(plain),
    words: Math.ceil(packed.length / packedPerWord) + plain.length,
  };
}

/** True if some op may break a requirement: a `require`, or an unlock of what is not surely held. */
function mayBreak(c: Compiled): boolean {
  for (let g = 0; g < c.ops; g++) {
    if (c.opCode[g] === OP_REQUIRE_SET || c.opCode[g] === OP_REQUIRE_CLEAR) return true;
  }
  for (let p = 0; p < c.pairs; p++) {
    const base = c.opBase[c.pairTask[p]!]!;
    const before = holdingBefore(c, p);
    for (let i = 0; i + 1 < before.length; i++) {
      if (c.opPair[base + i] === p && c.opCode[base + i] === OP_UNLOCK && before[i]! < 2) return true;
    }
  }
  return false;
}

/** Locks of which the task may hold different amounts, or in different modes, at one and the same op. */
function branchingLocks(c: Compiled, t: number): Set<number> {
  const branching = new Set<number>();
  for (let p = 0; p < c.pairs; p++) {
    if (c.pairTask[p] === t && holdingBefore(c, p).includes(-2)) branching.add(c.pairLock[p]!);
  }
  return branching;
}

/**
 * What the pair's task holds of the pair's lock before each of its ops, and at its end: depth times two, plus one if taken for
 * writing; -1: the op is not reached; -2: that depends.
 */
export function holdingBefore(c: Compiled, p: number): Int32Array {
  const t = c.pairTask[p]!;
  const base = c.opBase[t]!;
  const length = c.opBase[t + 1]! - base;
  const before = new Int32Array(length + 1).fill(-1);
  const arrive = (i: number, value: number): void => {
    if (before[i] === -1) before[i] = value;
    else if (before[i] !== value) before[i] = -2;
  };
  arrive(0, 0);
  for (let i = 0; i < length; i++) {
    const value = before[i]!;
    if (value === -1) continue;
    const g = base + i;
    const code = c.opCode[g]!;
    const touches = c.opPair[g] === p;
    let after = value;
    if (value >= 0 && touches) {
      if (code === OP_LOCK) after = value === 0 ? 2 + (c.opBits[g]! & 1) : value + 2;
      else if (code === OP_UNLOCK) after = value < 4 ? 0 : value - 2;
    }
    arrive(i + 1, after);
    if (c.opGuard[g] !== 0) arrive(i + 1, value);
    if (c.opTry[g] === 1) arrive(c.opSkip[g]!, value);
  }
  return before;
}
