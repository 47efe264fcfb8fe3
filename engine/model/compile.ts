// Compile: a Program as typed arrays, checked, with everything about it that can be known before it runs.
import type { LockKind } from '../../corpus/schema/lock.js';
import type { Op, Program, ProgramTask } from '../../corpus/schema/program.js';
import { MAX_TASKS } from './choice.js';
import { POLICY_WAIT_DIE, POLICY_WOUND_WAIT } from './contexts.js';
import {
  OP_BH_OFF,
  OP_BH_ON,
  OP_CLEAR,
  OP_DOWN,
  OP_FORK,
  OP_IRQS_OFF,
  OP_IRQS_ON,
  OP_JOIN,
  OP_LOCK,
  OP_REQUIRE_CLEAR,
  OP_REQUIRE_SET,
  OP_SET,
  OP_SIGNAL,
  OP_SIGNAL_ALL,
  OP_SYNC,
  OP_UNLOCK,
  OP_UP,
  OP_WAIT,
  OP_WW_BEGIN,
  OP_WW_END,
  OP_WW_LOCK,
} from './op-codes.js';
import { requestBits, rowOf } from './rules.js';
import { wakeTable } from './wakers.js';

/** Levels in `Compiled.taskLevel`. */
export const LEVEL_TASK = 0;
export const LEVEL_SOFT = 1;
export const LEVEL_HARD = 2;

/** A CPU of the program. */
export interface CompiledCpu {
  /** Number that the program gives, or null: the own CPU of the one task that names none. */
  readonly number: number | null;
  /** Indices of the tasks that run here by the program; irq tasks without `cpu` are in none. */
  readonly tasks: readonly number[];
}

/**
 * Tasks, locks and flags are numbered as in the program. Op i of task t is op `opBase[t] + i`; "op" arrays have one
 * entry for each op of all tasks. A pair is a (task, lock) that occurs together in an op.
 */
export interface Compiled {
  readonly program: Program;
  readonly tasks: number;
  readonly locks: number;
  readonly flags: number;
  readonly ops: number;
  readonly pairs: number;
  /** First op of each task; one entry more than tasks. */
  readonly opBase: Int32Array;
  readonly opCode: Uint8Array;
  /** Lock, flag or task that the op is about; 0 for irqs and bh. */
  readonly opArg: Int32Array;
  /** Bits of rules.ts for OP_LOCK, else 0. */
  readonly opBits: Uint8Array;
  /** 1 for an attempt (`try`). */
  readonly opTry: Uint8Array;
  /** 0: no guard; f + 1: only if flag f is set; -(f + 1): only if it is clear. */
  readonly opGuard: Int32Array;
  /** Op of the task (from 0) at which it goes on when an attempt fails. */
  readonly opSkip: Int32Array;
  /** Pair of the op's task and lock, or -1. */
  readonly opPair: Int32Array;
  readonly pairTask: Int32Array;
  readonly pairLock: Int32Array;
  readonly lockKind: readonly LockKind[];
  readonly lockUnits: Int32Array;
  /** By lock: 0, or a policy of contexts.ts; all 0 if no task opens a context. */
  readonly lockPolicy: Uint8Array;
  /** True if a task opens or closes an acquire context: then program counters go back, too. */
  readonly hasContexts: boolean;
  /** Tasks that mention the lock, as a mask. */
  readonly lockUsers: Int32Array;
  readonly taskLevel: Uint8Array;
  /** Index into `cpus`, or -1: an irq task that may hit any. */
  readonly taskCpu: Int32Array;
  /** Task after whose end it starts, or -1. */
  readonly taskAfter: Int32Array;
  /** Tasks that some op forks, as a mask: they start when forked. */
  readonly forkable: number;
  readonly irqTasks: number;
  /** Tasks without ops. */
  readonly emptyTasks: number;
  readonly cpus: readonly CompiledCpu[];
  /** Index of a lock among what one of several tasks can wake (semaphores, completions), or -1. */
  readonly lockWake: Int32Array;
  /** The same for being forked. */
  readonly taskWake: Int32Array;
  readonly wakes: number;
  /** `wakeAt[op * wakes + w]` is 1 if the op's task, standing before the op, can still wake w. */
  readonly wakeAt: Uint8Array;
}

