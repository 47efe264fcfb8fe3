// Decompression of .gz, .xz and .zst streams, chunk by chunk, that keeps what came before damage.
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import * as xzModule from 'xz-decompress';
import { ZstdFrames } from './zstd-frames.js';

// A CommonJS package: Node finds its exports behind `default`, bundlers and test runners beside it.
const { XzReadableStream } = 'default' in xzModule ? (xzModule.default as typeof xzModule) : xzModule;

export type Packing = 'gz' | 'xz' | 'zst' | 'plain';

/** What is told to the caller when a stream ends early or is damaged: everything before it was delivered. */
export type OnDamage = (what: string) => void;

/** Recognises a packing by its magic number, whatever the file is called. */
export function packingOf(head: Uint8Array): Packing {
  const at = (i: number) => head[i] ?? -1;
  if (at(0) === 0x1f && at(1) === 0x8b) return 'gz';
  if (at(0) === 0xfd && at(1) === 0x37 && at(2) === 0x7a && at(3) === 0x58 && at(4) === 0x5a && at(5) === 0)
    return 'xz';
  if (at(0) === 0x28 && at(1) === 0xb5 && at(2) === 0x2f && at(3) === 0xfd) return 'zst';
  // A skippable frame (0x184D2A5?) may stand before the first frame of a .zst.
  if ((at(0) & 0xf0) === 0x50 && at(1) === 0x2a && at(2) === 0x4d && at(3) === 0x18) return 'zst';
  return 'plain';
}

/**
 * Output beyond this many bytes, and beyond this many times what was read so far, is taken for a decompression bomb: kernel
 * text packs some ten to a hundred times.
 */
export const BOMB_BYTES = 2 ** 30;
export const BOMB_RATIO = 2000;
/** Bytes handed to a decoder at once: it may make of them a thousand times as many (zstd: 32 000 times) before it pauses. */
const GZIP_BITE = 1 << 14;
const ZSTD_BITE = 1 << 10;

/** The same bytes in bites of at most `size`. */
async function* inBites(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += size) yield chunk.subarray(at, at + size);
}

/** Ends the output where it has become a bomb, and reads the rest of the input, which belongs to the checksum of the file. */
async function* defused(
  chunks: AsyncIterable<Uint8Array>,
  decode: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>,
  onDamage: OnDamage,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  let made = 0;
  const input = chunks[Symbol.asyncIterator]();
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (let next = await input.next(); next.done !== true; next = await input.next()) {
      read += next.value.length;
      yield next.value;
    }
  }
  for await (const out of decode(counted())) {
    made += out.length;
    if (made > BOMB_BYTES && made > BOMB_RATIO * read) {
      onDamage(`it unpacks to more than ${BOMB_RATIO} times its size: a decompression bomb`);
      break;
    }
    yield out;
  }
  while ((await input.next()).done !== true);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** gzip of any number of members, by node:zlib. */
async function* gunzip(chunks: AsyncIterable<Uint8Array>, onDamage: OnDamage): AsyncGenerator<Uint8Array> {
  const engine = createGunzip({ chunkSize: 1 << 18 });
  let ready: Uint8Array[] = [];
  let damage: string | null = null;
  let ended = false;
  let wake: (() => void) | null = null;
  const notice = () => {
    const waiting = wake;
    wake = null;
    waiting?.();
  };
  engine.on('data', (chunk: Uint8Array) => ready.push(chunk));
  engine.on('error', (error) => {
    damage = reason(error);
    notice();
  });
  engine.on('end', () => {
    ended = true;
    notice();
  });
  const over = () => damage !== null || ended;
  try {
    for await (const chunk of inBites(chunks, GZIP_BITE)) {
      if (over()) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        engine.write(chunk, notice);
      });
      if (ready.length > 0) {
        const out = ready;
        ready = [];
        yield* out;
      }
    }
    if (!over()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        engine.end();
      });
    }
    yield* ready;
    if (damage !== null) onDamage(damage);
  } finally {
    engine.destroy();
  }
}

/** Window of a frame up to which zstd itself unpacks unless it is told otherwise (`zstd --long`). fzstd makes room for it at once. */
const ZSTD_WINDOW_BYTES = 2 ** 27;

/** Zstandard by fzstd: any number of frames. */
async function* unzstd(chunks: AsyncIterable<Uint8Array>, onDamage: OnDamage): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  // fzstd hands out views of a window that it goes on to overwrite.
  const engine = new Decompress((data) => {
    if (data.length > 0) ready.push(data.slice());
  });
  let damaged = false;
  const push = (chunk: Uint8Array, final: boolean) => {
    try {
      engine.push(chunk, final);
    } catch (error) {
      damaged = true;
      onDamage(reason(error));
    }
  };
  const frames = new ZstdFrames();
  for await (const chunk of inBites(chunks, ZSTD_BITE)) {
    if (damaged) continue;
    const window = frames.widest(chunk);
    if (window > ZSTD_WINDOW_BYTES) {
      damaged = true;
      onDamage(`it asks for a window of ${window} bytes: zstd unpacks up to ${ZSTD_WINDOW_BYTES}`);
      continue;
    }
    push(chunk, false);
    const out = ready;
    ready = [];
    yield* out;
  }
  if (!damaged) push(new Uint8Array(0), true);
  yield* ready;
}

/** xz by the xz-embedded decoder in WebAssembly. */
async function* unxz(chunks: AsyncIterable<Uint8Array>, onDamage: OnDamage): AsyncGenerator<Uint8Array> {
  const input = chunks[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await input.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
  });
  const reader = new XzReadableStream(packed).getReader();
  for (;;) {
    let next: Awaited<ReturnType<typeof reader.read>>;
    try {
      next = await reader.read();
    } catch (error) {
      onDamage(reason(error));
      break;
    }
    if (next.done) break;
    // The decoder hands out views of one output buffer.
    yield next.value.slice();
  }
  // The rest still belongs to the checksum of the file as read.
  while ((await input.next()).done !== true);
}

/** The bytes of a stream of that packing, unpacked; damage ends the output and is told once. */
export function unpack(
  packing: Packing,
  chunks: AsyncIterable<Uint8Array>,
  onDamage: OnDamage,
): AsyncIterable<Uint8Array> {
  switch (packing) {
    case 'plain':
      return chunks;
    case 'gz':
      return defused(chunks, (all) => gunzip(all, onDamage), onDamage);
    case 'xz':
      return defused(chunks, (all) => unxz(all, onDamage), onDamage);
    case 'zst':
      return defused(chunks, (all) => unzstd(all, onDamage), onDamage);
    default: {
      const never: never = packing;
      throw new Error(`unknown packing ${String(never)}`);
    }
  }
}
