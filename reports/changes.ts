// Changes: single rule changes and reorderings of a program that one might try as a cure, and what trying them says.
import type { LockKind, LockRule } from '../corpus/schema/lock.js';
import type { Op, Program, ProgramLock, ProgramTask } from '../corpus/schema/program.js';

/** One lock rule switched for a class. */
export interface RuleChange {
  readonly how: 'rule';
  readonly class: string;
  readonly rule: LockRule;
}

/** One task takes `first` before `before`, which it now takes the other way round. */
export interface OrderChange {
  readonly how: 'order';
  /** Name of the task. */
  readonly task: string;
  /** Locks as shown. */
  readonly first: string;
  readonly before: string;
}

/** One task gives `held` back before it asks for `wanted`, and takes it no more. */
export interface ReleaseChange {
  readonly how: 'release';
  readonly task: string;
  readonly held: string;
  readonly wanted: string;
}

/** One task keeps interrupts off from before it takes `lock` until after its last unlock. */
export interface IrqsOffChange {
  readonly how: 'irqs-off';
  readonly task: string;
  readonly lock: string;
}

export type Change = RuleChange | OrderChange | ReleaseChange | IrqsOffChange;

/** Complete search of a program: how many ends it finds; null if it gave up or the program cannot be run. */
export type Search = (program: Program) => { readonly finds: number } | null;

export interface Tried {
  /** After these no schedule goes wrong, by complete search. */
  readonly cures: readonly Change[];
  /** Rule changes that one might hope for and that do not help. */
  readonly remains: readonly RuleChange[];
  /** How many changes were searched to the end. */
  readonly tried: number;
}

/** More are not tried: a page must come at once. */
const MOST_CANDIDATES = 64;

/** Tries each candidate. `names` gives each lock as shown. */
export function tryChanges(program: Program, names: ReadonlyMap<string, string>, search: Search): Tried {
  const cures: Change[] = [];
  const remains: RuleChange[] = [];
  let tried = 0;
  for (const { change, program: changed } of candidates(program, names).slice(0, MOST_CANDIDATES)) {
    const found = search(changed);
    if (found === null) continue;
    tried++;
    if (found.finds === 0) cures.push(change);
    else if (change.how === 'rule') remains.push(change);
  }
  return { cures, remains, tried };
}

/** The change in words that follow "if": `A is reentrant`, `T1 takes B before A`. `label` names a task. */
export function changeText(change: Change, label: (task: string) => string = (task) => task): string {
  switch (change.how) {
    case 'rule':
      return `${change.class} is ${change.rule}`;
    case 'order':
      return `${label(change.task)} takes ${change.first} before ${change.before}`;
    case 'release':
      return `${label(change.task)} releases ${change.held} before it asks for ${change.wanted}`;
    case 'irqs-off':
      return `${label(change.task)} holds ${change.lock} with interrupts off`;
    default: {
      const never: never = change;
      return never;
    }
  }
}

interface Candidate {
  readonly change: Change;
  readonly program: Program;
}

function candidates(program: Program, names: ReadonlyMap<string, string>): Candidate[] {
  const shown = (lock: string) => names.get(lock) ?? lock;
  const list = ruleCandidates(program);
  for (const [index, task] of program.tasks.entries()) {
    const withBody = (body: readonly Op[]): Program => ({
      ...program,
      tasks: program.tasks.map((other, i) => (i === index ? { ...other, body } : other)),
    });
    for (const [outer, inner] of nestings(task.body)) {
      const held = lockOf(task.body[outer]);
      const wanted = lockOf(task.body[inner]);
      if (held === wanted) continue;
      const who = { task: task.name };
      list.push({
        change: { how: 'order', ...who, first: shown(wanted), before: shown(held) },
        program: withBody(moved(task.body, inner, outer)),
      });
      const early = releasedBefore(task.body, outer, inner);
      if (early !== null)
        list.push({
          change: { how: 'release', ...who, held: shown(held), wanted: shown(wanted) },
          program: withBody(early),
        });
    }
    if (task.irq === null && program.tasks.some((other) => other.irq !== null))
      for (const lock of new Set(task.body.filter((op) => op.do === 'lock').map(lockOf)))
        list.push({
          change: { how: 'irqs-off', task: task.name, lock: shown(lock) },
          program: withBody(withIrqsOff(task, lock)),
        });
  }
  const seen = new Set<string>();
  return list.filter(({ change }) => {
    const key = JSON.stringify(change);
    return !seen.has(key) && seen.add(key);
  });
}

