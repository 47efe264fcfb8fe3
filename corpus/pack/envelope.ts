// The envelope around everything packed: what it is, which version, how long, and a checksum of the body.
import { createHash } from 'node:crypto';
import type { Problem } from '../schema/forms.js';

/** Bytes before the body: magic (8), version (u32 LE), body length (u64 LE), sha256 of the body (32). */
const HEADER_BYTES = 52;

/** A kind of packed content. */
export interface Seal {
  /** Eight bytes; a CR LF at the end shows when a copy in text mode has changed line ends. */
  readonly magic: string;
  /** Version that is written; every other version is refused by `openEnvelope`. */
  readonly version: number;
  /** What a user calls it: `capture`. */
  readonly noun: string;
}

export function sealEnvelope(seal: Seal, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  for (let i = 0; i < 8; i++) bytes[i] = seal.magic.charCodeAt(i);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, seal.version, true);
  view.setBigUint64(12, BigInt(body.length), true);
  bytes.set(createHash('sha256').update(body).digest(), 20);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

export type OpenEnvelope =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly problem: Problem };

/** The body, or the reason why these bytes are refused: not ours, another version, cut short, too long, damaged. */
export function openEnvelope(seal: Seal, bytes: Uint8Array): OpenEnvelope {
  const again = `Import the original file again: relock import FILE`;
  const title = seal.noun.toUpperCase();
  if (bytes.length < 8 || String.fromCharCode(...bytes.subarray(0, 8)) !== seal.magic)
    return refuse(`NOT A PACKED ${title}`, [`The ${bytes.length} bytes do not begin with its mark.`], again);
  if (bytes.length < HEADER_BYTES)
    return refuse(`THIS PACKED ${title} IS CUT SHORT`, [`Only ${bytes.length} bytes are there.`], again);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version > seal.version)
    return refuse(
      `THIS PACKED ${title} WAS WRITTEN BY A NEWER RELOCK`,
      [`It has version ${version}; this relock reads version ${seal.version}.`],
      'Update relock, or import the original file again: relock import FILE',
    );
  if (version !== seal.version)
    return refuse(
      `THIS PACKED ${title} HAS AN UNKNOWN VERSION`,
      [`Version ${version} never existed.`],
      again,
    );
  const length = view.getBigUint64(12, true);
  const body = bytes.subarray(HEADER_BYTES);
  if (BigInt(body.length) !== length)
    return refuse(
      `THIS PACKED ${title} ${BigInt(body.length) < length ? 'IS CUT SHORT' : 'IS TOO LONG'}`,
      [`It says ${length} bytes, and ${body.length} are there.`],
      again,
    );
  const sum = createHash('sha256').update(body).digest();
  if (!sum.equals(bytes.subarray(20, HEADER_BYTES)))
    return refuse(
      `THIS PACKED ${title} IS DAMAGED`,
      ['Its checksum (sha256) does not fit its bytes.'],
      again,
    );
  return { ok: true, body };
}

function refuse(title: string, facts: readonly string[], next: string): OpenEnvelope {
  return { ok: false, problem: { title, facts, next } };
}
