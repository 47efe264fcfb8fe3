// Explanation: why a witness is a deadlock, as data; every text, picture and JSON form starts from it.
import type { LockKind } from '../corpus/schema/lock.js';
import type { Program, ProgramLock } from '../corpus/schema/program.js';
import type { Verdict } from '../corpus/schema/verdict.js';
import type { Witness } from '../corpus/schema/witness.js';
import { type Change, type RuleChange, type Search, tryChanges } from './changes.js';
import { lockNames, type Move, type Place, type Scene, sceneOf } from './scene.js';

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

/** Some lines of one imported file, if the file still lies where it was and is still the same. */
export interface LogExcerpt {
  readonly file: string;
  readonly lines: readonly { readonly line: number; readonly text: string }[];
}

/** All that any form says about one witness. */
export interface Explanation extends Scene {
  readonly witness: Witness;
  /** `lock inversion: A <-> B`. */
  readonly title: string;
  /** Kind of each lock as shown. */
  readonly kinds: readonly { readonly lock: string; readonly kind: LockKind }[];
  /** Rules in effect that the litmus text states. */
  readonly rules: readonly RuleChange[];
  /** Single rule changes and reorderings under which no schedule goes wrong: each was searched completely. */
  readonly cures: readonly Change[];
  /** Single rule changes that one might hope for and that do not help. */
  readonly remains: readonly RuleChange[];
  /** How many single changes were searched completely. */
  readonly tried: number;
  readonly sources: readonly SourceFile[];
  /** First and last line of each file that steps came from. */
  readonly spans: readonly { readonly file: string; readonly first: number; readonly last: number }[];
  readonly similar: readonly { readonly id: string; readonly shares: readonly string[] }[];
  /** Lines of the user's own logs around the steps; empty where the files are not at hand. */
  readonly log: readonly LogExcerpt[];
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
  /** Lines of a file around the given ones; null if the file is not at hand or is another one by now. */
  readonly log?: (file: string, lines: readonly number[]) => LogExcerpt | null;
  /** Without it no changes are tried. */
  readonly search?: Search;
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

/** `inversion pci_rescan_remove_lock <-> zpci_add_remove_lock`: what a list calls a witness. */
export function titleOf(witness: Pick<Witness, 'kind' | 'cycle'>): string {
  return `${witness.kind} ${cycleText(witness.cycle)}`;
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
  const { cures, remains, tried } =
    input.search === undefined
      ? { cures: [], remains: [], tried: 0 }
      : tryChanges(program, lockNames(program.locks), input.search);
  const places = [...scene.moves, ...scene.waits].flatMap((at) =>
    'heldPlace' in at ? [at.place, at.heldPlace] : [at.place],
  );
  return {
    ...scene,
    witness,
    title: `${kindWords(witness.kind)}: ${cycleText(witness.cycle) || (scene.violation ?? witness.kind)}`,
    kinds: kindsOf(program),
    rules: rulesInEffect(program.locks),
    cures,
    remains,
    tried,
    sources: input.sources ?? [],
    spans: spansOf(places),
    similar: similarTo(witness, input.similar ?? []),
    log: excerpts(places, input.log),
    tool: input.tool,
  };
}

function kindsOf(program: Program): Explanation['kinds'] {
  const names = lockNames(program.locks);
  return program.locks.map(({ id, kind }) => ({ lock: names.get(id) ?? id, kind }));
}

function rulesInEffect(locks: readonly ProgramLock[]): RuleChange[] {
  const seen = new Map<string, RuleChange>();
  for (const lock of locks)
    for (const rule of lock.rules)
      seen.set(`${rule} ${lock.class}`, { how: 'rule', class: lock.class, rule });
  return [...seen.values()];
}

function excerpts(places: readonly (Place | null)[], read: ExplainInput['log']): LogExcerpt[] {
  if (read === undefined) return [];
  const lines = new Map<string, Set<number>>();
  for (const place of places)
    if (place !== null) lines.set(place.file, (lines.get(place.file) ?? new Set()).add(place.line));
  return [...lines].flatMap(
    ([file, at]) =>
      read(
        file,
        [...at].sort((a, b) => a - b),
      ) ?? [],
  );
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
