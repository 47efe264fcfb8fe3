// Scene: one run as a reader sees it - labelled tasks, their moves in words, and who waits for whom in the end.
import type { LockMode } from '../corpus/schema/lock.js';
import type { Op, Program, ProgramLock } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';

/**
 * One transition of a run: `done` (a step), `skipped` (its guard said no; a step too), `missed` (a trylock that failed;
 * a step too), or `waits` (the attempt that made the task a waiter; not a step).
 */
export interface Move {
  /** Index into `Program.tasks`. */
  readonly task: number;
  /** Index into the task's body. */
  readonly op: number;
  readonly outcome: 'done' | 'skipped' | 'missed' | 'waits';
}

/** A place in the user's log. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface ExplainedTask {
  /** `T1`, `T2`, ... in the order of the program. */
  readonly label: string;
  readonly name: string;
  readonly function: string | null;
  readonly irq: 'hard' | 'soft' | null;
}

export interface ExplainedMove {
  /** Index into `Explanation.tasks`. */
  readonly task: number;
  /** What the task does, as lockdep writes it: `lock(&dev->mutex)`. */
  readonly text: string;
  readonly action: Op['do'];
  /** Lock as shown, or null for steps without one. */
  readonly lock: string | null;
  readonly outcome: Move['outcome'];
  readonly site: string | null;
  readonly place: Place | null;
}

/** One edge of the waits-for graph. */
export interface Wait {
  /** Indices into `Explanation.tasks`. */
  readonly waiter: number;
  /** Who must move first; equal to `waiter` if it waits for itself; null if nobody can help (stranded). */
  readonly holder: number | null;
  /** Of a stranded wait: who took the lock and will not give it back, or null. */
  readonly leftBy: number | null;
  /**
   * `lock`: the holder has it. `queue`: the holder is itself waiting for it and goes first. `signal`, `sync`, `join`:
   * as the ops of these names. `start`: it cannot begin. `interrupt`: the holder interrupted the waiter.
   */
  readonly how: 'lock' | 'queue' | 'signal' | 'sync' | 'join' | 'start' | 'interrupt';
  /** Lock as shown; for `join`, `start` and `interrupt` the label of the other task. */
  readonly wants: string;
  readonly mode: LockMode;
  readonly site: string | null;
  readonly place: Place | null;
  readonly heldMode: LockMode | null;
  readonly heldSite: string | null;
  readonly heldPlace: Place | null;
}

/** What the tables and sentences are made of. */
export interface Scene {
  readonly tasks: readonly ExplainedTask[];
  readonly moves: readonly ExplainedMove[];
  /** In waits-for order; each waits for the next. Empty for a violation and a run that completes. */
  readonly waits: readonly Wait[];
  readonly ends: Verdict['kind'];
  /** For `violated`: what was done that may not be. */
  readonly violation: string | null;
}

/** Where the steps and the attempts that wait stand in the user's log. */
export interface Places {
  /** By number of the step, from 0. */
  readonly step: (step: number) => Place | null;
  /** Where a task, by name, asks for what it waits for. */
  readonly want: (task: string) => Place | null;
}

const NOWHERE: Places = { step: () => null, want: () => null };

/** Puts a run into words. Throws (our own bug) if the moves do not belong to the program. */
export function sceneOf(program: Program, moves: readonly Move[], verdict: Verdict, places = NOWHERE): Scene {
  const labels = labelTasks(program, moves, verdict);
  const names = lockNames(program.locks);
  const run: Run = { program, moves, labels, names, places: placesOf(places, moves), want: places.want };
  return {
    tasks: [...labels.keys()].map((index, i) => {
      const task = program.tasks[index];
      if (task === undefined) throw new Error(`scene: no task ${index} in ${program.name}`);
      return { label: `T${i + 1}`, name: task.name, function: task.function, irq: task.irq };
    }),
    moves: moves.map((move, i) => {
      const op = opOf(program, move);
      return {
        task: labels.get(move.task) as number,
        text: opText(op, names, (name) => labelOf(run, name)),
        action: op.do,
        lock: 'lock' in op ? (names.get(op.lock) ?? op.lock) : null,
        outcome: move.outcome,
        site: op.site,
        place: run.places[i] ?? null,
      };
    }),
    waits: waitsOf(run, verdict),
    ends: verdict.kind,
    violation: verdict.kind === 'violated' ? verdict.reason : null,
  };
}

interface Run {
  readonly program: Program;
  readonly moves: readonly Move[];
  /** Program task index to index into `Explanation.tasks`, in program order. */
  readonly labels: ReadonlyMap<number, number>;
  readonly names: ReadonlyMap<string, string>;
  readonly places: readonly (Place | null)[];
  readonly want: Places['want'];
}

function opOf(program: Program, move: Move): Op {
  const op = program.tasks[move.task]?.body[move.op];
  if (op === undefined) throw new Error(`scene: no op ${move.op} of task ${move.task} in ${program.name}`);
  return op;
}

/** Those who move, or are part of the end, get a label; the rest of the program is scenery. */
function labelTasks(program: Program, moves: readonly Move[], verdict: Verdict): Map<number, number> {
  const used = new Set(moves.map((move) => move.task));
  if (verdict.kind === 'deadlock') for (const task of verdict.cycle) used.add(task);
  if (verdict.kind === 'stranded') for (const task of verdict.tasks) used.add(task);
  if (verdict.kind === 'violated') used.add(verdict.task);
  const labels = new Map<number, number>();
  for (const index of program.tasks.keys()) if (used.has(index)) labels.set(index, labels.size);
  return labels;
}

