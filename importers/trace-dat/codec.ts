// Decompression of one frame of a trace.dat: zlib by node, zstd by node where it has it, else by WebAssembly.
import * as zlib from 'node:zlib';
import * as wasm from '@bokuweb/zstd-wasm';

/** Unpacks a frame to exactly `size` bytes, or gives null if it does not hold them. */
export type Codec = (frame: Uint8Array, size: number) => Uint8Array | null;

/** Most bytes that a byte of a frame may become (a page of zeros shrinks about 2000 times). */
const MAX_RATIO = 4096;
const ZSTD_MAGIC = 0xfd2fb528;

type NodeZstd = (frame: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;
const nodeZstd = (zlib as unknown as { readonly zstdDecompressSync?: NodeZstd }).zstdDecompressSync;

/**
 * The content size that a zstd frame claims: null if it claims none, -1 if it is no frame. trace-cmd's frames claim none;
 * a claim is checked before the decoder allocates by it (RFC 8878, 3.1.1.1).
 */
export function claimedSize(frame: Uint8Array): number | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 6 || view.getUint32(0, true) !== ZSTD_MAGIC) return -1;
  const descriptor = view.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const bytes = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag;
  if (bytes === 0) return null;
  const at = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (at + bytes > frame.length) return -1;
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

function unzstd(frame: Uint8Array, size: number): Uint8Array {
  return nodeZstd === undefined
    ? wasm.decompress(frame, { defaultHeapSize: size })
    : nodeZstd(frame, { maxOutputLength: size });
}

/** The WebAssembly module is set up once: a second time would take the memory from under the first. */
let wasmReady: Promise<void> | null = null;

/** Makes the WebAssembly decoder ready; to be awaited before it is used. */
export function readyForZstd(): Promise<void> {
  wasmReady ??= wasm.init();
  return wasmReady;
}

/** True for the methods that trace-cmd writes. */
export function isKnownCompression(name: string): boolean {
  return name === 'zlib' || name === 'zstd' || name === 'none';
}

/** The decoder of a compression method by trace-cmd's name for it. */
export async function codecOf(name: string): Promise<Codec> {
  if (name === 'zstd' && nodeZstd === undefined) await readyForZstd();
  return (frame, size) => {
    if (size === 0 || size > MAX_RATIO * frame.length) return null;
    try {
      if (name === 'zlib') {
        const out = zlib.inflateSync(frame, { maxOutputLength: size });
        return out.length === size ? out : null;
      }
      if (name !== 'zstd') return null;
      const claimed = claimedSize(frame);
      if (claimed !== null && claimed !== size) return null;
      const out = unzstd(frame, size);
      return out.length === size ? out : null;
    } catch {
      return null;
    }
  };
}
