// Codes of event kinds, modes and contexts as the columns hold them, by name.
import { CONTEXTS, EVENT_KINDS, type EventKind } from '../../../corpus/schema/event.js';
import { LOCK_MODES } from '../../../corpus/schema/lock.js';

const kind = (name: EventKind): number => EVENT_KINDS.indexOf(name);

/** Index into EVENT_KINDS of every kind that the lowering of traces looks at. */
export const KIND = {
  request: kind('request'),
  acquire: kind('acquire'),
  release: kind('release'),
  tryAcquire: kind('try-acquire'),
  wait: kind('wait'),
  signal: kind('signal'),
  fork: kind('fork'),
  join: kind('join'),
  queueWork: kind('queue-work'),
  startWork: kind('start-work'),
  endWork: kind('end-work'),
  gap: kind('gap'),
  sleep: kind('sleep'),
  wake: kind('wake'),
  exit: kind('exit'),
} as const;

/** Index into LOCK_MODES. */
export const EXCLUSIVE = LOCK_MODES.indexOf('exclusive');
export const READ = LOCK_MODES.indexOf('read');

/** Index into CONTEXTS. */
export const IN_TASK = CONTEXTS.indexOf('task');
export const IN_SOFTIRQ = CONTEXTS.indexOf('softirq');
export const IN_HARDIRQ = CONTEXTS.indexOf('hardirq');
