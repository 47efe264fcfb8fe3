// Wire: jobs and results as JSON text between hosts - versions, packing, and checks of what arrives.
import type { CycleStatus } from '../../corpus/schema/forms.js';
import type { RandomRuns } from '../fuzz/residual-risk.js';
import type { PredictedCycle, Prediction, PredictLimits } from '../predict/predict.js';
import type { CaptureRef } from './establish.js';
import type { Job, JobResult, SliceFind, SliceOrder, SliceResult } from './job.js';
import * as is from './shapes.js';

/** Goes up when jobs or results change their form. */
export const PROTOCOL = 4;

/** What two processes must have in common to give the same results: else the state depended on who was faster. */
export interface Dialect {
  readonly protocol: number;
  /** Version of relock. */
  readonly relock: string;
  /** Version of the lock model. */
  readonly model: string;
}

/** What differs, in words; null if nothing does. */
export function mismatch(theirs: Dialect, ours: Dialect): string | null {
  const differ = (['protocol', 'relock', 'model'] as const).filter((part) => theirs[part] !== ours[part]);
  if (differ.length === 0) return null;
  return differ.map((part) => `${part} ${theirs[part]} there, ${part} ${ours[part]} here`).join('; ');
}

export const dialect = is.record<Dialect>({ protocol: is.count, relock: is.text, model: is.text });

export interface JobMessage {
  readonly dialect: Dialect;
  /** Token of the coordinator that waits for the result. */
  readonly to: string;
  readonly job: Job;
}

export interface ReplyMessage {
  readonly dialect: Dialect;
  /** Of the job on the queue. */
  readonly id: string;
  /** Host that did it. */
  readonly by: string;
  readonly result: JobResult;
}

const BYTES = '$bytes';

/** Byte arrays as base64, sets as lists. */
function pack(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Set) return [...part];
    return part;
  });
}
const packed = (bytes: Uint8Array) => ({ [BYTES]: Buffer.from(bytes).toString('base64') });
const isBytes: is.Shape = (value) => is.record<{ [BYTES]: string }>({ [BYTES]: is.text })(value);
const unpacked = (value: unknown): Uint8Array =>
  new Uint8Array(Buffer.from((value as Record<string, string>)[BYTES] ?? '', 'base64'));

export function encodeJob(message: JobMessage): string {
  const { job } = message;
  if (job.kind !== 'fuzz') return pack(message);
  const { slice } = job;
  return pack({
    ...message,
    job: { ...job, slice: { ...slice, fuzz: slice.fuzz === null ? null : packed(slice.fuzz) } },
  });
}

export function encodeReply(message: ReplyMessage): string {
  const { result } = message;
  if (result.kind !== 'fuzz') return pack(message);
  return pack({
    ...message,
    result: { ...result, slice: { ...result.slice, fuzz: packed(result.slice.fuzz) } },
  });
}

const captureRef = is.record<CaptureRef>({ id: is.text, file: is.text });
const shrinkLimits = is.record({ states: is.count, total: is.count });
const predictLimits = is.record<PredictLimits>({
  cycles: is.count,
  length: is.count,
  paths: is.count,
  states: is.count,
  refuted: is.count,
});
const id = is.text;

const jobShape = is.either(
  is.record({ id, kind: is.oneOf(['observe']), program: is.program, schedule: is.schedule }),
  is.record({ id, kind: is.oneOf(['search']), program: is.program, states: is.count }),
  is.record({
    id,
    kind: is.oneOf(['predict']),
    sources: is.listOf(
      is.record({
        lowered: is.lowered,
        captures: is.listOf(is.text),
        single: is.optional(is.listOf(is.text)),
      }),
    ),
    limits: predictLimits,
  }),
  is.record({
    id,
    kind: is.oneOf(['fuzz']),
    slice: is.record<SliceOrder>({
      program: is.program,
      seed: is.count,
      seeds: is.listOf(is.genome),
      gifts: is.listOf(is.genome),
      work: is.count,
      execs: is.orNull(is.count),
      maxSteps: is.count,
      fuzz: is.orNull(isBytes),
    }),
  }),
  is.record({
    id,
    kind: is.oneOf(['establish']),
    input: is.record({
      lowered: is.lowered,
      run: is.record({ schedule: is.schedule }),
      captures: is.listOf(captureRef),
      files: is.optional(is.listOf(is.orNull(is.text))),
      foundAt: is.optional(is.text),
    }),
    limits: shrinkLimits,
  }),
);

const STATUSES: readonly CycleStatus[] = ['confirmed', 'refuted', 'open'];
const arm = is.record({ execs: is.count, features: is.count });

