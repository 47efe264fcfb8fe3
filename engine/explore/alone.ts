// Alone: a task whose next op nobody can notice or hinder, in programs with acquire contexts, so that it may go first.
import type { Compiled } from '../model/compile.js';
import type { Machine } from '../model/machine.js';
import { OP_LOCK, OP_UNLOCK, OP_WW_END, OP_WW_LOCK } from '../model/op-codes.js';

/**
 * Finds such tasks. Their op commutes with all that others do before it, and they are not held up: of all orders those in
 * which it comes first lead to every end (P. Godefroid, Partial-Order Methods, LNCS 1032, 1996: a persistent set of one). It is the end
 * of a context that holds nothing any more, of which only ranks of others take notice, or an op on a lock that no other task holds or
 * can still come by. No ring of such ops passes all others by: program counters go back only where somebody gives way, and that is none.
 */
export class Alone {
  readonly #machine: Machine;
  /** By task times locks, plus lock: the last op (from 0) of the task's body about the lock, or -1. */
  readonly #lastUse: Int32Array;
  /** By lock: the pairs about it. */
  readonly #pairs: readonly (readonly number[])[];

  constructor(machine: Machine) {
    const c = machine.compiled;
    this.#machine = machine;
    this.#lastUse = lastUses(c);
    this.#pairs = Array.from({ length: c.locks }, (_, lock) =>
      Array.from({ length: c.pairs }, (_, p) => p).filter((p) => c.pairLock[p] === lock),
    );
  }

  /**
   * The first such task of the mask of those that can act, or -1. None where interrupts may come between any two ops, nor where
   * somebody waits for whoever may yet signal, give back or fork: who has a context open may go back and do so once more, and its end
   * takes that from those who wait.
   */
  of(able: number): number {
    const c = this.#machine.compiled;
    if (c.irqTasks !== 0 || c.wakes !== 0) return -1;
    for (let left = able; left !== 0; left &= left - 1) {
      const t = 31 - Math.clz32(left & -left);
      if (this.#isAlone(t)) return t;
    }
    return -1;
  }

  #isAlone(t: number): boolean {
    const m = this.#machine;
    const { compiled: c, layout: at, stateWords: s } = m;
    const g = c.opBase[t]! + m.pc(t);
    if (c.opGuard[g] !== 0) return false;
    const code = c.opCode[g]!;
    if (code === OP_WW_END) return s[at.contextAt + t] !== 0 && !this.#holdsAnything(t);
    if (code !== OP_LOCK && code !== OP_UNLOCK && code !== OP_WW_LOCK) return false;
    // Who waits has been seen waiting, and who waits for itself ends the run.
    if (m.isWaiting(t) || !m.canStep(t)) return false;
    if (code === OP_UNLOCK && s[at.hold + c.opPair[g]!] === 0) return false;
    return this.#isPrivate(t, c.opArg[g]!);
  }

  #holdsAnything(t: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this.#machine;
    for (let p = 0; p < c.pairs; p++) if (c.pairTask[p] === t && s[at.hold + p]! > 0) return true;
    return false;
  }

  /** True if no other task holds the lock or has an op about it ahead, going back to where its context began included. */
  #isPrivate(t: number, lock: number): boolean {
    const { compiled: c, layout: at, stateWords: s } = this.#machine;
    for (const p of this.#pairs[lock]!) {
      const u = c.pairTask[p]!;
      if (u === t) continue;
      if (s[at.hold + p]! > 0) return false;
      const begin = s[at.contextAt + u]!;
      const from = begin === 0 ? s[at.pc + u]! : Math.min(begin, s[at.pc + u]!);
      if (this.#lastUse[u * c.locks + lock]! >= from) return false;
    }
    return true;
  }
}

function lastUses(c: Compiled): Int32Array {
  const last = new Int32Array(c.tasks * c.locks).fill(-1);
  for (let t = 0; t < c.tasks; t++) {
    for (let g = c.opBase[t]!; g < c.opBase[t + 1]!; g++) {
      if (c.opPair[g]! >= 0) last[t * c.locks + c.opArg[g]!] = g - c.opBase[t]!;
    }
  }
  return last;
}
