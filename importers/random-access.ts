// Bytes that can be read at any position: of an open file, of memory, or of a stream spooled to a temporary file.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes at any position. Reading is synchronous: a walk over pages asks for some kilobytes at a time, mostly cached. */
export interface RandomAccess {
  readonly size: number;
  /** Fills `into` from `position`; returns how many bytes there were, fewer than asked only at the end. */
  readAt(into: Uint8Array, position: number): number;
  /** Lets go of what stands behind it (a temporary file). Harmless when called twice. */
  close(): void;
}

/** Streams up to this size are kept in memory. */
const IN_MEMORY_BYTES = 16 << 20;
/** Most bytes that a stream may unpack to before it is cut: 16 GiB, so that a decompression bomb cannot fill a disk. */
const SPOOL_BYTES = 16 * 2 ** 30;

export function memoryAccess(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    readAt(into, position) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
    close() {},
  };
}

/** Reads through a file descriptor that somebody else closes; the descriptor's own position does not move. */
export function fileAccess(descriptor: number, size: number): RandomAccess {
  return {
    size,
    readAt(into, position) {
      let done = 0;
      while (done < into.length) {
        const got = readSync(descriptor, into, done, into.length - done, position + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    close() {},
  };
}

/**
 * Takes a stream in: small ones stay in memory, larger ones go to a temporary file that `close` removes. A stream beyond
 * `most` bytes, or one that the disk does not hold, is cut there and `onCut` told.
 */
export async function spool(
  chunks: AsyncIterable<Uint8Array>,
  onCut: (what: string) => void,
  most = SPOOL_BYTES,
): Promise<RandomAccess> {
  const kept: Uint8Array[] = [];
  let size = 0;
  let folder: string | null = null;
  let descriptor = -1;
  const close = (): void => {
    if (folder === null) return;
    closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
    folder = null;
  };
  const write = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  };
  try {
    for await (const chunk of chunks) {
      if (size + chunk.length > most) {
        onCut(`it unpacks to more than ${most} bytes`);
        break;
      }
      if (folder === null && size + chunk.length > IN_MEMORY_BYTES) {
        folder = mkdtempSync(join(tmpdir(), 'relock-spool-'));
        descriptor = openSync(join(folder, 'bytes'), 'wx+', 0o600);
        for (const part of kept.splice(0)) write(part);
      }
      if (folder === null) kept.push(chunk);
      else write(chunk);
      size += chunk.length;
    }
  } catch (error) {
    if (folder === null) throw error;
    // A full disk: what was written can be read.
    onCut(error instanceof Error ? error.message : String(error));
  }
  if (folder === null) return memoryAccess(Buffer.concat(kept));
  const file = fileAccess(descriptor, size);
  return { size, readAt: file.readAt, close };
}
