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

  /**
   * The event of a record, `text` from `body` to `to`, whose name, up to `at`, does not end in a colon: functions, stacks, what the
   * kernel could not print.
   */
  odd(text: string, body: number, at: number, to: number): SourceEvent {
    if (text.startsWith('<stack trace>', body)) return this.stack('<stack trace>');
    if (text.startsWith('<user stack trace>', body)) return this.stack('<user stack trace>');
    const rest = text.slice(at, Math.min(to, at + 400));
    if (/^(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)?(?: \[[\w-]+\])?(?: <[0-9a-f]+>)?(?:\(.*\))? <-/.test(rest))
      return this.named('function');
    // With option sym-offset the printer of a marker is `tracing_mark_write+0xdb/0x280`.
    if (/^\+0x[0-9a-f]+\/0x[0-9a-f]+(?: <[0-9a-f]+>)?:/.test(rest)) return this.named(text.slice(body, at));
    const colon = text.indexOf(':', at);
    if (at === body && colon !== -1 && colon < to && colon - body < 60)
      return this.named(text.slice(body, colon));
    const word = text.slice(body, at);
    return this.named(word === '' ? 'unknown' : word);
  }

  /** The event of that name, behind which frames follow. */
  stack(name: string): SourceEvent {
    const event = this.named(name);
    event.meaning = 'stack';
    return event;
  }

  all(): Iterable<SourceEvent> {
    return this.#all.values();
  }
}
