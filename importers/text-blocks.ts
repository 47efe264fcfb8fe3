// Bytes of a text file in, blocks of whole decoded lines out, in bounded memory.
import { isAscii, isUtf8 } from 'node:buffer';

/** Longest line that is kept, in bytes: 1 MiB. */
export const MAX_LINE_BYTES = 1 << 20;

/** Some whole lines. */
export interface TextBlock {
  /** Lines joined by `\n`, without the final one; carriage returns at line ends may still be there. */
  readonly text: string;
  /** 1-based number of the first line. */
  readonly firstLine: number;
  /** Number of lines, at least 1. */
  readonly lines: number;
}

/** Some whole lines, as bytes where each is a character of ASCII. */
export interface ByteBlock {
  /** Null where there are other characters; then there is a text. Valid until the next block is asked for. */
  readonly bytes: Buffer | null;
  readonly text: string;
  readonly firstLine: number;
  /** To be set by who reads bytes: nobody counts them before. */
  lines: number;
}

/** What went wrong on the way, by line. */
export interface TextTrouble {
  /** `bytes` invalid sequences were replaced, the first of them in line `line`. */
  invalidUtf8(line: number, sequences: number): void;
  lineTooLong(line: number): void;
}

/** Blocks are cut to about this size, in bytes: V8 makes small strings ten times faster than large ones. */
const BLOCK_BYTES = 1 << 16;

const LF = 0x0a;
const CR = 0x0d;

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** Turns UTF-16 with a byte order mark into UTF-8; every other stream passes unchanged (a UTF-8 mark is dropped). */
async function* toUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | null = new Uint8Array(0);
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (start !== null) {
      bytes = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
      if (bytes.length < 3) {
        start = bytes;
        continue;
      }
      start = null;
      if (bytes[0] === 0xff && bytes[1] === 0xfe) decoder = new TextDecoder('utf-16le');
      else if (bytes[0] === 0xfe && bytes[1] === 0xff) decoder = new TextDecoder('utf-16be');
      else if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    }
    if (decoder === null) yield bytes;
    else yield Buffer.from(decoder.decode(bytes, { stream: true }), 'utf8');
  }
  if (start !== null && start.length > 0) yield start;
  if (decoder !== null) yield Buffer.from(decoder.decode(), 'utf8');
}

class Decoder {
  #line = 1;
  #last: ByteBlock | null = null;
  constructor(
    readonly trouble: TextTrouble,
    /** True if blocks of ASCII stay bytes. */
    readonly asBytes: boolean,
  ) {}

  /** Number of the next line. */
  get line(): number {
    this.#line += this.#last?.lines ?? 0;
    this.#last = null;
    return this.#line;
  }

  /** Decodes bytes that begin and end at line borders (the last newline left out). */
  block(bytes: Uint8Array): ByteBlock {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const firstLine = this.line;
    let text: string;
    if (isAscii(buffer)) {
      if (this.asBytes) {
        this.#last = { bytes: buffer, text: '', firstLine, lines: 0 };
        return this.#last;
      }
      text = buffer.toString('latin1');
    } else {
      text = buffer.toString('utf8');
      if (!isUtf8(buffer)) this.#countInvalid(text, firstLine);
    }
    this.#last = { bytes: null, text, firstLine, lines: countLines(text) };
    return this.#last;
  }

  #countInvalid(text: string, firstLine: number): void {
    const first = text.indexOf('\ufffd');
    if (first === -1) return;
    let sequences = 0;
    for (let at = first; at !== -1; at = text.indexOf('\ufffd', at + 1)) sequences++;
    this.trouble.invalidUtf8(firstLine + countLines(text.slice(0, first)) - 1, sequences);
  }
}

/** Blocks of whole lines as text. */
export function textBlocks(
  chunks: AsyncIterable<Uint8Array>,
  trouble: TextTrouble,
): AsyncGenerator<TextBlock> {
  return blocksOf(chunks, new Decoder(trouble, false));
}

/** The same, as bytes where that is the same as text. */
export function byteBlocks(
  chunks: AsyncIterable<Uint8Array>,
  trouble: TextTrouble,
): AsyncGenerator<ByteBlock> {
  return blocksOf(chunks, new Decoder(trouble, true));
}

/**
 * Cuts a stream of bytes into blocks of whole lines. Lines end at `\n`; a file whose first 64 KiB hold `\r` but no
 * `\n` is taken to end its lines with `\r`. What is longer than MAX_LINE_BYTES is cut and counted.
 */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>, decoder: Decoder): AsyncGenerator<ByteBlock> {
  let carry: Uint8Array[] = [];
  let carried = 0;
  /** True while the rest of a line that was cut is thrown away. */
  let dropping = false;
  let newline: number | null = null;

  for await (const chunk of toUtf8(chunks)) {
    let bytes = chunk;
    if (newline === null) {
      if (bytes.includes(LF)) newline = LF;
      else if (carried + bytes.length >= 1 << 16) newline = bytes.includes(CR) ? CR : LF;
    }
    if (newline === CR) {
      bytes = Uint8Array.from(bytes, (byte) => (byte === CR ? LF : byte));
      carry = carry.map((part) => Uint8Array.from(part, (byte) => (byte === CR ? LF : byte)));
    }
    if (dropping) {
      const end = bytes.indexOf(LF);
      if (end === -1) continue;
      bytes = bytes.subarray(end + 1);
      dropping = false;
    }
    const last = bytes.lastIndexOf(LF);
    if (last !== -1) {
      let from = 0;
      if (carried > 0) {
        from = bytes.indexOf(LF) + 1;
        yield decoder.block(Buffer.concat([...carry, bytes.subarray(0, from - 1)]));
        carry = [];
        carried = 0;
      }
      while (from <= last) {
        const cut = last - from > BLOCK_BYTES ? bytes.lastIndexOf(LF, from + BLOCK_BYTES) : last;
        // A line longer than a block is a block of its own.
        const end = cut < from ? bytes.indexOf(LF, from) : cut;
        yield decoder.block(bytes.subarray(from, end));
        from = end + 1;
      }
      bytes = bytes.subarray(last + 1);
    }
    if (bytes.length > 0) {
      // A copy (slice() of a Buffer is none): the reader may use the chunk's memory again.
      carry.push(Buffer.from(bytes));
      carried += bytes.length;
    }
    if (carried > MAX_LINE_BYTES) {
      decoder.trouble.lineTooLong(decoder.line);
      yield decoder.block(Buffer.concat(carry).subarray(0, MAX_LINE_BYTES));
      carry = [];
      carried = 0;
      dropping = true;
    }
  }
  if (carried > 0) {
    const rest = Buffer.concat(carry);
    if (newline === null && rest.includes(CR))
      for (let i = 0; i < rest.length; i++) if (rest[i] === CR) rest[i] = LF;
    const end = rest[rest.length - 1] === LF ? rest.length - 1 : rest.length;
    yield decoder.block(rest.subarray(0, end));
  }
}
