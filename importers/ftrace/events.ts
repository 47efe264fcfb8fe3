// Source events by name: how many records each has, and which of them say something of locks.
import { NameTable } from './names.js';

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
  /** True for entry to and exit from an interrupt. */
  readonly isInterrupt: boolean;
  count: number;
}

/** Counts records by name without making a string of each. */
export class SourceEvents {
  readonly #names = new NameTable((name) => this.named(name));
  readonly #all = new Map<string, SourceEvent>();

  /** The event named by `text` from `from` to `to`. */
  at(text: string, from: number, to: number, hash: number): SourceEvent {
    return this.#names.at(text, from, to, hash);
  }

  named(name: string): SourceEvent {
    const known = this.#all.get(name);
    if (known !== undefined) return known;
    const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name]! : 'none';
    const event: SourceEvent = { name, meaning, isInterrupt: meaning.includes('irq-'), count: 0 };
    this.#all.set(name, event);
    return event;
  }

  all(): Iterable<SourceEvent> {
    return this.#all.values();
  }
}
