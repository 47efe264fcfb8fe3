// Opens a trace.dat: checks its head, then hands over to the reader of its version.
import type { RandomAccess } from '../random-access.js';
import { type Codec, codecOf, isKnownCompression } from './codec.js';
import { type Note, soundPageSize, type TraceDat } from './container.js';
import { Cursor } from './cursor.js';
import { readVersion6 } from './version6.js';
import { readVersion7 } from './version7.js';

const MAGIC = Buffer.from('\x17\x08\x44tracing', 'latin1');

/** True for the first bytes of every trace.dat. */
export function isTraceDat(head: Uint8Array): boolean {
  return head.length > MAGIC.length && MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** An opened container, with what unpacks its ring buffers. */
export interface OpenedTraceDat {
  readonly dat: TraceDat;
  readonly codec: Codec;
}

/** Reads everything but the ring buffers. Null, with the reason noted, if nothing can be made of it. */
export async function openTraceDat(file: RandomAccess, note: Note): Promise<OpenedTraceDat | null> {
  const head = new Cursor(file, false, MAGIC.length);
  const version = head.zstr(8);
  if (version !== '6' && version !== '7') {
    note('trace_dat_version_unknown');
    return null;
  }
  const bigEndian = head.u8() === 1;
  const longSize = head.u8();
  const cursor = new Cursor(file, bigEndian, head.at);
  const pageSize = soundPageSize(cursor.u32());
  if (cursor.broken !== null || head.broken !== null || pageSize === null) {
    note('trace_dat_head_broken');
    return null;
  }
  if (version === '6') {
    const codec = await codecOf('none');
    const dat = readVersion6(file, cursor, { pageSize, longSize }, note);
    if (dat === null) note('trace_dat_head_broken');
    return dat === null ? null : { dat, codec };
  }
  const compression = cursor.zstr(64);
  cursor.zstr(64); // version of the library: says nothing about the frames
  const firstOptions = cursor.u64();
  if (cursor.broken !== null) {
    note('trace_dat_head_broken');
    return null;
  }
  if (!isKnownCompression(compression)) {
    note('trace_dat_compression_unknown');
    return null;
  }
  const codec = await codecOf(compression);
  const reading = { file, bigEndian, codec, note, head: { pageSize, longSize } };
  return { dat: readVersion7(reading, firstOptions, compression), codec };
}
