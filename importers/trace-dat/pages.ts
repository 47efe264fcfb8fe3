// Hands out the sub-buffers of one CPU in windows of some pages: straight from the file, or chunk by chunk unpacked.
import type { RandomAccess } from '../random-access.js';
import type { Codec } from './codec.js';
import type { CpuData, Note } from './container.js';

/** Bytes that are read of one CPU at a time, if a page is not larger. */
const WINDOW_BYTES = 1 << 16;
/** Unpacked bytes of all windows of a file taken together that are believed at a time. */
const WINDOWS_BYTES = 128 << 20;
/** A window of this size is always believed: trace-cmd writes chunks of ten pages. */
const LEAST_CHUNK_BYTES = 1 << 20;

/** Some whole pages of one CPU. */
export interface PageWindow {
  /** Bytes of the window; valid until the next one is asked for. */
  bytes: Buffer;
  /** Where it stands in the file, in bytes. */
  where: number;
  /** True if positions inside the window are positions in the file: false where it was unpacked. */
  straight: boolean;
}

/** Fills `window` with the next pages; false at the end. */
export type NextWindow = (window: PageWindow) => boolean;

/** Pages that stand in the file as they were written. */
export function plainPages(file: RandomAccess, data: CpuData, pageSize: number, note: Note): NextWindow {
  const room = Math.max(pageSize, Math.min(Math.floor(WINDOW_BYTES / pageSize) * pageSize, data.size));
  let buffer: Buffer | null = null;
  let at = data.offset;
  const end = data.offset + data.size;
  return (window) => {
    const want = Math.min(room, end - at);
    if (want <= 0) return false;
    buffer ??= Buffer.allocUnsafeSlow(room);
    const got = file.readAt(buffer.subarray(0, want), at);
    window.bytes = buffer.subarray(0, got);
    window.where = at;
    window.straight = true;
    at += want;
    if (got < want) {
      note('trace_dat_cut_short');
      at = end;
    }
    return got > 0;
  };
}

/** The number of chunks: `trace-cmd convert` on a machine of the other byte order writes it, alone, the other way round. */
function chunkCount(bytes: Buffer, bigEndian: boolean, size: number, note: Note): number {
  const most = (size - 4) / 8;
  const straight = bigEndian ? bytes.readUInt32BE() : bytes.readUInt32LE();
  if (straight <= most) return straight;
  const swapped = bigEndian ? bytes.readUInt32LE() : bytes.readUInt32BE();
  if (swapped > most) return straight;
  note('trace_dat_numbers_swapped');
  return swapped;
}

/** What chunks may unpack to, so that a file of a few kilobytes cannot ask for gigabytes. */
export interface UnpackBudget {
  /** Bytes of one chunk. */
  readonly chunk: number;
  /** Bytes of all chunks of the file that are left. */
  left: number;
}

export function unpackBudget(fileSize: number, cpus: number): UnpackBudget {
  return {
    chunk: Math.max(LEAST_CHUNK_BYTES, Math.floor(WINDOWS_BYTES / Math.max(1, cpus))),
    left: 512 * fileSize + (64 << 20),
  };
}

/** Pages in independently compressed chunks of some pages each. */
export function packedPages(
  file: RandomAccess,
  data: CpuData,
  bigEndian: boolean,
  codec: Codec,
  budget: UnpackBudget,
  note: Note,
): NextWindow {
  // The size that the container gives leaves out the word with the number of chunks.
  const end = Math.min(file.size, data.offset + data.size + 4);
  let at = data.offset;
  let left = -1;
  const head = Buffer.alloc(8);
  let frame = Buffer.alloc(0);
  return (window) => {
    if (left === -1) {
      if (data.size < 4 || file.readAt(head.subarray(0, 4), at) < 4) {
        note('trace_dat_cut_short');
        return false;
      }
      left = chunkCount(head, bigEndian, data.size, note);
      at += 4;
    }
    while (left > 0) {
      left--;
      if (at + 8 > end || file.readAt(head, at) < 8) {
        note('trace_dat_cut_short');
        left = 0;
        return false;
      }
      const packed = bigEndian ? head.readUInt32BE(0) : head.readUInt32LE(0);
      const size = bigEndian ? head.readUInt32BE(4) : head.readUInt32LE(4);
      if (packed > end - at - 8) {
        note('trace_dat_cut_short');
        left = 0;
        return false;
      }
      const where = at;
      at += 8 + packed;
      if (size > budget.chunk || size > budget.left) {
        note('trace_dat_chunk_too_large');
        continue;
      }
      budget.left -= size;
      if (frame.length < packed) frame = Buffer.allocUnsafeSlow(Math.max(packed, 2 * frame.length));
      const got = file.readAt(frame.subarray(0, packed), where + 8);
      const bytes = got < packed ? null : codec(frame.subarray(0, packed), size);
      if (bytes === null) {
        note('trace_dat_chunk_unreadable');
        continue;
      }
      window.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      window.where = where;
      window.straight = false;
      return true;
    }
    return false;
  };
}
