// Campaign checkpoints on disk: any plain value in MessagePack under a checksum.
import { Packr } from 'msgpackr';
import type { Problem } from '../schema/forms.js';
import { openEnvelope, type Seal, sealEnvelope } from './envelope.js';

const CHECKPOINT_SEAL: Seal = { magic: 'RLKCHK\r\n', version: 1, noun: 'checkpoint' };

export type DecodeCheckpoint =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Packs a plain value: null, booleans, numbers, bigints, strings, Uint8Array, arrays and objects of these. Other
 * typed arrays, maps and sets must be turned into these first. Negative zero comes back as zero.
 */
export function encodeCheckpoint(value: unknown): Uint8Array {
  return sealEnvelope(CHECKPOINT_SEAL, new Packr({ useRecords: true, useBigIntExtension: true }).pack(value));
}

/** Reads it back; byte arrays come as Uint8Array. */
export function decodeCheckpoint(bytes: Uint8Array): DecodeCheckpoint {
  const opened = openEnvelope(CHECKPOINT_SEAL, bytes);
  if (!opened.ok) return opened;
  return { ok: true, value: new Packr({ useRecords: true, useBigIntExtension: true }).unpack(opened.body) };
}
