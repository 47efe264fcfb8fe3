// Captures on disk: MessagePack with the record structures inside, event columns raw, under a checksum.
import { Packr } from 'msgpackr';
import { CAPTURE_VERSION, type Capture } from '../schema/capture.js';
import type { Problem } from '../schema/forms.js';
import { type PackedColumns, packColumns, unpackColumns } from './columns.js';
import { openEnvelope, type Seal, sealEnvelope } from './envelope.js';

const CAPTURE_SEAL: Seal = { magic: 'RLKCAP\r\n', version: CAPTURE_VERSION, noun: 'capture' };

/** What stands in the body: the capture with its columns as bytes, and `byEvent` as pairs, since its keys are data. */
interface PackedCapture extends Omit<Capture, 'events' | 'byEvent'> {
  readonly events: PackedColumns;
  readonly byEvent: readonly (readonly [string, number])[];
}

export type DecodeCapture =
  | { readonly ok: true; readonly capture: Capture }
  | { readonly ok: false; readonly problem: Problem };

/** The packed form of a capture. `decodeCapture` gives back an equal one, exact in 64-bit times and addresses. */
export function encodeCapture(capture: Capture): Uint8Array {
  const packed: PackedCapture = {
    ...capture,
    events: packColumns(capture.events),
    byEvent: Object.entries(capture.byEvent),
  };
  // A Packr of its own: record structures are numbered per file and stand in it, nothing is shared with others.
  return sealEnvelope(CAPTURE_SEAL, new Packr({ useRecords: true }).pack(packed));
}

/** Reads a packed capture; refuses by name what is damaged, cut short, or of a newer version. */
export function decodeCapture(bytes: Uint8Array): DecodeCapture {
  const opened = openEnvelope(CAPTURE_SEAL, bytes);
  if (!opened.ok) return opened;
  // The checksum has shown that these are the bytes encodeCapture wrote, so their shape is known.
  const packed = new Packr({ useRecords: true }).unpack(opened.body) as PackedCapture;
  const events = unpackColumns(packed.events);
  if (events === null)
    throw new Error(
      `pack: the columns of capture ${packed.id} are not of one length: encodeCapture wrote them so`,
    );
  return { ok: true, capture: { ...packed, events, byEvent: Object.fromEntries(packed.byEvent) } };
}
