// What the end of a line was found to say, to be said again when the same bytes come: see `LineMemo`.
import type { LockFunction } from '../trace-events/lock-functions.js';
import type { SourceEvent } from './events.js';
import type { GraphLine } from './graph.js';

/** What is to be done with a record whose event and payload were read before. */
export const DO = {
  /** The payload has to be read again from its text. */
  read: 0,
  /** The event means nothing for locks. */
  touch: 1,
  /** One of the four events of lockdep. */
  lock: 2,
  /** A task left its CPU. */
  leave: 3,
  /** A function was called that concerns no lock. */
  call: 4,
  /** A task was made runnable. */
  wake: 5,
  /** A probe was hit. */
  probe: 6,
  /** A stack begins behind it. */
  stack: 7,
} as const;

/** What a probe says, as `CallMapper.probe` takes it. */
export interface SaidProbe {
  readonly probed: LockFunction;
  readonly address: number;
  readonly isReturn: boolean;
  readonly caller: string | null;
  readonly ret: number | null;
}

/** An event with its payload. */
export interface SaidRecord {
  readonly does: (typeof DO)[keyof typeof DO];
  readonly event: SourceEvent;
  /** Event and payload; empty where they are not read again. */
  readonly text: string;
  /** For `lock`, the mapper's number; for `wake`, the pid. */
  readonly address: number;
  /** For `lock`, the mapper's number; for `wake`, the CPU that it is to run on, or -1. */
  readonly name: number;
  /** For `lock`; for `leave`, how: 0 preempted, 1 of its own will, 2 dead; for `stack`, 1 if it is that of a program. */
  readonly flags: number;
  readonly probe: SaidProbe | null;
}

/** What stands behind the last column of function_graph. */
export interface SaidCall extends Pick<GraphLine, 'kind' | 'depth' | 'name' | 'callee' | 'argument' | 'ret'> {
  /** For comments: the lock event in it, or null where it has to be read again. */
  readonly record: SaidRecord | null;
}

/** A line of function_graph that is no call: a rule, or who gives way to whom. */
export type SaidSwitch = Pick<GraphLine, 'kind' | 'cpu' | 'comm' | 'pid' | 'previousComm' | 'previousPid'>;
