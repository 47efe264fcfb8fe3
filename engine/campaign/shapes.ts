// Shapes: checks that a value from outside has the form of the nouns that jobs and results are made of.
import { BASES } from '../../corpus/schema/capture.js';
import { LOCK_KINDS, LOCK_MODES, LOCK_RULES, WW_POLICIES } from '../../corpus/schema/lock.js';
import type {
  LoweredProgram,
  Presumption,
  Program,
  ProgramLock,
  ProgramPart,
  ProgramTask,
} from '../../corpus/schema/program.js';
import type { Genome, NamedGenome } from '../../corpus/schema/schedule.js';
import type { SearchFind } from '../../corpus/schema/verdict.js';
import { GRADES, WITNESS_KINDS, type Witness, type WitnessTask } from '../../corpus/schema/witness.js';

/** True if the value has the shape. */
export type Shape = (value: unknown) => boolean;

export const text: Shape = (value) => typeof value === 'string';
export const truth: Shape = (value) => typeof value === 'boolean';
/** A whole number >= 0. */
export const count: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
export const integer: Shape = (value) => Number.isSafeInteger(value);
export const nothing: Shape = (value) => value === undefined;

export const oneOf =
  (words: readonly unknown[]): Shape =>
  (value) =>
    words.includes(value);
export const listOf =
  (entry: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(entry);
export const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);
export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
export const either =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));
export const tuple =
  (...shapes: readonly Shape[]): Shape =>
  (value) =>
    Array.isArray(value) && value.length === shapes.length && shapes.every((shape, i) => shape(value[i]));

/** An object with these fields and no others; the type makes sure that none is forgotten. */
export function record<T extends object>(fields: { readonly [K in keyof Required<T>]: Shape }): Shape {
  const known = Object.entries<Shape>(fields);
  const names = new Set(known.map(([name]) => name));
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((name) => names.has(name)) &&
    known.every(([name, shape]) => shape((value as Readonly<Record<string, unknown>>)[name]));
}

const genomeOver = (task: Shape): Shape =>
  record<Genome>({
    order: listOf(task),
    preempts: listOf(record<Genome['preempts'][number]>({ step: count, task, over: optional(task) })),
  });
export const genome = genomeOver(count);
const namedGenome: Shape = (value) => genomeOver(text)(value as NamedGenome);
export const schedule = listOf(count);

const common = {
  guard: orNull(record({ flag: text, when: truth })),
  site: orNull(text),
  frames: listOf(text),
  line: orNull(count),
};
const op = either(
  record({ ...common, do: oneOf(['lock']), lock: text, mode: oneOf(LOCK_MODES), attempt: truth }),
  record({ ...common, do: oneOf(['unlock', 'wait', 'signal', 'signal-all', 'sync']), lock: text }),
  record({ ...common, do: oneOf(['fork', 'join']), task: text }),
  record({ ...common, do: oneOf(['set', 'clear']), flag: text }),
  record({ ...common, do: oneOf(['require']), flag: text, value: truth }),
  record({ ...common, do: oneOf(['irqs', 'bh']), on: truth }),
  record({ ...common, do: oneOf(['ww']), begin: truth }),
);

export const program = record<Program>({
  name: text,
  locks: listOf(
    record<ProgramLock>({
      id: text,
      kind: oneOf(LOCK_KINDS),
      units: count,
      class: text,
      rules: listOf(oneOf(LOCK_RULES)),
      ww: optional(oneOf(WW_POLICIES)),
    }),
  ),
  flags: listOf(record<Program['flags'][number]>({ id: text, set: truth, of: optional(text) })),
  tasks: listOf(
    record<ProgramTask>({
      name: text,
      function: orNull(text),
      cpu: orNull(count),
      irq: oneOf(['hard', 'soft', null]),
      after: orNull(text),
      body: listOf(op),
    }),
  ),
});

const expectation = record({ kind: oneOf(['deadlock', 'stranded', 'violated']), tasks: listOf(text) });

export const lowered = record<LoweredProgram>({
  program,
  episode: orNull(count),
  basis: oneOf(BASES),
  happened: truth,
  observedSchedule: orNull(schedule),
  assumes: listOf(text),
  ruledOut: listOf(text),
  bystanders: listOf(text),
  expect: orNull(listOf(expectation)),
  genome: orNull(namedGenome),
  orders: optional(listOf(record({ before: text, after: text, why: text }))),
  byAddress: optional(truth),
  parts: optional(
    listOf(
      record<ProgramPart>({
        tasks: listOf(text),
        captures: listOf(text),
        basis: oneOf(BASES),
        assumes: listOf(text),
      }),
    ),
  ),
  presumes: optional(
    listOf(record<Presumption>({ text, basis: oneOf(BASES), lock: text, users: listOf(listOf(text)) })),
  ),
});

const verdict = either(
  record({ kind: oneOf(['completed', 'out-of-steps']) }),
  record({ kind: oneOf(['deadlock']), cycle: listOf(count), bystanders: listOf(count) }),
  record({ kind: oneOf(['stranded']), tasks: listOf(count) }),
  record({ kind: oneOf(['violated']), task: count, op: count, reason: text }),
  record({ kind: oneOf(['ill-formed']), reason: text }),
);
export const find = record<SearchFind>({
  kind: oneOf(['deadlock', 'stranded', 'violated']),
  tasks: listOf(count),
  verdict,
  schedule,
});

const hold = record<WitnessTask['holds'][number]>({
  lock: text,
  class: text,
  mode: oneOf(LOCK_MODES),
  site: orNull(text),
  at: optional(orNull(text)),
});

/** One that was just made: nobody has looked at it. */
export const witness = record<Witness>({
  id: text,
  signature: text,
  kind: oneOf(WITNESS_KINDS),
  basis: oneOf(BASES),
  grade: oneOf(GRADES),
  tasks: listOf(record<WitnessTask>({ name: text, holds: listOf(hold), wants: orNull(hold) })),
  cycle: listOf(text),
  preemptions: count,
  steps: count,
  captures: listOf(text),
  assumes: listOf(text),
  model: text,
  litmus: text,
  state: oneOf(['open']),
  ruledOut: optional(listOf(text)),
  bystanders: optional(listOf(text)),
  provenance: optional(listOf(orNull(text))),
  found_at: optional(text),
});