function labelOf(run: Run, taskName: string): string {
  const index = run.program.tasks.findIndex((task) => task.name === taskName);
  const label = run.labels.get(index);
  return label === undefined ? taskName : `T${label + 1}`;
}

/** The class of a lock; where two locks share a class, with the id behind it. */
export function lockNames(locks: readonly ProgramLock[]): Map<string, string> {
  const times = new Map<string, number>();
  for (const lock of locks) times.set(lock.class, (times.get(lock.class) ?? 0) + 1);
  return new Map(
    locks.map((lock) => [
      lock.id,
      (times.get(lock.class) ?? 0) > 1 && lock.class !== lock.id ? `${lock.class} [${lock.id}]` : lock.class,
    ]),
  );
}

/** Words in lockdep's own manner (kernel/locking/lockdep.c, print_lock_name and the scenario printers). */
function opText(op: Op, names: ReadonlyMap<string, string>, label: (task: string) => string): string {
  const lock = 'lock' in op ? (names.get(op.lock) ?? op.lock) : '';
  switch (op.do) {
    case 'lock':
      return `${op.attempt ? 'try' : ''}${op.mode === 'exclusive' ? 'lock' : op.attempt ? '_rlock' : 'rlock'}(${lock})`;
    case 'unlock':
      return `unlock(${lock})`;
    case 'wait':
      return `wait(${lock})`;
    case 'signal':
      return `complete(${lock})`;
    case 'signal-all':
      return `complete_all(${lock})`;
    case 'sync':
      return `sync(${lock})`;
    case 'fork':
      return `start(${label(op.task)})`;
    case 'join':
      return `join(${label(op.task)})`;
    case 'set':
      return `${op.flag} = true`;
    case 'clear':
      return `${op.flag} = false`;
    case 'require':
      return `require(${op.value ? '' : '!'}${op.flag})`;
    case 'irqs':
      return op.on ? 'local_irq_enable()' : 'local_irq_disable()';
    case 'bh':
      return op.on ? 'local_bh_enable()' : 'local_bh_disable()';
    case 'ww':
      return op.begin ? 'ww_acquire_init()' : 'ww_acquire_fini()';
    default: {
      const never: never = op;
      return never;
    }
  }
}

/** Place of each move; an attempt that waits is no step and has none here. */
function placesOf(places: Places, moves: readonly Move[]): (Place | null)[] {
  let step = 0;
  return moves.map((move) => (move.outcome === 'waits' ? null : places.step(step++)));
}

function waitsOf(run: Run, verdict: Verdict): Wait[] {
  if (verdict.kind === 'deadlock')
    return verdict.cycle.map((task, i) =>
      waitOf(run, task, verdict.cycle[(i + 1) % verdict.cycle.length] as number),
    );
  return verdict.kind === 'stranded' ? verdict.tasks.map((task) => waitOf(run, task, null)) : [];
}

function waitOf(run: Run, task: number, next: number | null): Wait {
  const waiter = run.labels.get(task) as number;
  const holder = next === null ? null : (run.labels.get(next) as number);
  const nothing = {
    mode: 'exclusive',
    leftBy: null,
    heldMode: null,
    heldSite: null,
    heldPlace: null,
  } as const;
  const move = run.moves.findLast((move) => move.task === task);
  if (move?.outcome !== 'waits') {
    const how =
      next !== null && next !== task && run.program.tasks[next]?.irq != null ? 'interrupt' : 'start';
    const wants = holder === null ? '' : `T${holder + 1}`;
    return { ...nothing, waiter, holder, how, wants, site: null, place: null };
  }
  const op = opOf(run.program, move);
  const base = { waiter, holder, site: op.site, place: run.want(run.program.tasks[task]?.name ?? '') };
  if (op.do === 'join') return { ...nothing, ...base, how: 'join', wants: labelOf(run, op.task) };
  if (op.do === 'fork' || !('lock' in op)) return { ...nothing, ...base, how: 'start', wants: '' };
  const wants = run.names.get(op.lock) ?? op.lock;
  const mode = op.do === 'lock' ? op.mode : 'exclusive';
  if (op.do === 'wait') return { ...nothing, ...base, mode, how: 'signal', wants };
  const by = next ?? [...run.labels.keys()].find((other) => heldSince(run, other, op.lock) !== null) ?? null;
  const held = by === null ? null : heldSince(run, by, op.lock);
  if (held === null) {
    const how = op.do === 'sync' ? 'sync' : next === null || next === task ? 'lock' : 'queue';
    return { ...nothing, ...base, mode, how, wants };
  }
  const heldOp = opOf(run.program, held.move);
  return {
    ...base,
    leftBy: next === null && by !== null ? (run.labels.get(by) ?? null) : null,
    how: op.do === 'sync' ? 'sync' : 'lock',
    wants,
    mode,
    heldMode: heldOp.do === 'lock' ? heldOp.mode : 'exclusive',
    heldSite: heldOp.site,
    heldPlace: run.places[held.index] ?? null,
  };
}

/** The move since which `task` has held `lock` without a break, or null. */
function heldSince(run: Run, task: number, lock: string): { move: Move; index: number } | null {
  let depth = 0;
  let since: { move: Move; index: number } | null = null;
  for (const [index, move] of run.moves.entries()) {
    if (move.task !== task || move.outcome !== 'done') continue;
    const op = opOf(run.program, move);
    if (!('lock' in op) || op.lock !== lock) continue;
    if (op.do === 'lock' && depth++ === 0) since = { move, index };
    if (op.do === 'unlock' && depth > 0 && --depth === 0) since = null;
  }
  return since;
}
