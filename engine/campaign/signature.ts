// Signature: the name that two sightings of one bug share, whatever machine, boot or build they come from.
import { createHash } from 'node:crypto';
import type { Signature } from '../../corpus/schema/ids.js';
import { canonicalStart, type Shape } from '../shrink/shape.js';

/** What a signature rests on: kind, and the cycle of (class, mode, context, site outside the lock primitives). */
export type SignatureParts = Shape;

/**
 * Text behind a signature: the kind, then one line a member, in the rotation that comes first. No address, pid, CPU
 * or time goes into it, nor lockdep's `#N`, nor the suffix of a compiler's copy (`.isra.0`).
 */
export function signatureText(parts: SignatureParts): string {
  const cyclic = parts.kind !== 'stranded' && parts.kind !== 'violated';
  const start = cyclic ? canonicalStart(parts.members) : 0;
  const members = [...parts.members.slice(start), ...parts.members.slice(0, start)];
  const lines = members.map((m) => `${m.class} ${m.mode} ${m.context} ${m.site === '' ? '?' : m.site}`);
  return [parts.kind, ...(cyclic ? lines : lines.sort())].join('\n');
}

/** First 12 hex digits of the sha256 of the text. */
export function signatureOf(parts: SignatureParts): Signature {
  return createHash('sha256').update(signatureText(parts)).digest('hex').slice(0, 12) as Signature;
}
