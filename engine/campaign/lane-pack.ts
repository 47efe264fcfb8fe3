// Lane pack: the state of a lane's fuzzer as bytes; what is many of - counts and genomes - stands in rows of small numbers.
import { decodeCheckpoint, encodeCheckpoint } from '../../corpus/pack/checkpoint.js';
import type { Genome } from '../../corpus/schema/schedule.js';
import { noRecords } from '../fuzz/arms.js';
import type { FuzzState } from '../fuzz/fuzzer.js';
import type { QueueEntry } from '../fuzz/queue.js';
import { NumberReader, NumberWriter } from './number-rows.js';
import * as is from './shapes.js';

type ProgramState = FuzzState['programs'][number];
type Preempt = Genome['preempts'][number];

/** A ProgramState with its long lists as bytes. */
interface PackedProgram extends Omit<ProgramState, 'counts' | 'queue' | 'untried' | 'records'> {
  /** Not in the states of versions that had no arms. */
  readonly records?: ProgramState['records'];
  readonly counts: Uint8Array;
  readonly queue: Uint8Array;
  readonly untried: Uint8Array;
}
interface PackedState extends Omit<FuzzState, 'programs'> {
  readonly programs: readonly PackedProgram[];
}

const bytes: is.Shape = (value) => value instanceof Uint8Array;
const pair = (second: is.Shape): is.Shape => {
  return (value) =>
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && second(value[1]);
};
const packedState = is.record<PackedState>({
  execs: is.count,
  steps: is.count,
  programs: is.listOf(
    is.record<PackedProgram>({
      counts: bytes,
      queue: bytes,
      untried: bytes,
      species: is.listOf(pair(is.count)),
      randomRuns: is.count,
      found: is.listOf(is.text),
      nearest: is.listOf(is.count),
      records: is.optional(is.listOf(is.record({ execs: is.count, steps: is.count, features: is.count }))),
    }),
  ),
  yields: is.listOf(pair(is.record({ execs: is.count, features: is.count }))),
});

/** The state under a checksum. The same state gives the same bytes. */
export function packLane(state: FuzzState): Uint8Array {
  const programs = state.programs.map(
    (program): PackedProgram => ({
      counts: packCounts(program.counts),
      queue: packQueue(program.queue),
      untried: packGenomes(program.untried),
      species: program.species,
      randomRuns: program.randomRuns,
      found: program.found,
      nearest: program.nearest,
      records: program.records,
    }),
  );
  const { execs, steps, yields } = state;
  return encodeCheckpoint({ execs, steps, programs, yields } satisfies PackedState);
}

/** Reads it back; null for bytes that are no such state. May come from anywhere: nothing in it is taken on trust. */
export function unpackLane(packed: Uint8Array): FuzzState | null {
  const decoded = decodeCheckpoint(packed);
  if (!decoded.ok || !packedState(decoded.value)) return null;
  const { execs, steps, programs, yields } = decoded.value as PackedState;
  const read: ProgramState[] = [];
  for (const program of programs) {
    const counts = unpackCounts(program.counts);
    const queue = unpackQueue(program.queue);
    const untried = unpackGenomes(program.untried);
    if (counts === null || queue === null || untried === null) return null;
    const { species, randomRuns, found, nearest, records } = program;
    read.push({
      queue,
      counts,
      untried,
      species,
      randomRuns,
      found,
      nearest,
      records: records ?? noRecords(),
    });
  }
  return { execs, steps, programs: read, yields };
}

function packCounts(counts: ProgramState['counts']): Uint8Array {
  const out = new NumberWriter(8 + counts.length * 6);
  out.count(counts.length);
  for (const [feature, n] of counts) {
    out.word(feature);
    out.count(n);
  }
  return out.written();
}

function unpackCounts(from: Uint8Array): ProgramState['counts'] | null {
  const rows = new NumberReader(from);
  const counts: [number, number][] = [];
  for (let left = rows.length(5); left > 0; left--) counts.push([rows.word(), rows.count()]);
  return rows.ended ? counts : null;
}

function packQueue(queue: readonly QueueEntry[]): Uint8Array {
  const out = new NumberWriter(8 + queue.length * 80);
  out.count(queue.length);
  for (const { genome, features, away, steps, children } of queue) {
    writeGenome(out, genome);
    out.count(features.length);
    for (const feature of features) out.word(feature);
    out.count(away.length);
    for (const distance of away) out.count(distance);
    out.count(steps);
    out.count(children);
  }
  return out.written();
}

function unpackQueue(from: Uint8Array): QueueEntry[] | null {
  const rows = new NumberReader(from);
  const queue: QueueEntry[] = [];
  for (let left = rows.length(6); left > 0; left--) {
    const genome = readGenome(rows);
    const features: number[] = [];
    for (let more = rows.length(4); more > 0; more--) features.push(rows.word());
    const away: number[] = [];
    for (let more = rows.length(1); more > 0; more--) away.push(rows.count());
    queue.push({ genome, features, away, steps: rows.count(), children: rows.count() });
  }
  return rows.ended ? queue : null;
}

function packGenomes(genomes: readonly Genome[]): Uint8Array {
  const out = new NumberWriter(8 + genomes.length * 40);
  out.count(genomes.length);
  for (const genome of genomes) writeGenome(out, genome);
  return out.written();
}

function unpackGenomes(from: Uint8Array): Genome[] | null {
  const rows = new NumberReader(from);
  const genomes: Genome[] = [];
  for (let left = rows.length(2); left > 0; left--) genomes.push(readGenome(rows));
  return rows.ended ? genomes : null;
}

function writeGenome(out: NumberWriter, { order, preempts }: Genome): void {
  out.count(order.length);
  for (const task of order) out.count(task);
  out.count(preempts.length);
  for (const { step, task, over } of preempts) {
    out.count(step);
    out.count(task);
    // 0: over nobody in particular.
    out.count(over === undefined ? 0 : over + 1);
  }
}

function readGenome(rows: NumberReader): Genome {
  const order: number[] = [];
  for (let left = rows.length(1); left > 0; left--) order.push(rows.count());
  const preempts: Preempt[] = [];
  for (let left = rows.length(3); left > 0; left--) {
    const step = rows.count();
    const task = rows.count();
    const over = rows.count();
    preempts.push(over === 0 ? { step, task } : { step, task, over: over - 1 });
  }
  return { order, preempts };
}
