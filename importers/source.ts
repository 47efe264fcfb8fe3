// A file or pipe that is being imported: raw bytes once through, decoded blocks and lines out.
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { CaptureId } from '../corpus/schema/ids.js';
import { packingOf, unpack } from './decompress.js';
import { fileAccess, type RandomAccess, spool } from './random-access.js';
import { type ByteBlock, byteBlocks, type TextBlock, type TextTrouble, textBlocks } from './text-blocks.js';

export type { TextBlock } from './text-blocks.js';

/** Longest head that is shown to `Importer.sniff`, in characters. */
export const HEAD_CHARS = 1 << 16;
const CHUNK_BYTES = 1 << 19;

/** What damaged a source on its way in; an importer turns it into skips. */
export interface SourceDamage {
  /** Invalid UTF-8 sequences that were replaced. */
  readonly invalidUtf8: number;
  readonly firstInvalidLine: number | null;
  /** 1-based numbers of the lines that were cut at 1 MiB (at most the first hundred). */
  readonly longLines: readonly number[];
  readonly longLineCount: number;
  /** Why the compressed stream ended early, or null. */
  readonly cutShort: string | null;
}

/** Untrusted bytes, read once from front to back. */
export interface Source {
  /** As named on the command line; `-` for stdin. */
  readonly name: string;
  /** Raw bytes read so far, before decompression. */
  readonly bytesRead: number;
  readonly damage: SourceDamage;
  /** The first decoded text, at most HEAD_CHARS; may be called any number of times, before or during the reading. */
  head(): Promise<string>;
  /** The unpacked bytes behind the head, at least 64 KiB where the file has them; for formats that are not text. */
  headBytes(): Promise<Uint8Array>;
  /** Blocks of whole lines; the stream can be read only once, as blocks, lines or bytes. */
  blocks(): AsyncIterable<TextBlock>;
  /** The same for importers that read bytes where they are text: only ASCII comes so. */
  byteBlocks(): AsyncIterable<ByteBlock>;
  /** The unpacked bytes in chunks of any size, for importers that read bytes. A chunk is not changed afterwards. */
  bytes(): AsyncIterable<Uint8Array>;
  /** The same for importers that keep nothing of a chunk: it is read over when the next one but one is asked for. */
  briefBytes(): AsyncIterable<Uint8Array>;
  /**
   * All unpacked bytes, to be read at any position: of a plain file through its handle, of everything else spooled.
   * In the place of blocks, lines or bytes; whoever asks closes what it gets, before it closes the source.
   */
  randomAccess(): Promise<RandomAccess>;
  /** The same as batches of lines without line ends. */
  lines(): AsyncIterable<readonly string[]>;
  /** Reads what is left and names the content: sha256 of the raw bytes. */
  sha256(): Promise<CaptureId>;
  close(): Promise<void>;
}

/** Why a source could not be opened, as title, facts and next step. */
export interface SourceProblem {
  readonly title: string;
  readonly facts: readonly string[];
  readonly next: string;
}

export type Opened =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly problem: SourceProblem };

/** Bytes that several sources may unpack to in all; what goes beyond is cut. */
export interface ByteBudget {
  left: number;
}

class StreamSource implements Source {
  bytesRead = 0;
  readonly #hash: Hash = createHash('sha256');
  readonly #raw: AsyncIterator<Uint8Array>;
  readonly #close: () => Promise<void>;
  #unpacked: AsyncIterator<Uint8Array> | null = null;
  /** Unpacked chunks read for the head and not handed out yet. */
  #ahead: Uint8Array[] = [];
  #headBytes: Uint8Array | null = null;
  #plain = false;
  #head: string | null = null;
  #id: CaptureId | null = null;
  #invalidUtf8 = 0;
  #firstInvalidLine: number | null = null;
  readonly #longLines: number[] = [];
  #longLineCount = 0;
  #cutShort: string | null = null;

  constructor(
    readonly name: string,
    chunks: AsyncIterable<Uint8Array>,
    close: () => Promise<void>,
    /** The open file, if these are the bytes of one. */
    readonly handle: FileHandle | null = null,
    readonly budget: ByteBudget | null = null,
    readonly lending: Lending | null = null,
  ) {
    this.#raw = chunks[Symbol.asyncIterator]();
    this.#close = close;
  }

  get damage(): SourceDamage {
    return {
      invalidUtf8: this.#invalidUtf8,
      firstInvalidLine: this.#firstInvalidLine,
      longLines: this.#longLines,
      longLineCount: this.#longLineCount,
      cutShort: this.#cutShort,
    };
  }

