// Layout: where each part of a machine's state lies in its words.
import type { Compiled } from './compile.js';
import { OP_IRQS_OFF } from './op-codes.js';

/** Values of the word `status`. */
export const RUNNING = 0;
export const DEADLOCKED = 1;
export const BROKEN = 2;

/** Offsets into `Machine.stateWords`; masks are sets of tasks. */
export interface Layout {
  /** Ops done. */
  readonly steps: number;
  readonly status: number;
  /** Op (over all tasks) that broke a requirement; valid when `status` is BROKEN. */
  readonly brokenAt: number;
  /** Task that acted last, or -1. */
  readonly last: number;
  /** Mask: waiters. */
  readonly waiting: number;
  readonly ended: number;
  /** Mask: have acted. */
  readonly begun: number;
  readonly forked: number;
  /** Mask: tasks that broke a requirement and stay where they are; only in a machine that goes on. */
  readonly dead: number;
  /** Masks: who can act and who can do an op, but for those in `stale`, who have to be looked at again. */
  readonly able: number;
  readonly stepAble: number;
  readonly stale: number;
  /** By task: ops passed. */
  readonly pc: number;
  /** By task: mask of the readers that its `sync` still waits for. */
  readonly syncing: number;
  /** By task: CPU that the irq task hit, plus 1; 0 before. */
  readonly hit: number;
  /** By lock: exclusive holder plus 1, or 0. */
  readonly owner: number;
  /** By lock: mask of readers. */
  readonly readers: number;
  /** By lock: mask of waiters that want it exclusively. */
  readonly writersWaiting: number;
  /** By lock: mask of the tasks whose next op is about it. */
  readonly wanting: number;
  /** By lock: free units of a semaphore; signals of a completion, -1 for ever. */
  readonly units: number;
  /** Bits of flags. */
  readonly flags: number;
  /** By CPU: 1 while interrupts are off. */
  readonly irqsOff: number;
  /** By CPU: how often bh were switched off and not yet on again. */
  readonly bhOff: number;
  /** By CPU: handler on it plus 1, or 0. */
  readonly hardOn: number;
  readonly softOn: number;
  /** By task: op behind the `ww begin` of its open context, or 0; how many open contexts are older. */
  readonly contextAt: number;
  readonly contextAge: number;
  /** Masks: contexts that were wounded; tasks that gave way and wait for the lock they stand before. */
  readonly wounded: number;
  readonly gaveWay: number;
  /** By pair: how often held. */
  readonly hold: number;
  /** By pair: op of the body that took it first. */
  readonly takenAt: number;
  /** Length of all. */
  readonly words: number;
}

export function layOut(c: Compiled): Layout {
  let next = 0;
  const room = (words: number): number => {
    const at = next;
    next += words;
    return at;
  };
  // CPUs only count where interrupts come or are switched.
  const cpus = c.irqTasks !== 0 || c.opCode.some((code) => code >= OP_IRQS_OFF) ? c.cpus.length : 0;
  // One literal and no spread: see `translate` in compile.ts.
  return {
    steps: room(1),
    status: room(1),
    brokenAt: room(1),
    last: room(1),
    waiting: room(1),
    ended: room(1),
    begun: room(1),
    forked: room(1),
    dead: room(1),
    able: room(1),
    stepAble: room(1),
    stale: room(1),
    pc: room(c.tasks),
    syncing: room(c.tasks),
    hit: room(c.irqTasks !== 0 ? c.tasks : 0),
    owner: room(c.locks),
    readers: room(c.locks),
    writersWaiting: room(c.locks),
    wanting: room(c.locks),
    units: room(c.locks),
    flags: room((c.flags + 31) >> 5),
    irqsOff: room(cpus),
    bhOff: room(cpus),
    hardOn: room(cpus),
    softOn: room(cpus),
    contextAt: room(c.hasContexts ? c.tasks : 0),
    contextAge: room(c.hasContexts ? c.tasks : 0),
    wounded: room(c.hasContexts ? 1 : 0),
    gaveWay: room(c.hasContexts ? 1 : 0),
    hold: room(c.pairs),
    takenAt: room(c.pairs),
    words: next,
  };
}
