// Explanation: why a witness is a deadlock, as data; every text, picture and JSON form starts from it.
import type { LockKind, LockMode, LockRule } from '../corpus/schema/lock.js';
import type { Op, Program, ProgramLock } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import type { Witness } from '../corpus/schema/witness.js';

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

/** One imported file as far as a reader of a report cares. */
export interface SourceFile {
  readonly file: string;
  readonly arch: string | null;
  readonly kernel: string | null;
}

/** Another witness that shares something with this one. */
export interface SimilarWitness {
  readonly id: string;
  readonly signature: string;
  readonly cycle: readonly string[];
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

/** One lock rule switched, and what a complete search then says. */
export interface RuleChange {
  readonly class: string;
  readonly rule: LockRule;
}

/** All that any form says about one witness. */
export interface Explanation {
  readonly witness: Witness;
  /** `lock inversion: A <-> B`. */
  readonly title: string;
  readonly tasks: readonly ExplainedTask[];
  readonly moves: readonly ExplainedMove[];
  /** In waits-for order; each waits for the next. Empty for a violation. */
  readonly waits: readonly Wait[];
  /** For `violated`: what was done that may not be. */
  readonly violation: string | null;
  /** Rules in effect that the litmus text states. */
  readonly rules: readonly RuleChange[];
  /** Single rule changes under which no schedule goes wrong. */
  readonly cures: readonly RuleChange[];
  /** Single rule changes that one might hope for and that do not help. */
  readonly remains: readonly RuleChange[];
  readonly sources: readonly SourceFile[];
  /** First and last line of each file that steps came from. */
  readonly spans: readonly { readonly file: string; readonly first: number; readonly last: number }[];
  readonly similar: readonly { readonly id: string; readonly shares: readonly string[] }[];
  /** Version of relock that explains. */
  readonly tool: string;
}

export interface ExplainInput {
  readonly witness: Witness;
  /** The program of `witness.litmus`. */
  readonly program: Program;
  /** What the schedule of `witness.litmus` did, by an independent replay. */
  readonly moves: readonly Move[];
  readonly verdict: Verdict;
  readonly sources?: readonly SourceFile[];
  readonly similar?: readonly SimilarWitness[];
  /** Complete search of a program; null if it gave up. Without it no rule changes are tried. */
  readonly search?: (program: Program) => { readonly finds: number } | null;
  readonly tool: string;
}

const KIND_WORDS = {
  'self-deadlock': 'self-deadlock',
  inversion: 'lock inversion',
  'irq-inversion': 'interrupt inversion',
  stranded: 'stranded',
  violated: 'lock misuse',
} as const satisfies Record<Witness['kind'], string>;

/** `lock inversion`, `self-deadlock`, ...: the witness kind in words. */
export function kindWords(kind: Witness['kind']): string {
  return KIND_WORDS[kind];
}

/** `A`, `A <-> B`, `A -> B -> C -> A`: a cycle of classes on one line. */
export function cycleText(cycle: readonly string[]): string {
  if (cycle.length === 2) return cycle.join(' <-> ');
  return cycle.length < 2 ? cycle.join('') : [...cycle, cycle[0]].join(' -> ');
}

/** `FILE:LINE` of a witness's provenance as a place, or null. */
export function placeOf(text: string | null | undefined): Place | null {
  const match = text == null ? null : /^(.*):(\d+)$/s.exec(text);
  return match === null ? null : { file: match[1] as string, line: Number(match[2]) };
}

/**
 * Explains a witness. Throws (our own bug) if the moves do not belong to the program.
 * The form "Let ... Then ... However ..." follows Elle (Kingsbury and Alvaro, VLDB 2020).
 */
export function explain(input: ExplainInput): Explanation {
  const { witness, program, moves, verdict } = input;
  const labels = labelTasks(program, moves, verdict);
  const names = lockNames(program.locks);
  const places = placesOf(witness, moves);
  const run: Run = { program, moves, labels, names, places, witness };
  const explained = moves.map((move, i): ExplainedMove => {
    const op = opOf(program, move);
    return {
      task: labels.get(move.task) as number,
      text: opText(op, names, (name) => labelOf(run, name)),
      action: op.do,
      lock: 'lock' in op ? (names.get(op.lock) ?? op.lock) : null,
      outcome: move.outcome,
      site: op.site,
      place: places[i] ?? null,
    };
  });
  const { cures, remains } = tryRules(program, input.search);
  const waits = waitsOf(run, verdict);
  return {
    witness,
    title: `${kindWords(witness.kind)}: ${cycleText(witness.cycle)}`,
    tasks: [...labels.keys()].map((index, i) => {
      const task = program.tasks[index];
      if (task === undefined) throw new Error(`explain: no task ${index} in ${program.name}`);
      return { label: `T${i + 1}`, name: task.name, function: task.function, irq: task.irq };
    }),
    moves: explained,
    waits,
    violation: verdict.kind === 'violated' ? verdict.reason : null,
    rules: rulesInEffect(program.locks),
    cures,
    remains,
    sources: input.sources ?? [],
    spans: spansOf([...places, ...waits.flatMap((wait) => [wait.place, wait.heldPlace])]),
    similar: similarTo(witness, input.similar ?? []),
    tool: input.tool,
  };
}

function rulesInEffect(locks: readonly ProgramLock[]): RuleChange[] {
  const seen = new Map<string, RuleChange>();
  for (const lock of locks)
    for (const rule of lock.rules) seen.set(`${rule} ${lock.class}`, { class: lock.class, rule });
  return [...seen.values()];
}

interface Run {
  readonly program: Program;
  readonly moves: readonly Move[];
  /** Program task index to index into `Explanation.tasks`, in program order. */
  readonly labels: ReadonlyMap<number, number>;
  readonly names: ReadonlyMap<string, string>;
  readonly places: readonly (Place | null)[];
  readonly witness: Witness;
}

function opOf(program: Program, move: Move): Op {
  const op = program.tasks[move.task]?.body[move.op];
  if (op === undefined) throw new Error(`explain: no op ${move.op} of task ${move.task} in ${program.name}`);
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
    default: {
      const never: never = op;
      return never;
    }
  }
}