  async #nextRaw(): Promise<Uint8Array | null> {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await this.#raw.next();
    } catch (error) {
      this.#cutShort ??= error instanceof Error ? error.message : String(error);
      return null;
    }
    if (next.done === true) return null;
    this.bytesRead += next.value.length;
    this.#hash.update(next.value);
    return next.value;
  }

  async *#rawFrom(first: Uint8Array | null): AsyncGenerator<Uint8Array> {
    if (first !== null) yield first;
    for (let chunk = await this.#nextRaw(); chunk !== null; chunk = await this.#nextRaw()) yield chunk;
  }

  async *#unpack(): AsyncGenerator<Uint8Array> {
    // A magic number is six bytes; a pipe may hand over fewer at first.
    let first = await this.#nextRaw();
    while (first !== null && first.length < 6) {
      const more = await this.#nextRaw();
      if (more === null) break;
      first = Buffer.concat([first, more]);
    }
    const packing = first === null ? 'plain' : packingOf(first);
    this.#plain = packing === 'plain';
    const unpacked = unpack(packing, this.#rawFrom(first), (what) => {
      this.#cutShort ??= what;
    });
    if (this.budget === null) yield* unpacked;
    else yield* this.#withinBudget(unpacked, this.budget);
  }

  async *#withinBudget(chunks: AsyncIterable<Uint8Array>, budget: ByteBudget): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (chunk.length > budget.left) {
        this.#cutShort ??= 'it unpacks to more than is read of one archive';
        return;
      }
      budget.left -= chunk.length;
      yield chunk;
    }
  }

  #trouble(): TextTrouble {
    return {
      invalidUtf8: (line, sequences) => {
        this.#invalidUtf8 += sequences;
        this.#firstInvalidLine ??= line;
      },
      lineTooLong: (line) => {
        this.#longLineCount++;
        if (this.#longLines.length < 100) this.#longLines.push(line);
      },
    };
  }

  async headBytes(): Promise<Uint8Array> {
    if (this.#headBytes !== null) return this.#headBytes;
    this.#unpacked ??= this.#unpack();
    let length = 0;
    while (length < HEAD_CHARS) {
      const next = await this.#unpacked.next();
      if (next.done === true) break;
      this.#ahead.push(next.value);
      length += next.value.length;
    }
    this.#headBytes = this.#ahead.length === 1 ? this.#ahead[0]! : Buffer.concat(this.#ahead);
    return this.#headBytes;
  }

  async head(): Promise<string> {
    if (this.#head !== null) return this.#head;
    const bytes = await this.headBytes();
    // Four bytes are the most that a character takes; what is wrong in the head is told when it is read.
    const unheard: TextTrouble = { invalidUtf8: () => {}, lineTooLong: () => {} };
    async function* some(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 4 * HEAD_CHARS);
    }
    const texts: string[] = [];
    for await (const block of textBlocks(some(), unheard)) texts.push(block.text);
    this.#head = texts.join('\n').slice(0, HEAD_CHARS);
    return this.#head;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    await this.headBytes();
    const ahead = this.#ahead;
    this.#ahead = [];
    yield* ahead;
    for (;;) {
      const next = await this.#unpacked?.next();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  }

  async *briefBytes(): AsyncGenerator<Uint8Array> {
    await this.headBytes();
    if (this.#plain && this.lending !== null) this.lending.isBrief = true;
    yield* this.bytes();
  }

  async randomAccess(): Promise<RandomAccess> {
    await this.headBytes();
    if (this.#plain && this.handle !== null) {
      const { size } = await this.handle.stat();
      // A pipe or a device has no size: it is spooled like a stream.
      if (size > 0) return fileAccess(this.handle.fd, size);
    }
    return spool(this.bytes(), (what) => {
      this.#cutShort ??= what;
    });
  }

  blocks(): AsyncIterable<TextBlock> {
    // Blocks are strings: of a chunk that need not be unpacked nothing is kept.
    if (this.#plain && this.lending !== null) this.lending.isBrief = true;
    return textBlocks(this.bytes(), this.#trouble());
  }

  byteBlocks(): AsyncIterable<ByteBlock> {
    // Whoever reads a block is done with it when the next one is asked for.
    if (this.#plain && this.lending !== null) this.lending.isBrief = true;
    return byteBlocks(this.bytes(), this.#trouble());
  }

  async *lines(): AsyncGenerator<readonly string[]> {
    for await (const block of this.blocks()) {
      const lines = block.text.split('\n');
      if (block.text.includes('\r'))
        for (let i = 0; i < lines.length; i++) lines[i] = (lines[i] ?? '').replace(/\r+$/, '');
      yield lines;
    }
  }

  async sha256(): Promise<CaptureId> {
    if (this.#id !== null) return this.#id;
    // What is left is looked at by nobody else: a fresh buffer for each chunk would keep the garbage collector busy.
    if (this.lending !== null) {
      this.lending.isBrief = true;
      this.lending.isRest = this.handle !== null && (await this.handle.stat()).isFile();
    }
    while ((await this.#nextRaw()) !== null);
    this.#id = this.#hash.digest('hex') as CaptureId;
    return this.#id;
  }

  async close(): Promise<void> {
    await this.#close();
  }
}

/** What becomes of the chunks of a file. */
interface Lending {
  /** True once nobody keeps a chunk when the next one is asked for: then two buffers take turns. */
  isBrief: boolean;
  /** True once a regular file is read on for its checksum alone. */
  isRest: boolean;
}

/** Chunks of a rest that are read in place before the event loop gets a turn: 32 MB. */
const REST_CHUNKS = 64;

async function* readHandle(handle: FileHandle, lending: Lending): AsyncGenerator<Uint8Array> {
  const two: Buffer[] = [];
  let turn = 0;
  const ask = () => {
    let into: Buffer;
    // A fresh buffer each time: decoders keep views of what they were handed.
    if (!lending.isBrief) into = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    else {
      two[turn] ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
      into = two[turn]!;
      turn = 1 - turn;
    }
    return handle.read(into, 0, CHUNK_BYTES, null);
  };
  let asked = ask();
  try {
    for (;;) {
      const { bytesRead, buffer } = await asked;
      if (bytesRead === 0) return;
      if (lending.isRest) {
        yield buffer.subarray(0, bytesRead);
        // Handing each chunk to another thread and back costs more than copying it.
        for (let i = 0; i < REST_CHUNKS; i++) {
          const more = readSync(handle.fd, buffer, 0, CHUNK_BYTES, null);
          if (more === 0) return;
          yield buffer.subarray(0, more);
        }
        asked = ask();
        continue;
      }
      // The next chunk is on its way while this one is worked on.
      asked = ask();
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await asked.catch(() => {});
  }
}

/** A source over bytes that are already there: tests, members of an archive, a text handed in by another room. */
export function sourceOf(
  name: string,
  bytes: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  budget: ByteBudget | null = null,
): Source {
  const chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> =
    bytes instanceof Uint8Array ? [bytes] : bytes;
  async function* all(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  return new StreamSource(name, all(), async () => {}, null, budget);
}

const OPEN_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'There is no file of that name.',
  EISDIR: 'It is a directory.',
  EACCES: 'Permission to read it was denied.',
  EPERM: 'Permission to read it was denied.',
  ENOTDIR: 'A part of the path is not a directory.',
  ELOOP: 'The path runs in circles of symbolic links.',
  ENAMETOOLONG: 'The name is too long.',
};

function cannotOpen(path: string, code: string, message: string): Opened {
  const fact = OPEN_FAILURES[code] ?? message;
  return {
    ok: false,
    problem: {
      title: `cannot read ${path}`,
      facts: [fact],
      next:
        code === 'EISDIR'
          ? `relock import ${path}/*`
          : code === 'EACCES' || code === 'EPERM'
            ? `ls -l ${path}`
            : 'relock import --help',
    },
  };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** Opens a file, or the given stream for `-`. What goes wrong is data, not an exception. */
export async function openSource(path: string, stdin?: AsyncIterable<Uint8Array>): Promise<Opened> {
  if (path === '-') {
    if (stdin === undefined) return cannotOpen('-', '', 'Nothing is connected to standard input.');
    return { ok: true, source: new StreamSource('-', stdin, async () => {}) };
  }
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    return cannotOpen(path, codeOf(error), error instanceof Error ? error.message : String(error));
  }
  try {
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      return cannotOpen(path, 'EISDIR', '');
    }
  } catch (error) {
    await handle.close();
    return cannotOpen(path, codeOf(error), error instanceof Error ? error.message : String(error));
  }
  const lending: Lending = { isBrief: false, isRest: false };
  const chunks = readHandle(handle, lending);
  return { ok: true, source: new StreamSource(path, chunks, () => handle.close(), handle, null, lending) };
}
