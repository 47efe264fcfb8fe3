// Explanation: why a witness is a deadlock, as data; every text, picture and JSON form starts from it.
import type { LockKind, LockRule } from '../corpus/schema/lock.js';
import type { Program, ProgramLock } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import type { Witness } from '../corpus/schema/witness.js';
import { type Move, type Place, type Scene, sceneOf } from './scene.js';

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

/** One lock rule switched, and what a complete search then says. */
export interface RuleChange {
  readonly class: string;
  readonly rule: LockRule;
}

/** All that any form says about one witness. */
export interface Explanation extends Scene {
  readonly witness: Witness;
  /** `lock inversion: A <-> B`. */
  readonly title: string;
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
  const scene = sceneOf(program, moves, verdict, {
    step: (step) => placeOf(witness.provenance?.[step]),
    want: (name) => placeOf(witness.tasks.find((task) => task.name === name)?.wants?.at),
  });
  const { cures, remains } = tryRules(program, input.search);
  const places = [...scene.moves, ...scene.waits].flatMap((at) =>
    'heldPlace' in at ? [at.place, at.heldPlace] : [at.place],
  );
  return {
    ...scene,
    witness,
    title: `${kindWords(witness.kind)}: ${cycleText(witness.cycle)}`,
    rules: rulesInEffect(program.locks),
    cures,
    remains,
    sources: input.sources ?? [],
    spans: spansOf(places),
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
