// Reads numbers and strings of the container in sequence; once it runs out of the file it stays broken and yields nothing.
import type { RandomAccess } from '../random-access.js';

const WINDOW_BYTES = 1 << 14;

/** Position in a file of either byte order. After `broken` has been set every number is 0 and every text empty. */
export class Cursor {
  /** Why reading stopped, or null. */
  broken: string | null = null;
  #window = Buffer.alloc(0);
  #windowAt = 0;

  constructor(
    readonly file: RandomAccess,
    readonly bigEndian: boolean,
    public at: number,
  ) {}

  /** Bytes from here to the end of the file. */
  get left(): number {
    return Math.max(0, this.file.size - this.at);
  }

  fail(why: string): void {
    this.broken ??= why;
  }

  #take(n: number): Buffer | null {
    if (this.broken !== null) return null;
    const from = this.at - this.#windowAt;
    if (from < 0 || from + n > this.#window.length) {
      this.#window = Buffer.allocUnsafe(Math.max(n, Math.min(WINDOW_BYTES, this.left)));
      const got = this.file.readAt(this.#window, this.at);
      this.#window = this.#window.subarray(0, got);
      this.#windowAt = this.at;
      if (got < n) {
        this.fail('the file ends there');
        return null;
      }
    }
    const start = this.at - this.#windowAt;
    this.at += n;
    return this.#window.subarray(start, start + n);
  }

  u8(): number {
    return this.#take(1)?.[0] ?? 0;
  }
  u16(): number {
    const bytes = this.#take(2);
    return bytes === null ? 0 : this.bigEndian ? bytes.readUInt16BE() : bytes.readUInt16LE();
  }
  u32(): number {
    const bytes = this.#take(4);
    return bytes === null ? 0 : this.bigEndian ? bytes.readUInt32BE() : bytes.readUInt32LE();
  }
  /** A u64 as written. */
  big(): bigint {
    const bytes = this.#take(8);
    return bytes === null ? 0n : this.bigEndian ? bytes.readBigUInt64BE() : bytes.readBigUInt64LE();
  }
  /** A u64 that counts or places something: beyond 2^53 it is broken. */
  u64(): number {
    const value = this.big();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.fail('a size or place beyond 2^53');
      return 0;
    }
    return Number(value);
  }
  /** Bytes up to a NUL, at most `most`. */
  zstr(most = 4096): string {
    const bytes: number[] = [];
    for (;;) {
      const byte = this.u8();
      if (byte === 0) break;
      if (bytes.length >= most) {
        this.fail('a name without end');
        break;
      }
      bytes.push(byte);
    }
    return Buffer.from(bytes).toString('latin1');
  }
  /** A copy of the next `n` bytes; broken if there are not so many, or more than `most`. */
  bytes(n: number, most: number): Buffer {
    if (this.broken === null && (n > most || n > this.left)) this.fail('a size larger than what is there');
    if (this.broken !== null || n === 0) return Buffer.alloc(0);
    const into = Buffer.allocUnsafe(n);
    if (this.file.readAt(into, this.at) < n) {
      this.fail('the file ends there');
      return Buffer.alloc(0);
    }
    this.at += n;
    return into;
  }
  skip(n: number): void {
    if (n > this.left) this.fail('a size larger than what is there');
    else this.at += n;
  }
}
