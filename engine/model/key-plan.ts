// Key plan: which words of a machine's state tell states apart, leaving out what follows from the program counters.
import type { Compiled } from './compile.js';
import type { Layout } from './layout.js';
import {
  OP_BH_OFF,
  OP_LOCK,
  OP_REQUIRE_CLEAR,
  OP_REQUIRE_SET,
  OP_SIGNAL,
  OP_SIGNAL_ALL,
  OP_SYNC,
  OP_UNLOCK,
  OP_UP,
  OP_WW_BEGIN,
  OP_WW_END,
} from './op-codes.js';
import { NESTS } from './rules.js';

/** Fields, each some bits of one word of the key. */
export interface KeyPlan {
  /** By field, in the order of the words: the state word, what is added to it so that it is not negative, its place in the word. */
  readonly source: Int32Array;
  readonly bias: Int32Array;
  readonly shift: Int32Array;
  /** 1 for the last field of a word. */
  readonly ends: Uint8Array;
  readonly words: number;
}

interface Field {
  readonly source: number;
  /** Bits that hold every value that it can have. */
  readonly bits: number;
  readonly bias: number;
}

const WORD = 32;

/** Bits for values from 0 to `most`. */
function bitsFor(most: number): number {
  return most >= 2 ** 31 ? WORD : WORD - Math.clz32(most);
}

/**
 * In a body without attempts and guards, what a task holds follows from how far it is, so its program counter
 * stands for it. Where branches meet with different holdings, or a lock's counters depend on the interleaving, the
 * words themselves are taken. Left out are only words that follow from others: steps, what was taken where,
 * who acted last (the choice of CPU is always spelled out in a search). Each field has room for all that it can be: bodies have no
 * loops, so that nothing is counted further than there are ops that count it.
 */
export function keyPlan(c: Compiled, at: Layout, goesOn: boolean): KeyPlan {
  const fields: Field[] = [];
  const add = (source: number, bits: number, bias = 0): void => {
    fields.push({ source, bits, bias });
  };
  // Who gives way goes back and does ops again: what is counted there has no bound.
  const counted = (source: number, most: number, bias = 0): void =>
    add(source, c.hasContexts ? WORD : bitsFor(most + bias), c.hasContexts ? 0 : bias);
  const lengthOf = (t: number): number => c.opBase[t + 1]! - c.opBase[t]!;
  for (let t = 0; t < c.tasks; t++) add(at.pc + t, bitsFor(lengthOf(t)));
  add(at.waiting, c.tasks);
  if (goesOn && mayBreak(c)) add(at.dead, c.tasks);

  const variable = new Set<number>();
  for (let t = 0; t < c.tasks; t++) for (const lock of branchingLocks(c, t)) variable.add(lock);
  for (let p = 0; p < c.pairs; p++) {
    const lock = c.pairLock[p]!;
    // Who gives way goes back: what is held, and since where, does not follow from the program counters.
    if (c.hasContexts) add(at.takenAt + p, bitsFor(lengthOf(c.pairTask[p]!)));
    // Who holds units of a semaphore decides nothing: anyone may give one back.
    if (c.hasContexts && isHeldOnce(c, lock)) add(at.hold + p, 1);
    else if (c.hasContexts || (variable.has(lock) && c.lockKind[lock] !== 'semaphore'))
      counted(
        at.hold + p,
        countOf(c, (g) => c.opPair[g] === p && c.opCode[g] === OP_LOCK),
      );
  }
  for (let l = 0; l < c.locks; l++) {
    if (c.lockKind[l] === 'semaphore' || c.lockKind[l] === 'completion') {
      const gives = countOf(c, (g) => c.opPair[g]! >= 0 && c.opArg[g] === l && GIVES.has(c.opCode[g]!));
      // One below none: signalled for ever.
      counted(at.units + l, c.lockUnits[l]! + gives, 1);
    } else if (c.hasContexts || variable.has(l)) {
      add(at.owner + l, bitsFor(c.tasks));
      add(at.readers + l, c.tasks);
    }
  }
  for (let t = 0; t < c.tasks; t++) {
    if (countOf(c, (g) => c.opCode[g] === OP_SYNC, t) > 0) add(at.syncing + t, c.tasks);
    if (c.hasContexts) {
      add(at.contextAt + t, bitsFor(lengthOf(t)));
      add(at.contextAge + t, bitsFor(c.tasks));
    }
  }
  if (c.hasContexts) {
    add(at.wounded, c.tasks);
    add(at.gaveWay, c.tasks);
  }
  for (let f = 0; f < c.flags; f += WORD) add(at.flags + f / WORD, Math.min(WORD, c.flags - f));
  if (c.forkable !== 0) add(at.forked, c.tasks);
  // `begun` and `ended` follow from the counters but for waiters at op 0, which `waiting` shows, and empty tasks,
  // which end by what has ended and been forked.
  if (c.irqTasks !== 0) {
    for (let t = 0; t < c.tasks; t++) {
      if (c.irqTasks & (1 << t) && c.taskCpu[t]! < 0) add(at.hit + t, bitsFor(c.cpus.length));
    }
    const offs = countOf(c, (g) => c.opCode[g] === OP_BH_OFF);
    for (let cpu = 0; cpu < c.cpus.length; cpu++) {
      add(at.irqsOff + cpu, 1);
      counted(at.bhOff + cpu, offs);
    }
  }
  return packed(fields);
}

