// Recordings written as words, for tests of the lowering: one step a line, `task verb object flags`.
import type { Capture } from '../../../corpus/schema/capture.js';
import { IRQ_STATE } from '../../../corpus/schema/event.js';
import type { CaptureId, LockId, TaskId } from '../../../corpus/schema/ids.js';
import type { LockKind } from '../../../corpus/schema/lock.js';
import { CaptureBuilder, type NewEvent } from '../../../importers/builder.js';

const VERBS = {
  ask: ['request'],
  got: ['acquire'],
  lock: ['request', 'acquire'],
  try: ['try-acquire'],
  unlock: ['release'],
  sleep: ['sleep'],
  wake: ['wake'],
  fork: ['fork'],
  exit: ['exit'],
  join: ['join'],
  queue: ['queue-work'],
  start: ['start-work'],
  end: ['end-work'],
  wait: ['wait'],
  signal: ['signal'],
} as const;
type Verb = keyof typeof VERBS;

const WITH_TASK: ReadonlySet<string> = new Set(['wake', 'fork', 'join']);

const isVerb = (word: string): word is Verb => word in VERBS;

/**
 * The capture of such a text. Tasks whose name begins with `irq` or `soft` are interrupt pieces. A lock may be written
 * `kind:name`. Flags behind the object: `read`, `off` (interrupts off), `on` (interrupts on), `unsure` (the record does
 * not say in which context it was made), `+N` (N ms pass before it), `!` lost events: a new episode begins.
 */
export function recording(text: string, pids: Readonly<Record<string, number>> = {}): Capture {
  const builder = new CaptureBuilder();
  let episode = builder.episode({ origin: 'trace', basis: 'recorded' });
  const tasks = new Map<string, TaskId>();
  let time = 0n;
  const taskOf = (name: string): TaskId => {
    const known = tasks.get(name);
    if (known !== undefined) return known;
    const runs = name.startsWith('irq') ? 'hardirq' : name.startsWith('soft') ? 'softirq' : 'task';
    const pid = pids[name] ?? (name === 'kthreadd' ? 2 : name.startsWith('idle') ? 0 : 100 + tasks.size);
    const id = builder.task({ name, pid, function: null, named: true, runs }, name);
    tasks.set(name, id);
    return id;
  };
  const lockOf = (word: string): LockId => {
    const [kind, name] = word.includes(':') ? word.split(':', 2) : ['mutex', word];
    // `class@instance` for several instances of one class.
    const [className] = name!.split('@');
    return builder.lock(builder.lockClass(className!, kind as LockKind, false), name!, name!);
  };
  text
    .trim()
    .split('\n')
    .forEach((raw, i) => {
      const words = raw.trim().split(/\s+/);
      const [name, verb, object] = words;
      time += 1_000_000n;
      const jump = words.find((word) => /^\+\d+$/.test(word));
      if (jump !== undefined) time += BigInt(jump.slice(1)) * 1_000_000n;
      if (name === '!') {
        episode = builder.episode({ origin: 'trace', basis: 'recorded' });
        return;
      }
      if (name === undefined || verb === undefined || name.startsWith('#')) return;
      if (!isVerb(verb)) throw new Error(`no verb: ${raw}`);
      const task = taskOf(name);
      const flag = (word: string) => words.includes(word);
      const event: Omit<NewEvent, 'kind'> = {
        task,
        episode,
        known: 'observed',
        where: i + 1,
        timeNs: time,
        cpu: 0,
        mode: flag('read') ? 'read' : 'exclusive',
        disabled: flag('unsure') ? 0 : flag('off') ? IRQ_STATE.known | IRQ_STATE.hardOff : IRQ_STATE.known,
        context: name.startsWith('irq') ? 'hardirq' : name.startsWith('soft') ? 'softirq' : 'task',
        ...(object === undefined || object === 'off' || object === 'on' || /^[+]|^unsure$/.test(object)
          ? {}
          : WITH_TASK.has(verb)
            ? { peer: taskOf(object) }
            : { lock: lockOf(object) }),
      };
      for (const kind of VERBS[verb]) builder.event({ ...event, kind });
    });
  return builder.finish({
    id: '0'.repeat(64) as CaptureId,
    file: 'made.ftrace.txt',
    bytes: text.length,
    format: 'ftrace',
    provenance: 'line',
  });
}
