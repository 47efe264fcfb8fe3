// Wakers: which task can still, by what its body has left, end a wait that any one of several tasks could end.
import type { Compiled } from './compile.js';
import { OP_DOWN, OP_FORK, OP_SIGNAL, OP_SIGNAL_ALL, OP_UP } from './op-codes.js';

/**
 * Semaphore: a task can wake if from here on it gives back more units than it takes, at some point; guarded ops and
 * attempts that take count as not done, those that give back as done, and an attempt of any lock may fail and leave out
 * what stands up to its unlock. Completion: a signal is left. Being forked: a fork is left. An over-estimate, so
 * "nobody can" is certain.
 */
export function wakeTable(
  shape: Pick<
    Compiled,
    | 'tasks'
    | 'locks'
    | 'ops'
    | 'opBase'
    | 'opCode'
    | 'opArg'
    | 'opTry'
    | 'opSkip'
    | 'opGuard'
    | 'lockKind'
    | 'forkable'
  >,
): Pick<Compiled, 'lockWake' | 'taskWake' | 'wakes' | 'wakeAt'> {
  const lockWake = new Int32Array(shape.locks).fill(-1);
  const taskWake = new Int32Array(shape.tasks).fill(-1);
  let wakes = 0;
  shape.lockKind.forEach((kind, lock) => {
    if (kind === 'semaphore' || kind === 'completion') lockWake[lock] = wakes++;
  });
  for (let t = 0; t < shape.tasks; t++) if (shape.forkable & (1 << t)) taskWake[t] = wakes++;
  const wakeAt = new Uint8Array(shape.ops * wakes);
  // best[w]: the most that w can gain over any stretch of ops that begins at the op looked at.
  const best = new Int32Array(wakes);
  for (let t = 0; t < shape.tasks; t++) {
    best.fill(0);
    // `best` where a failed attempt goes on, by op of the body; null until the walk has come there.
    const behind = new Map<number, Int32Array | null>();
    for (let g = shape.opBase[t]!; g < shape.opBase[t + 1]!; g++) {
      if (shape.opTry[g] === 1) behind.set(shape.opSkip[g]!, null);
    }
    for (let g = shape.opBase[t + 1]! - 1; g >= shape.opBase[t]!; g--) {
      const arg = shape.opArg[g]!;
      switch (shape.opCode[g]) {
        case OP_UP:
        case OP_SIGNAL:
        case OP_SIGNAL_ALL:
          best[lockWake[arg]!]!++;
          break;
        case OP_DOWN:
          if (shape.opTry[g] === 0 && shape.opGuard[g] === 0) {
            best[lockWake[arg]!] = Math.max(0, best[lockWake[arg]!]! - 1);
          }
          break;
        case OP_FORK:
          best[taskWake[arg]!]!++;
          break;
        default:
          break;
      }
      if (shape.opTry[g] === 1) {
        const skipped = behind.get(shape.opSkip[g]!) ?? null;
        if (skipped !== null) for (let w = 0; w < wakes; w++) best[w] = Math.max(best[w]!, skipped[w]!);
      }
      if (behind.has(g - shape.opBase[t]!)) behind.set(g - shape.opBase[t]!, best.slice());
      for (let w = 0; w < wakes; w++) wakeAt[g * wakes + w] = best[w]! > 0 ? 1 : 0;
    }
  }
  return { lockWake, taskWake, wakes, wakeAt };
}
