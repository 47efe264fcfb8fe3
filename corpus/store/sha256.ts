// The checksum of the store: sha256 as hex digits.
import { createHash } from 'node:crypto';

/** 64 lower-case hex digits; text is taken as UTF-8. */
export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
