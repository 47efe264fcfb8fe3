// Events: one observed step of one task, and the codes under which columns store their enumerations.

/**
 * What a step is. `request` may block, `acquire` got it, `release` gave it back, `refuse` is a missed trylock,
 * `try-acquire` a trylock that succeeded. `sleep`: left the CPU of its own will; `wake`: made `peer` runnable; `exit`: the
 * task ended. `read`, `write`: of a variable (STD text), which stands in the lock column as a class that is a `variable`;
 * `begin`, `end`: of a block that its author means to be atomic, which says nothing of locks. New kinds go to the end: stored columns hold indices.
 */
export const EVENT_KINDS = [
  'request',
  'acquire',
  'release',
  'refuse',
  'wait',
  'signal',
  'fork',
  'join',
  'queue-work',
  'start-work',
  'end-work',
  'irq-enter',
  'irq-exit',
  'irqs-on',
  'irqs-off',
  'gap',
  'try-acquire',
  'sleep',
  'wake',
  'exit',
  'read',
  'write',
  'begin',
  'end',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** How an event is known: seen by a tracer, printed by lockdep or a dump, or concluded by relock. */
export const KNOWN_BY = ['observed', 'reported', 'inferred'] as const;
export type KnownBy = (typeof KNOWN_BY)[number];

/** The interrupt context in which a step ran. */
export const CONTEXTS = ['task', 'softirq', 'hardirq', 'nmi'] as const;
export type EventContext = (typeof CONTEXTS)[number];

/**
 * Bits of the `disabled` column: what the record says of the interrupts of its CPU. 0: it says nothing.
 * A trace without the irq-info column, and most logs, say nothing.
 */
export const IRQ_STATE = { known: 1, hardOff: 2, softOff: 4 } as const;

/** Time value that means "no time is known: file order only". */
export const NO_TIME = -(2n ** 63n);

/**
 * The events of a capture as columns of equal length; row i is event i in file order.
 * Enumerations are stored as indices into the arrays above.
 */
export interface EventColumns {
  /** Index into EVENT_KINDS. */
  readonly kind: Uint8Array;
  /** TaskId. */
  readonly task: Uint32Array;
  /** LockId, or NONE for events without a lock. */
  readonly lock: Int32Array;
  /** Index into LOCK_MODES. */
  readonly mode: Uint8Array;
  /** SiteId, or NONE. */
  readonly site: Int32Array;
  /** The other task of fork, join, signal, wake: TaskId, or NONE. */
  readonly peer: Int32Array;
  /** CPU number, or NONE. */
  readonly cpu: Int32Array;
  /** Index into CONTEXTS. */
  readonly context: Uint8Array;
  /** Index into KNOWN_BY. */
  readonly known: Uint8Array;
  /** Bits of IRQ_STATE; 0 where the record does not say whether interrupts were on. */
  readonly disabled: Uint8Array;
  /** EpisodeId. */
  readonly episode: Uint32Array;
  /** Nanoseconds on the capture's own clock, or NO_TIME. */
  readonly timeNs: BigInt64Array;
  /** Where it stands in the file: 1-based line, or byte offset (see `Capture.provenance`). Exact to 2^53. */
  readonly where: Float64Array;
}

/**
 * Columns of which some are made only when somebody asks for the whole of them; these tell a single row without that.
 * Walks over millions of rows that want few of them go by `whereAt` and `peerAt` below.
 */
export interface LazyColumns extends EventColumns {
  whereAt(row: number): number;
  peerAt(row: number): number;
}

const isLazy = (events: EventColumns): events is LazyColumns => 'whereAt' in events;

/** Where an event stands in the file. */
export function whereAt(events: EventColumns, row: number): number {
  return isLazy(events) ? events.whereAt(row) : events.where[row]!;
}

/** The other task of an event, or NONE. */
export function peerAt(events: EventColumns, row: number): number {
  return isLazy(events) ? events.peerAt(row) : events.peer[row]!;
}

/** One event as an object: for builders, exporters and tests, never for hot loops. */
export interface EventRow {
  readonly kind: EventKind;
  readonly task: number;
  readonly lock: number;
  readonly mode: 'exclusive' | 'read' | 'recursive-read';
  readonly site: number;
  readonly peer: number;
  readonly cpu: number;
  readonly context: EventContext;
  readonly known: KnownBy;
  /** Bits of IRQ_STATE. */
  readonly disabled: number;
  readonly episode: number;
  readonly timeNs: bigint | null;
  readonly where: number;
}