const sliceFinds = is.listOf(is.record<SliceFind>({ tasks: is.listOf(is.text), schedule: is.schedule }));

const resultShape = is.either(
  is.record({ kind: is.oneOf(['observe']), bad: is.truth, steps: is.count, slices: sliceFinds }),
  is.record({
    kind: is.oneOf(['search']),
    complete: is.truth,
    states: is.count,
    schedules: is.count,
    steps: is.count,
    finds: is.listOf(is.schedule),
    slices: sliceFinds,
    illFormed: is.orNull(is.text),
  }),
  is.record({
    kind: is.oneOf(['predict']),
    prediction: is.record<Prediction>({
      cycles: is.listOf(
        is.record<PredictedCycle>({
          classes: is.listOf(is.text),
          tasks: is.listOf(is.text),
          status: is.oneOf(STATUSES),
          why: is.text,
          complete: is.truth,
          candidate: is.orNull(is.lowered),
          find: is.orNull(is.find),
          sources: is.listOf(is.count),
          taskSources: is.listOf(is.count),
          aim: is.orNull(is.genome),
        }),
      ),
      complete: is.truth,
      considered: is.count,
    }),
  }),
  is.record({
    kind: is.oneOf(['fuzz']),
    slice: is.record<SliceResult>({
      execs: is.count,
      steps: is.count,
      seeds: is.count,
      fresh: is.listOf(is.integer),
      random: is.record<RandomRuns>({ runs: is.count, once: is.count, species: is.count }),
      species: is.listOf(is.tuple(is.text, is.count)),
      yields: is.listOf(is.tuple(is.text, arm)),
      finds: is.listOf(is.schedule),
      giving: is.listOf(is.genome),
      fuzz: isBytes,
    }),
  }),
  is.record({
    kind: is.oneOf(['establish']),
    established: is.either(
      is.record({ ok: is.oneOf([true]), witness: is.witness }),
      is.record({ ok: is.oneOf([false]), reason: is.text }),
    ),
  }),
);

const jobMessage = is.record<JobMessage>({ dialect, to: is.text, job: jobShape });
const replyMessage = is.record<ReplyMessage>({ dialect, id, by: is.text, result: resultShape });
/** The envelope alone: a message of another version must be told from a broken one. */
const envelope = (value: unknown): Dialect | null => {
  const found = typeof value === 'object' && value !== null ? (value as { dialect?: unknown }).dialect : null;
  return dialect(found) ? (found as Dialect) : null;
};

export type Decoded<T> =
  | { readonly ok: true; readonly message: T }
  /** Why it is refused, in words. */
  | { readonly ok: false; readonly reason: string };

/** Reads a job; refuses what another version sent, and what has not the shape of a job. */
export function decodeJob(textOfJob: unknown, ours: Dialect): Decoded<JobMessage> {
  const read = decode<JobMessage>(textOfJob, ours, jobMessage, 'job');
  if (!read.ok) return read;
  const { job } = read.message;
  if (job.kind === 'fuzz' && job.slice.fuzz !== null)
    return ok({ ...read.message, job: { ...job, slice: { ...job.slice, fuzz: unpacked(job.slice.fuzz) } } });
  if (job.kind === 'predict') {
    const sources = job.sources.map(({ single, ...source }) =>
      single === undefined ? source : { ...source, single: new Set(single) },
    );
    return ok({ ...read.message, job: { ...job, sources } });
  }
  return read;
}

/** Reads a result, likewise. What it claims is not proved by that: see arrivals.ts. */
export function decodeReply(textOfReply: unknown, ours: Dialect): Decoded<ReplyMessage> {
  const read = decode<ReplyMessage>(textOfReply, ours, replyMessage, 'result');
  if (!read.ok || read.message.result.kind !== 'fuzz') return read;
  const { slice } = read.message.result;
  return ok({
    ...read.message,
    result: { kind: 'fuzz', slice: { ...slice, fuzz: unpacked(slice.fuzz) } },
  });
}

function ok<T>(message: T): Decoded<T> {
  return { ok: true, message };
}

function decode<T>(sent: unknown, ours: Dialect, shape: is.Shape, noun: string): Decoded<T> {
  let value: unknown;
  try {
    value = JSON.parse(typeof sent === 'string' ? sent : '');
  } catch {
    return { ok: false, reason: `the ${noun} is no JSON` };
  }
  const theirs = envelope(value);
  if (theirs === null) return { ok: false, reason: `the ${noun} does not say its version` };
  const differs = mismatch(theirs, ours);
  if (differs !== null) return { ok: false, reason: `the ${noun} is of another version: ${differs}` };
  if (!shape(value)) return { ok: false, reason: `the ${noun} has not the shape of one` };
  return ok(value as T);
}