/** Kinds of locks that have one holder. */
const EXCLUSIVE: ReadonlySet<string> = new Set(['mutex', 'rtmutex', 'spinlock', 'ww_mutex']);

/** True if nobody can hold the lock twice. */
function isHeldOnce(c: Compiled, lock: number): boolean {
  const isOfLock = (g: number): boolean => c.opPair[g]! >= 0 && c.opArg[g] === lock;
  return (
    EXCLUSIVE.has(c.lockKind[lock]!) && countOf(c, (g) => isOfLock(g) && (c.opBits[g]! & NESTS) !== 0) === 0
  );
}

const GIVES: ReadonlySet<number> = new Set([OP_UP, OP_SIGNAL, OP_SIGNAL_ALL]);

/** Ops of all tasks, or of one, that are such. */
function countOf(c: Compiled, is: (g: number) => boolean, task?: number): number {
  const from = task === undefined ? 0 : c.opBase[task]!;
  const to = task === undefined ? c.ops : c.opBase[task + 1]!;
  let count = 0;
  for (let g = from; g < to; g++) if (is(g)) count++;
  return count;
}

/** Puts each field into the first word that has room for it. */
function packed(fields: readonly Field[]): KeyPlan {
  const words: { left: number; readonly fields: (Field & { readonly shift: number })[] }[] = [];
  for (const field of fields) {
    if (field.bits === 0) continue;
    let word = words.find(({ left }) => left >= field.bits);
    if (word === undefined) {
      word = { left: WORD, fields: [] };
      words.push(word);
    }
    word.fields.push({ ...field, shift: WORD - word.left });
    word.left -= field.bits;
  }
  const all = words.flatMap((word) => word.fields);
  return {
    source: Int32Array.from(all, ({ source }) => source),
    bias: Int32Array.from(all, ({ bias }) => bias),
    shift: Int32Array.from(all, ({ shift }) => shift),
    ends: Uint8Array.from(
      words.flatMap((word) => word.fields.map((_, i) => (i + 1 === word.fields.length ? 1 : 0))),
    ),
    words: words.length,
  };
}

/** Ops that break something by themselves. */
const BREAKS: ReadonlySet<number> = new Set([OP_REQUIRE_SET, OP_REQUIRE_CLEAR, OP_WW_BEGIN, OP_WW_END]);

/** True if some op may break a requirement: a `require`, either end of an acquire context, or an unlock of what is not surely held. */
function mayBreak(c: Compiled): boolean {
  for (let g = 0; g < c.ops; g++) if (BREAKS.has(c.opCode[g]!)) return true;
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
