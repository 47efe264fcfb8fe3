// Number rows: whole numbers one after the other in bytes, small ones short; read back without trust.

/** Writes into one buffer that grows. */
export class NumberWriter {
  #bytes: Uint8Array;
  #at = 0;

  /** `size`: bytes that will probably do. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, the lowest first. */
  count(n: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow();
    let left = n;
    while (left > 127) {
      this.#bytes[this.#at++] = (left % 128) | 128;
      left = Math.floor(left / 128);
    }
    this.#bytes[this.#at++] = left;
  }

  /** A whole number of 32 bits with a sign: four bytes, the lowest first. */
  word(n: number): void {
    if (this.#at + 4 > this.#bytes.length) this.#grow();
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.#at++] = (n >> shift) & 255;
  }

  /** What was written: a view, valid until more is written. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #grow(): void {
    const wider = new Uint8Array(this.#bytes.length * 2 + 16);
    wider.set(this.#bytes);
    this.#bytes = wider;
  }
}

/** Reads what a NumberWriter wrote. Of bytes that are something else it reads zeros, and `ended` says so. */
export class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #broken = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True if all was read, to the last byte, and nothing was missing. */
  get ended(): boolean {
    return !this.#broken && this.#at === this.#bytes.length;
  }

  count(): number {
    let n = 0;
    for (let unit = 1; unit <= 2 ** 49; unit *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      n += (byte & 127) * unit;
      if (byte < 128) return Number.isSafeInteger(n) ? n : this.#fail();
    }
    return this.#fail();
  }

  word(): number {
    if (this.#at + 4 > this.#bytes.length) return this.#fail();
    const at = this.#at;
    this.#at += 4;
    const [a, b, c, d] = [this.#bytes[at]!, this.#bytes[at + 1]!, this.#bytes[at + 2]!, this.#bytes[at + 3]!];
    return a | (b << 8) | (c << 16) | (d << 24);
  }

  /** How many rows follow, each of at least `least` bytes: a number that the bytes cannot hold is not believed. */
  length(least: number): number {
    const n = this.count();
    return n * least <= this.#bytes.length - this.#at ? n : this.#fail();
  }

  #fail(): number {
    this.#broken = true;
    return 0;
  }
}
