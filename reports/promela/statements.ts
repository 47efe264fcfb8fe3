// Statements: what each op needs and does, in Promela, by the words of docs/lock-model.md.
import type { Op } from '../../corpus/schema/program.js';
import { belongs, contextStatement, readerLeaves } from './contexts.js';
import type { Names } from './names.js';

/** One op: when it can be done, what it then changes; and how its task waits, if it may have to. */
export interface Statement {
  /** `null`: always. */
  readonly can: string | null;
  readonly effect: readonly string[];
  /** What must hold besides, or the rules are broken; null: nothing. */
  readonly must: string | null;
  /** Becoming a waiter changes something that others see, or what this task waits for. */
  readonly wait: {
    readonly begin: readonly string[];
    readonly can: string;
    readonly end: readonly string[];
  } | null;
  /** An attempt: goes on at that op if it cannot be done. */
  readonly orElse: number | null;
}

const PLAIN: Statement = { can: null, effect: [], must: null, wait: null, orElse: null };

/** The statement of op `k` of task `t`. */
export function statementOf(names: Names, t: number, k: number): Statement {
  const task = names.program.tasks[t];
  const op = task?.body[k];
  if (task === undefined || op === undefined) throw new Error(`no op ${k} of task ${t}`);
  switch (op.do) {
    case 'lock':
      return taking(names, t, k, op);
    case 'unlock': {
      const l = names.lock(op.lock);
      if (names.program.locks[l]?.kind === 'semaphore') {
        const held = `if :: h${l}_${t} > 0 -> h${l}_${t}-- :: else fi`;
        return {
          ...PLAIN,
          effect: [`u${l}++`, ...(names.opensContext(t) ? [held, ...ends(names, t, l)] : [])],
        };
      }
      // Guards of SPIN's `if` do not exclude each other: what is still held more than once is not given back.
      const last = [
        `:: h${l}_${t} == 0 && x${l} == ${t + 1} -> x${l} = 0`,
        `:: else -> ${readerLeaves(names, t, l).join('; ')}`,
      ];
      return {
        ...PLAIN,
        must: `h${l}_${t} > 0`,
        effect: [`h${l}_${t}--`, `if :: h${l}_${t} > 0 ${last.join(' ')} fi`, ...ends(names, t, l)],
      };
    }
    case 'wait': {
      const l = names.lock(op.lock);
      return { ...PLAIN, can: `(a${l} || u${l} > 0)`, effect: [`if :: a${l} :: else -> u${l}-- fi`] };
    }
    case 'signal':
      return { ...PLAIN, effect: [`u${names.lock(op.lock)}++`] };
    case 'signal-all':
      return { ...PLAIN, effect: [`a${names.lock(op.lock)} = 1`] };
    case 'sync': {
      const l = names.lock(op.lock);
      const open = takers(names, op.lock).map((u) => `((h${l}_${u} > 0) << ${u})`);
      return {
        ...PLAIN,
        can: `r${l} == 0`,
        wait: { begin: [`s${t} = ${open.join(' | ') || '0'}`], can: `s${t} == 0`, end: [] },
      };
    }
    case 'fork':
      return { ...PLAIN, effect: [`forked${names.task(op.task)} = 1`] };
    case 'join':
      return { ...PLAIN, can: `ended${names.task(op.task)}` };
    case 'set':
    case 'clear':
      return { ...PLAIN, effect: [`${names.flag(op.flag)} = ${op.do === 'set' ? 1 : 0}`] };
    case 'require':
      return { ...PLAIN, must: `${names.flag(op.flag)} == ${op.value ? 1 : 0}` };
    case 'irqs':
      return { ...PLAIN, effect: [`irqs_off[${names.cpu(t)}] = ${op.on ? 0 : 1}`] };
    case 'bh': {
      const count = `bh_off[${names.cpu(t)}]`;
      return { ...PLAIN, effect: [op.on ? `if :: ${count} > 0 -> ${count}-- :: else fi` : `${count}++`] };
    }
    case 'ww':
      return { ...PLAIN, ...contextStatement(names, t, k, op.begin) };
    default: {
      const never: never = op;
      return never;
    }
  }
}

function taking(names: Names, t: number, k: number, op: Extract<Op, { do: 'lock' }>): Statement {
  const l = names.lock(op.lock);
  const lock = names.program.locks[l];
  const task = names.program.tasks[t];
  if (lock === undefined || task === undefined) throw new Error(`no lock ${op.lock}`);
  const orElse = op.attempt ? behindUnlock(task.body, k, op.lock) : null;
  switch (lock.kind) {
    case 'semaphore': {
      const begins = belongs(names, t, l).map(
        (it) => `if :: h${l}_${t} == 0 -> ${it} :: else fi; h${l}_${t}++`,
      );
      return { ...PLAIN, can: `u${l} > 0`, effect: [`u${l}--`, ...begins], orElse };
    }
    case 'rcu':
    case 'srcu': {
      const begins = [`r${l}++`, ...belongs(names, t, l)].join('; ');
      return { ...PLAIN, effect: [`if :: h${l}_${t} == 0 -> ${begins} :: else fi`, `h${l}_${t}++`] };
    }
    case 'completion':
      throw new Error(`${op.lock} is a completion`);
    case 'mutex':
    case 'rtmutex':
    case 'spinlock':
    case 'ww_mutex':
    case 'rwlock':
    case 'rwsem':
      break;
    default: {
      const never: never = lock.kind;
      return never;
    }
  }
  const writes = op.mode === 'exclusive';
  const shared = lock.kind === 'rwlock' || lock.kind === 'rwsem';
  const queues =
    shared &&
    op.mode === 'read' &&
    !lock.rules.includes('unfair') &&
    !(lock.kind === 'rwlock' && task.irq !== null);
  const free = writes
    ? `x${l} == 0${shared ? ` && r${l} == 0` : ''}`
    : `x${l} == 0${queues ? ` && w${l} == 0` : ''}`;
  const again = writes ? `x${l} == ${t + 1}` : `h${l}_${t} > 0`;
  const can = lock.rules.includes('reentrant') ? `(${again} || (${free}))` : `(${free})`;
  const first = [writes ? `x${l} = ${t + 1}` : `r${l}++`, ...belongs(names, t, l)].join('; ');
  const effect = [`if :: h${l}_${t} == 0 -> ${first} :: else fi`, `h${l}_${t}++`];
  const seen = writes && shared;
  const wait = seen ? { begin: [`w${l}++`], can, end: [`w${l}--`] } : null;
  return { can, effect, must: null, wait: orElse === null ? wait : null, orElse };
}

/** Where a failed attempt goes on: behind the matching unlock, or at the next op. */
function behindUnlock(body: readonly Op[], at: number, id: string): number {
  let open = 0;
  for (const [i, op] of body.entries()) {
    if (i < at || !('lock' in op) || op.lock !== id) continue;
    if (op.do === 'lock') open++;
    if (op.do === 'unlock') open--;
    if (open === 0) return i + 1;
  }
  return at + 1;
}

/** A hold that is over belongs to no context. */
function ends(names: Names, t: number, l: number): string[] {
  return names.opensContext(t) ? [`if :: h${l}_${t} == 0 -> b${l}_${t} = 0 :: else fi`] : [];
}

/** Tasks with sections of the lock. */
export function takers(names: Names, id: string): number[] {
  return [...names.program.tasks.keys()].filter((t) =>
    names.program.tasks[t]?.body.some((op) => (op.do === 'lock' || op.do === 'unlock') && op.lock === id),
  );
}
