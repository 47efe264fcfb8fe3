// Shapes of random programs by what is in them: what laws of the model and of the searches go through.
import { LOCK_KINDS } from '../../corpus/schema/lock.js';
import type { ProgramShape } from './random-program.js';

export const SHAPES = {
  mutexes: {},
  'readers and writers': { kinds: ['rwsem', 'rwlock', 'mutex'], rules: true, unfair: 20 },
  'readers, writers, attempts': {
    kinds: ['rwsem', 'rwlock'],
    rules: true,
    unfair: 20,
    tries: true,
    flags: true,
    oddities: 10,
  },
  semaphores: { kinds: ['semaphore', 'mutex'], oddities: 15 },
  completions: { kinds: ['completion', 'mutex'], oddities: 30 },
  'grace periods': { kinds: ['rcu', 'srcu', 'mutex'], oddities: 25 },
  'forks and joins': { forks: true, oddities: 30 },
  interrupts: { kinds: ['spinlock', 'rwlock'], irqs: true, oddities: 25 },
  'interrupts that wait': { kinds: ['spinlock', 'completion', 'semaphore'], irqs: true, oddities: 30 },
  contexts: { kinds: ['ww_mutex', 'ww_mutex', 'mutex'], contexts: true, locks: 4, oddities: 5 },
  'contexts and what else there is': {
    kinds: ['ww_mutex', 'ww_mutex', 'semaphore', 'completion', 'rwsem'],
    contexts: true,
    oddities: 15,
    tries: true,
    flags: true,
    rules: true,
  },
  everything: {
    kinds: LOCK_KINDS,
    contexts: true,
    oddities: 30,
    tries: true,
    flags: true,
    forks: true,
    irqs: true,
    rules: true,
    unfair: 20,
    locks: 4,
  },
} as const satisfies Readonly<Record<string, Partial<ProgramShape>>>;
