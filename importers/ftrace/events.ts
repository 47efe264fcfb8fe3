// Source events by name: how many records each has, and which of them say something of locks.

/** What a record of that name is read as. */
export type Meaning =
  | 'none'
  | 'lock_acquire'
  | 'lock_acquired'
  | 'lock_contended'
  | 'lock_release'
  | 'contention_begin'
  | 'contention_end'
  | 'sched_switch'
  | 'sched_waking'
  | 'sched_wakeup'
  | 'fork'
  | 'exit'
  | 'queue-work'
  | 'start-work'
  | 'end-work'
  | 'irq-entry'
  | 'irq-exit'
  | 'softirq-entry'
  | 'softirq-exit'
  | 'probe'
  | 'function'
  | 'funcgraph_entry'
  | 'funcgraph_exit'
  | 'stack'
  | 'marker';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  lock_acquire: 'lock_acquire',
  lock_acquired: 'lock_acquired',
  lock_contended: 'lock_contended',
  lock_release: 'lock_release',
  contention_begin: 'contention_begin',
  contention_end: 'contention_end',
  sched_switch: 'sched_switch',
  sched_waking: 'sched_waking',
  sched_wakeup: 'sched_wakeup',
  sched_wakeup_new: 'sched_wakeup',
  sched_process_fork: 'fork',
  sched_process_exit: 'exit',
  workqueue_queue_work: 'queue-work',
  workqueue_execute_start: 'start-work',
  workqueue_execute_end: 'end-work',
  irq_handler_entry: 'irq-entry',
  irq_handler_exit: 'irq-exit',
  softirq_entry: 'softirq-entry',
  softirq_exit: 'softirq-exit',
  function: 'function',
  funcgraph_entry: 'funcgraph_entry',
  funcgraph_exit: 'funcgraph_exit',
  kernel_stack: 'stack',
  user_stack: 'none',
  tracing_mark_write: 'marker',
  print: 'marker',
  bprint: 'marker',
  bputs: 'marker',
};

export interface SourceEvent {
  readonly name: string;
  meaning: Meaning;
  count: number;
}

/** Counts records by name without making a string of each. */
export class SourceEvents {
  readonly #buckets: (SourceEvent[] | undefined)[] = new Array<SourceEvent[] | undefined>(256);
  readonly #all = new Map<string, SourceEvent>();

  /** The event named by `text` from `from` to `to`; `hash` as `hashOf` makes it. */
  at(text: string, from: number, to: number, hash: number): SourceEvent {
    const bucket = this.#buckets[hash & 255];
    if (bucket !== undefined)
      for (let i = 0; i < bucket.length; i++) {
        const event = bucket[i]!;
        if (event.name.length === to - from && text.startsWith(event.name, from)) return event;
      }
    const event = this.named(text.slice(from, to));
    if (bucket === undefined) this.#buckets[hash & 255] = [event];
    else bucket.push(event);
    return event;
  }

  named(name: string): SourceEvent {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    // A slice of a block would keep the whole block in memory.
    const own = Buffer.from(name, 'utf8').toString('utf8');
    const event: SourceEvent = {
      name: own,
      meaning: Object.hasOwn(MEANINGS, own) ? MEANINGS[own]! : 'none',
      count: 0,
    };
    this.#all.set(own, event);
    return event;
  }

  all(): Iterable<SourceEvent> {
    return this.#all.values();
  }
}