const REENTRANT_KINDS: ReadonlySet<LockKind> = new Set(['mutex', 'rtmutex', 'spinlock', 'ww_mutex']);

/** Rule changes that a reader will ask about: a reentrant lock for exclusive kinds, an unfair one for readers. */
function hopedFor(lock: ProgramLock): LockRule | null {
  if (REENTRANT_KINDS.has(lock.kind)) return lock.rules.includes('reentrant') ? null : 'reentrant';
  const rw = lock.kind === 'rwlock' || lock.kind === 'rwsem';
  return rw && !lock.rules.includes('unfair') ? 'unfair' : null;
}

function ruleCandidates(program: Program): Candidate[] {
  const list: Candidate[] = [];
  for (const name of new Set(program.locks.map((lock) => lock.class))) {
    const sample = program.locks.find((lock) => lock.class === name) as ProgramLock;
    const rule = hopedFor(sample);
    if (rule === null) continue;
    const against = rule === 'reentrant' ? 'no-reentrant' : 'fair';
    const locks = program.locks.map((lock) =>
      lock.class === name
        ? { ...lock, rules: [...lock.rules.filter((r) => r !== against && r !== rule), rule].sort() }
        : lock,
    );
    list.push({ change: { how: 'rule', class: name, rule }, program: { ...program, locks } });
  }
  return list;
}

function lockOf(op: Op | undefined): string {
  return op !== undefined && 'lock' in op ? op.lock : '';
}

/** A lock taken for good by this very op: not a trylock, not behind a guard. */
function takes(op: Op): boolean {
  return op.do === 'lock' && !op.attempt && op.guard === null;
}

/** Pairs of ops (outer, inner): the lock of the first is held, without a break, when the second takes another one. */
function nestings(body: readonly Op[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (const [inner, op] of body.entries()) {
    if (!takes(op)) continue;
    for (let outer = 0; outer < inner; outer++) {
      if (!takes(body[outer] as Op)) continue;
      const between = body.slice(outer + 1, inner);
      const held = lockOf(body[outer]);
      // The inner lock must not be touched in between either: moving it across its own ops means something else.
      if (between.some((o) => lockOf(o) === held || lockOf(o) === lockOf(op))) continue;
      pairs.push([outer, inner]);
    }
  }
  return pairs;
}

/** The op at `from` done before the one at `to`. */
function moved(body: readonly Op[], from: number, to: number): Op[] {
  const op = body[from] as Op;
  const rest = [...body.slice(0, from), ...body.slice(from + 1)];
  return [...rest.slice(0, to), op, ...rest.slice(to)];
}

/** The unlock of the outer lock done right before the inner one is asked for; null if there is none to move. */
function releasedBefore(body: readonly Op[], outer: number, inner: number): Op[] | null {
  const held = lockOf(body[outer]);
  const at = body.findIndex((op, i) => i > inner && lockOf(op) === held);
  const op = body[at];
  if (op === undefined) {
    // It is held to the end of what is known: what follows does not need it as far as anybody saw.
    const release: Op = { do: 'unlock', lock: held, guard: null, site: null, frames: [], line: null };
    return [...body.slice(0, inner), release, ...body.slice(inner)];
  }
  return op.do === 'unlock' && op.guard === null ? moved(body, at, inner) : null;
}

function withIrqsOff(task: ProgramTask, lock: string): Op[] {
  const first = task.body.findIndex((op) => lockOf(op) === lock);
  const last = task.body.findLastIndex((op) => lockOf(op) === lock && op.do === 'unlock');
  const irqs = (on: boolean): Op => ({ do: 'irqs', on, guard: null, site: null, frames: [], line: null });
  const end = last === -1 ? task.body.length : last + 1;
  return [
    ...task.body.slice(0, first),
    irqs(false),
    ...task.body.slice(first, end),
    irqs(true),
    ...task.body.slice(end),
  ];
}