export type CompileResult =
  | { readonly ok: true; readonly compiled: Compiled }
  | { readonly ok: false; readonly reason: string };

class IllFormed extends Error {}

/** Checks and translates a program; every name must be known, at most 31 tasks. */
export function compile(program: Program): CompileResult {
  try {
    if (program.tasks.length > MAX_TASKS) throw new IllFormed(`more than ${MAX_TASKS} tasks`);
    return { ok: true, compiled: translate(program) };
  } catch (error) {
    if (error instanceof IllFormed) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Why a program of any number of tasks means nothing, or null. */
export function whyIllFormed(program: Program): string | null {
  try {
    translate(program);
    return null;
  } catch (error) {
    if (error instanceof IllFormed) return error.message;
    throw error;
  }
}

/** As `compile`, for programs known to be well formed. Throws where the program is not: that is our own bug. */
export function compileOrThrow(program: Program): Compiled {
  const result = compile(program);
  if (!result.ok) throw new Error(`ill-formed program ${program.name}: ${result.reason}`);
  return result.compiled;
}

function names(what: string, list: readonly string[]): Map<string, number> {
  const map = new Map<string, number>();
  for (const name of list) {
    if (map.has(name)) throw new IllFormed(`two ${what}s are named ${name}`);
    map.set(name, map.size);
  }
  return map;
}

function translate(program: Program): Compiled {
  if (program.tasks.length === 0) throw new IllFormed('the program has no task');
  const lockIds = names(
    'lock',
    program.locks.map((lock) => lock.id),
  );
  const flagIds = names(
    'flag',
    program.flags.map((flag) => flag.id),
  );
  const taskIds = names(
    'task',
    program.tasks.map((task) => task.name),
  );
  const find = (map: Map<string, number>, what: string, name: string): number => {
    const index = map.get(name);
    if (index === undefined) throw new IllFormed(`no ${what} is named ${name}`);
    return index;
  };
  const tasks = program.tasks.length;
  const locks = program.locks.length;
  const opBase = new Int32Array(tasks + 1);
  for (let t = 0; t < tasks; t++) opBase[t + 1] = opBase[t]! + program.tasks[t]!.body.length;
  const ops = opBase[tasks]!;
  const opCode = new Uint8Array(ops);
  const opArg = new Int32Array(ops);
  const opBits = new Uint8Array(ops);
  const opTry = new Uint8Array(ops);
  const opGuard = new Int32Array(ops);
  const opSkip = new Int32Array(ops);
  const opPair = new Int32Array(ops).fill(-1);
  const pairOf = new Map<number, number>();
  const pairTask: number[] = [];
  const pairLock: number[] = [];
  const lockUsers = new Int32Array(locks);
  const hasContexts = program.tasks.some((task) => task.body.some((op) => op.do === 'ww'));
  const lockPolicy = Uint8Array.from(program.locks, ({ kind, ww }) =>
    !hasContexts || kind !== 'ww_mutex' || ww === undefined
      ? 0
      : ww === 'wound-wait'
        ? POLICY_WOUND_WAIT
        : POLICY_WAIT_DIE,
  );
  let forkable = 0;

  const usesLock = (op: Op & { readonly lock: string }, t: number, g: number): number => {
    const lock = find(lockIds, 'lock', op.lock);
    const key = t * locks + lock;
    let pair = pairOf.get(key);
    if (pair === undefined) {
      pair = pairTask.length;
      pairOf.set(key, pair);
      pairTask.push(t);
      pairLock.push(lock);
    }
    opPair[g] = pair;
    opArg[g] = lock;
    lockUsers[lock]! |= 1 << t;
    return lock;
  };

  program.tasks.forEach((task, t) => {
    task.body.forEach((op, i) => {
      const g = opBase[t]! + i;
      if (op.guard !== null) {
        const flag = find(flagIds, 'flag', op.guard.flag) + 1;
        opGuard[g] = op.guard.when ? flag : -flag;
      }
      switch (op.do) {
        case 'lock': {
          const lock = program.locks[usesLock(op, t, g)]!;
          if (lock.kind === 'completion')
            throw new IllFormed(`${op.lock} is a completion: wait or signal it`);
          const bits = requestBits(lock.kind, op.mode, lock.rules, task.irq !== null);
          if (bits === null) throw new IllFormed(`${op.lock}: a ${lock.kind} cannot be taken as ${op.mode}`);
          opCode[g] =
            lock.kind === 'semaphore' ? OP_DOWN : lockPolicy[opArg[g]!] === 0 ? OP_LOCK : OP_WW_LOCK;
          opBits[g] = bits;
          opTry[g] = op.attempt ? 1 : 0;
          // Looked for only where it is used: a search for each plain lock would cost the square of the body.
          if (op.attempt) opSkip[g] = behindUnlock(task, i);
          break;
        }
        case 'unlock': {
          const kind = program.locks[usesLock(op, t, g)]!.kind;
          const release = rowOf(kind, 'exclusive')?.release;
          if (release === 'signal') throw new IllFormed(`${op.lock} is a completion: it cannot be unlocked`);
          opCode[g] = release === 'anyone' ? OP_UP : OP_UNLOCK;
          break;
        }
        case 'wait':
        case 'signal':
        case 'signal-all': {
          if (program.locks[usesLock(op, t, g)]!.kind !== 'completion') {
            throw new IllFormed(`${op.do} needs a completion; ${op.lock} is none`);
          }
          opCode[g] = op.do === 'wait' ? OP_WAIT : op.do === 'signal' ? OP_SIGNAL : OP_SIGNAL_ALL;
          break;
        }
        case 'sync': {
          const kind = program.locks[usesLock(op, t, g)]!.kind;
          if (kind !== 'rcu' && kind !== 'srcu')
            throw new IllFormed(`sync needs rcu or srcu; ${op.lock} is none`);
          opCode[g] = OP_SYNC;
          break;
        }
        case 'fork':
        case 'join':
          opArg[g] = find(taskIds, 'task', op.task);
          opCode[g] = op.do === 'fork' ? OP_FORK : OP_JOIN;
          if (op.do === 'fork') forkable |= 1 << opArg[g]!;
          break;
        case 'set':
        case 'clear':
          opArg[g] = find(flagIds, 'flag', op.flag);
          opCode[g] = op.do === 'set' ? OP_SET : OP_CLEAR;
          break;
        case 'require':
          opArg[g] = find(flagIds, 'flag', op.flag);
          opCode[g] = op.value ? OP_REQUIRE_SET : OP_REQUIRE_CLEAR;
          break;
        case 'irqs':
          opCode[g] = op.on ? OP_IRQS_ON : OP_IRQS_OFF;
          break;
        case 'bh':
          opCode[g] = op.on ? OP_BH_ON : OP_BH_OFF;
          break;
        case 'ww':
          opCode[g] = op.begin ? OP_WW_BEGIN : OP_WW_END;
          break;
        default: {
          const never: never = op;
          throw new Error(`unknown op ${JSON.stringify(never)}`);
        }
      }
    });
  });

  const taskAfter = new Int32Array(tasks).fill(-1);
  program.tasks.forEach((task, t) => {
    if (task.after !== null) taskAfter[t] = find(taskIds, 'task', task.after);
  });
  for (let t = 0; t < tasks; t++) {
    let at = t;
    for (let hops = 0; at >= 0; hops++) {
      if (hops > tasks) throw new IllFormed(`${program.tasks[t]!.name} starts after itself`);
      at = taskAfter[at]!;
    }
  }

  const maskOf = (test: (task: ProgramTask) => boolean): number =>
    program.tasks.reduce((mask, task, t) => (test(task) ? mask | (1 << t) : mask), 0);
  const { cpus, taskCpu } = layOutCpus(program);
  const shape = {
    program,
    tasks,
    locks,
    flags: program.flags.length,
    ops,
    pairs: pairTask.length,
    opBase,
    opCode,
    opArg,
    opBits,
    opTry,
    opGuard,
    opSkip,
    opPair,
    pairTask: Int32Array.from(pairTask),
    pairLock: Int32Array.from(pairLock),
    lockKind: program.locks.map((lock) => lock.kind),
    lockUnits: Int32Array.from(program.locks, (lock) => (lock.kind === 'semaphore' ? lock.units : 0)),
    lockPolicy,
    hasContexts,
    lockUsers,
    taskLevel: Uint8Array.from(program.tasks, (task) =>
      task.irq === 'hard' ? LEVEL_HARD : task.irq === 'soft' ? LEVEL_SOFT : LEVEL_TASK,
    ),
    taskCpu,
    taskAfter,
    forkable,
    irqTasks: maskOf((task) => task.irq !== null),
    emptyTasks: maskOf((task) => task.body.length === 0),
    cpus,
  };
  const { lockWake, taskWake, wakes, wakeAt } = wakeTable(shape);
  // One literal: V8 gives the objects that a spread makes a hidden class each, after some, and whatever was compiled for
  // those before is compiled again for each program.
  return {
    program: shape.program,
    tasks: shape.tasks,
    locks: shape.locks,
    flags: shape.flags,
    ops: shape.ops,
    pairs: shape.pairs,
    opBase: shape.opBase,
    opCode: shape.opCode,
    opArg: shape.opArg,
    opBits: shape.opBits,
    opTry: shape.opTry,
    opGuard: shape.opGuard,
    opSkip: shape.opSkip,
    opPair: shape.opPair,
    pairTask: shape.pairTask,
    pairLock: shape.pairLock,
    lockKind: shape.lockKind,
    lockUnits: shape.lockUnits,
    lockPolicy: shape.lockPolicy,
    hasContexts: shape.hasContexts,
    lockUsers: shape.lockUsers,
    taskLevel: shape.taskLevel,
    taskCpu: shape.taskCpu,
    taskAfter: shape.taskAfter,
    forkable: shape.forkable,
    irqTasks: shape.irqTasks,
    emptyTasks: shape.emptyTasks,
    cpus: shape.cpus,
    lockWake,
    taskWake,
    wakes,
    wakeAt,
  };
}

/** Where a failed attempt goes on: behind the matching unlock, or at the next op if there is none. */
function behindUnlock(task: ProgramTask, at: number): number {
  const op = task.body[at]!;
  let depth = 0;
  for (let i = at; op.do === 'lock' && i < task.body.length; i++) {
    const other = task.body[i]!;
    if (other.do === 'lock' && other.lock === op.lock) depth++;
    if (other.do === 'unlock' && other.lock === op.lock && --depth === 0) return i + 1;
  }
  return at + 1;
}

function layOutCpus(program: Program): { cpus: CompiledCpu[]; taskCpu: Int32Array } {
  const cpus: { number: number | null; tasks: number[] }[] = [];
  const taskCpu = new Int32Array(program.tasks.length).fill(-1);
  program.tasks.forEach((task, t) => {
    if (task.cpu === null && task.irq !== null) return;
    let index = task.cpu === null ? -1 : cpus.findIndex((cpu) => cpu.number === task.cpu);
    if (index < 0) {
      index = cpus.length;
      cpus.push({ number: task.cpu, tasks: [] });
    }
    cpus[index]!.tasks.push(t);
    taskCpu[t] = index;
  });
  if (cpus.length === 0) cpus.push({ number: null, tasks: [] });
  return { cpus, taskCpu };
}
