// Composition across captures: tasks of different recordings side by side, where the lock orders of several close a cycle.
import type { Capture } from '../corpus/schema/capture.js';
import type { LoweredProgram } from '../corpus/schema/program.js';
import { orderEdges } from '../corpus/store/order-edges.js';
import type { CampaignProgram } from '../engine/campaign/state.js';
import { classOrderOf, wholeTransactions } from '../engine/lower/trace/whole.js';
import { type ClassOrder, meetingClasses } from '../engine/predict/meeting.js';
import { PREDICT_LIMITS, type PredictLimits, predictSteps } from '../engine/predict/predict.js';
import type { PredictSource } from '../engine/predict/source.js';
import { drain } from '../engine/shrink/reach.js';
import { listed } from '../reports/text/layout.js';

/** Whole transactions are many: what is not decided soon is left to the programs that come of them, and told as open. */
export const ACROSS_LIMITS: PredictLimits = { ...PREDICT_LIMITS, cycles: 500, length: 4, states: 20_000 };

/** One capture with the programs that were made of it. */
export interface CaptureWithPrograms {
  readonly capture: Capture;
  readonly programs: readonly LoweredProgram[];
}

/** True if a tracer made it: then its programs are those of the rings that it closes by itself. */
export function isTrace(capture: Capture): boolean {
  return capture.episodes.some(({ origin }) => origin === 'trace');
}

/** True if what the recording shows may run twice at once on one machine; a process (STD traces) has its locks for itself. */
export function mayRunTwice({ format }: { readonly format: string }): boolean {
  return format !== 'std';
}

function singlesOf(capture: Capture): Set<string> {
  return new Set(capture.classes.filter(({ single }) => single).map(({ name }) => name));
}

/** The lock order of a capture by class. */
export function orderOf({ capture, programs }: CaptureWithPrograms): ClassOrder {
  const edges = programs.flatMap(({ program }) => orderEdges(program));
  return {
    capture: capture.id,
    pairs: [
      ...(isTrace(capture) ? classOrderOf(capture) : []),
      ...edges.map((edge) => [edge.classHeld, edge.classWanted] as const),
    ],
  };
}

/**
 * The parts that tasks of several captures are put together from: of a trace its whole transactions on these classes, of
 * anything else its programs that name one.
 */
export function partsOf(
  { capture, programs }: CaptureWithPrograms,
  isWanted: (className: string) => boolean,
): CampaignProgram[] {
  const parts = isTrace(capture)
    ? wholeTransactions(capture, capture.file.replace(/^.*\//, ''), isWanted).programs
    : programs.filter(({ program }) => program.locks.some((lock) => isWanted(lock.class)));
  const single = singlesOf(capture);
  return parts.map((lowered) => ({ lowered, captures: [{ id: capture.id, file: capture.file }], single }));
}

/** What has to be true for tasks of several captures, or of two runs of what one shows, to meet. */
export function meetingAssumption(files: readonly string[]): string {
  const names = [...new Set(files.map((file) => file.replace(/^.*\//, '')))];
  if (files.length === 1) return `what ${names[0]} shows runs twice at once, on one machine`;
  return `the tasks of ${listed(names)} meet on one machine, in code that is the same`;
}

/** Stands for the id of a capture where what it shows runs once more. */
function anotherRun(capture: string): string {
  return `${capture} again`;
}

function inAnotherRun(order: ClassOrder): ClassOrder {
  return { ...order, capture: anotherRun(order.capture) };
}

/**
 * Programs of tasks of several captures: for each cycle that needs more than one of them and was not refuted, the small
 * program that it comes down to. Classes are matched by name; that two locks are one object is an assumption. `twice`: what a tracer
 * recorded meets itself, too, as if it ran twice at once: what a script did one after the other comes in any order then (docs/adr/0126).
 */
export function composedPrograms(all: readonly CaptureWithPrograms[], twice = false): CampaignProgram[] {
  const orders = all.map((one) => orderOf(one));
  const again = orders.filter((_, i) => {
    const { capture } = all[i]!;
    return twice && isTrace(capture) && mayRunTwice(capture);
  });
  if (orders.length + again.length < 2) return [];
  const meeting = meetingClasses([...orders, ...again.map((order) => inAnotherRun(order))]);
  if (meeting.size === 0) return [];
  const once = all.flatMap((one) => partsOf(one, (name) => meeting.has(name)));
  const repeated = new Set(again.map(({ capture }) => capture));
  const rerun = once.filter(({ captures }) => captures.some(({ id }) => repeated.has(id)));
  const parts = [...once, ...rerun];
  const sources = parts.map(
    ({ lowered, captures, single }, i): PredictSource => ({
      lowered,
      captures: captures.map(({ id }) => (i < once.length ? id : anotherRun(id))),
      ...(single === undefined ? {} : { single }),
    }),
  );
  const prediction = drain(predictSteps(sources, ACROSS_LIMITS, 'across'));
  return prediction.cycles.flatMap(({ candidate, status, sources: from, taskSources }): CampaignProgram[] => {
    if (candidate === null || status === 'refuted') return [];
    const captures = new Map(from.flatMap((s) => (parts[s]?.captures ?? []).map((c) => [c.id, c])));
    const refs = [...captures.values()];
    return [
      {
        lowered: {
          ...candidate,
          basis: 'composed',
          assumes: [...candidate.assumes, meetingAssumption(refs.map(({ file }) => file))],
        },
        captures: refs,
        files: taskSources.map((s) => parts[s]?.captures[0]?.file ?? null),
        single: new Set(from.flatMap((s) => [...(parts[s]?.single ?? [])])),
      },
    ];
  });
}
