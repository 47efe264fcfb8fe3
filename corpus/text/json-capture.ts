// Captures as JSON documents: the interned tables as they are, the event columns as one object per event.
import type { Capture } from '../schema/capture.js';
import { CONTEXTS, EVENT_KINDS, type EventColumns, KNOWN_BY, NO_TIME } from '../schema/event.js';
import type { CaptureDocument, EventDocument } from '../schema/forms.js';
import { LOCK_MODES } from '../schema/lock.js';

/** The whole capture in the form of `CaptureDocument` (docs/schema.json). */
export function captureDocument(capture: Capture): CaptureDocument {
  const { events, ...rest } = capture;
  return { schema: 'relock.capture/1', ...rest, events: [...eventDocuments(events)] };
}

/** Row by row, for captures whose events do not fit into memory as objects. */
export function* eventDocuments(events: EventColumns): Generator<EventDocument> {
  for (let i = 0; i < events.kind.length; i++) {
    const time = events.timeNs[i]!;
    yield {
      kind: nameAt(EVENT_KINDS, events.kind[i]!),
      task: events.task[i]!,
      lock: events.lock[i]!,
      mode: nameAt(LOCK_MODES, events.mode[i]!),
      site: events.site[i]!,
      peer: events.peer[i]!,
      cpu: events.cpu[i]!,
      context: nameAt(CONTEXTS, events.context[i]!),
      known: nameAt(KNOWN_BY, events.known[i]!),
      disabled: events.disabled[i]!,
      episode: events.episode[i]!,
      timeNs: time === NO_TIME ? null : String(time),
      where: events.where[i]!,
    };
  }
}

/** The capture that `captureDocument` made the document of. */
export function captureOfDocument(document: CaptureDocument): Capture {
  const { schema: _schema, events: rows, ...rest } = document;
  return {
    ...rest,
    events: {
      kind: Uint8Array.from(rows, (row) => EVENT_KINDS.indexOf(row.kind)),
      task: Uint32Array.from(rows, (row) => row.task),
      lock: Int32Array.from(rows, (row) => row.lock),
      mode: Uint8Array.from(rows, (row) => LOCK_MODES.indexOf(row.mode)),
      site: Int32Array.from(rows, (row) => row.site),
      peer: Int32Array.from(rows, (row) => row.peer),
      cpu: Int32Array.from(rows, (row) => row.cpu),
      context: Uint8Array.from(rows, (row) => CONTEXTS.indexOf(row.context)),
      known: Uint8Array.from(rows, (row) => KNOWN_BY.indexOf(row.known)),
      disabled: Uint8Array.from(rows, (row) => row.disabled),
      episode: Uint32Array.from(rows, (row) => row.episode),
      timeNs: BigInt64Array.from(rows, (row) => (row.timeNs === null ? NO_TIME : BigInt(row.timeNs))),
      where: Float64Array.from(rows, (row) => row.where),
    },
  };
}

function nameAt<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) throw new Error(`capture: code ${index} is none of ${names.join(', ')}`);
  return name;
}