/** Place of each move: steps from the witness's provenance; the attempts that wait from its wanted locks. */
function placesOf(witness: Witness, moves: readonly Move[]): (Place | null)[] {
  let step = 0;
  return moves.map((move) => (move.outcome === 'waits' ? null : placeOf(witness.provenance?.[step++])));
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
  const nothing = { mode: 'exclusive', heldMode: null, heldSite: null, heldPlace: null } as const;
  const at = run.moves.findLastIndex((move) => move.task === task && move.outcome === 'waits');
  const move = run.moves[at];
  if (move === undefined) {
    const how =
      next !== null && next !== task && run.program.tasks[next]?.irq != null ? 'interrupt' : 'start';
    const wants = holder === null ? '' : `T${holder + 1}`;
    return { ...nothing, waiter, holder, how, wants, site: null, place: null };
  }
  const op = opOf(run.program, move);
  const wanted = witnessWant(run, task);
  const base = { waiter, holder, site: op.site, place: placeOf(wanted?.at) };
  if (op.do === 'join') return { ...nothing, ...base, how: 'join', wants: labelOf(run, op.task) };
  if (op.do === 'fork' || !('lock' in op)) return { ...nothing, ...base, how: 'start', wants: '' };
  const wants = run.names.get(op.lock) ?? op.lock;
  const mode = op.do === 'lock' ? op.mode : 'exclusive';
  if (op.do === 'wait') return { ...nothing, ...base, mode, how: 'signal', wants };
  const held = next === null ? null : heldSince(run, next, op.lock);
  if (held === null) {
    const how = op.do === 'sync' ? 'sync' : next === null || next === task ? 'lock' : 'queue';
    return { ...nothing, ...base, mode, how, wants };
  }
  const heldOp = opOf(run.program, held.move);
  return {
    ...base,
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

function witnessWant(run: Run, task: number): { readonly at?: string | null } | null {
  const name = run.program.tasks[task]?.name;
  return run.witness.tasks.find((t) => t.name === name)?.wants ?? null;
}

const REENTRANT_KINDS: ReadonlySet<LockKind> = new Set(['mutex', 'rtmutex', 'spinlock', 'ww_mutex']);

/** Rule changes that a reader will ask about: a reentrant lock for exclusive kinds, an unfair one for readers. */
function hopedFor(lock: ProgramLock): LockRule | null {
  if (REENTRANT_KINDS.has(lock.kind)) return lock.rules.includes('reentrant') ? null : 'reentrant';
  const rw = lock.kind === 'rwlock' || lock.kind === 'rwsem';
  return rw && !lock.rules.includes('unfair') ? 'unfair' : null;
}

function tryRules(
  program: Program,
  search: ExplainInput['search'],
): { cures: RuleChange[]; remains: RuleChange[] } {
  const cures: RuleChange[] = [];
  const remains: RuleChange[] = [];
  if (search === undefined) return { cures, remains };
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
    const found = search({ ...program, locks });
    if (found === null) continue;
    (found.finds === 0 ? cures : remains).push({ class: name, rule });
  }
  return { cures, remains };
}

function spansOf(places: readonly (Place | null)[]): { file: string; first: number; last: number }[] {
  const spans = new Map<string, { file: string; first: number; last: number }>();
  for (const place of places) {
    if (place === null) continue;
    const span = spans.get(place.file);
    if (span === undefined) spans.set(place.file, { file: place.file, first: place.line, last: place.line });
    else {
      span.first = Math.min(span.first, place.line);
      span.last = Math.max(span.last, place.line);
    }
  }
  return [...spans.values()];
}

function similarTo(witness: Witness, others: readonly SimilarWitness[]): Explanation['similar'] {
  const seen = new Set<string>([witness.signature]);
  const similar: { id: string; shares: string[] }[] = [];
  for (const other of others) {
    if (seen.has(other.signature)) continue;
    seen.add(other.signature);
    const shares = [...new Set(other.cycle)].filter((name) => witness.cycle.includes(name));
    if (shares.length > 0) similar.push({ id: other.id, shares });
  }
  return similar.sort((a, b) => b.shares.length - a.shares.length).slice(0, 5);
}
