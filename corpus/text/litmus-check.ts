// Litmus check: what must hold between the lines of a text - names known and unique, ops that fit their lock's kind.
import type { Op, ProgramFlag, ProgramLock, ProgramTask } from '../schema/program.js';

/** What the check needs to see of a text. */
export interface Checked {
  readonly locks: readonly ProgramLock[];
  readonly flags: readonly ProgramFlag[];
  readonly tasks: readonly ProgramTask[];
  readonly said: readonly { readonly line: number; readonly task: string; readonly what: string }[];
  readonly lineOfTask: ReadonlyMap<string, number>;
  readonly declared: readonly { readonly line: number; readonly what: string; readonly name: string }[];
}

/** Tells each problem with its line. */
export function checkProgram(text: Checked, problem: (line: number, message: string) => void): void {
  const firstLine = Math.min(...text.lineOfTask.values(), Number.MAX_SAFE_INTEGER);
  const top = firstLine === Number.MAX_SAFE_INTEGER ? 1 : firstLine;
  const known = new Set<string>();
  for (const { line, what, name } of text.declared) {
    if (known.has(`${what} ${name}`)) problem(line, `two ${what}s are named ${name}`);
    known.add(`${what} ${name}`);
  }
  if (text.tasks.length === 0) problem(top, 'there is no task');
  const locks = new Map(text.locks.map((lock) => [lock.id, lock]));
  const flags = new Set(text.flags.map((flag) => flag.id));
  const tasks = new Map(text.tasks.map((task) => [task.name, task]));
  for (const { line, task, what } of text.said) {
    if (!tasks.has(task)) problem(line, `${what} names ${task}, which is no task`);
  }
  for (const task of text.tasks) {
    const seen = new Set<string>();
    for (let at = task; at.after !== null; ) {
      if (seen.has(at.name)) {
        problem(text.lineOfTask.get(task.name) ?? top, `${task.name} would start after its own end`);
        break;
      }
      seen.add(at.name);
      const next = tasks.get(at.after);
      if (next === undefined) break;
      at = next;
    }
    for (const op of task.body) {
      const line = op.line ?? top;
      if (op.guard !== null && !flags.has(op.guard.flag)) problem(line, `no flag is named ${op.guard.flag}`);
      const message = checkOp(op, locks, flags, tasks);
      if (message !== null) problem(line, message);
    }
  }
}

function checkOp(
  op: Op,
  locks: ReadonlyMap<string, ProgramLock>,
  flags: ReadonlySet<string>,
  tasks: ReadonlyMap<string, ProgramTask>,
): string | null {
  switch (op.do) {
    case 'lock':
    case 'unlock':
    case 'wait':
    case 'signal':
    case 'signal-all':
    case 'sync': {
      const lock = locks.get(op.lock);
      return lock === undefined ? `no lock is named ${op.lock}` : checkLockOp(op, lock);
    }
    case 'fork':
    case 'join':
      return tasks.has(op.task) ? null : `no task is named ${op.task}`;
    case 'set':
    case 'clear':
    case 'require':
      return flags.has(op.flag) ? null : `no flag is named ${op.flag}`;
    case 'irqs':
    case 'bh':
    case 'ww':
      return null;
    default: {
      const never: never = op;
      return never;
    }
  }
}

function checkLockOp(op: Op & { readonly lock: string }, lock: ProgramLock): string | null {
  const isCompletion = lock.kind === 'completion';
  switch (op.do) {
    case 'lock':
      if (isCompletion) return `${lock.id} is a completion: wait for it or signal it`;
      if (op.mode !== 'exclusive' && lock.kind !== 'rwlock' && lock.kind !== 'rwsem') {
        return `${op.mode} needs an rwlock or rwsem; ${lock.id} is a ${lock.kind}`;
      }
      return null;
    case 'unlock':
      return isCompletion ? `${lock.id} is a completion: it cannot be unlocked` : null;
    case 'wait':
    case 'signal':
    case 'signal-all':
      return isCompletion ? null : `${op.do} needs a completion; ${lock.id} is a ${lock.kind}`;
    case 'sync':
      return lock.kind === 'rcu' || lock.kind === 'srcu'
        ? null
        : `sync needs rcu or srcu; ${lock.id} is a ${lock.kind}`;
    default:
      return null;
  }
}
