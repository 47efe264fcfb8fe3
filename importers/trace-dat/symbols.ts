// kallsyms of the traced machine: which function an address lies in.

const NEWLINE = 0x0a;

/** The value of a hex digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Symbols in order of address; names stay in the text until one is asked for. */
export class Symbols {
  readonly #text: Buffer;
  #high: Uint32Array;
  #low: Uint32Array;
  /** Where each name begins in the text. */
  #nameAt: Uint32Array;
  #size = 0;

  /** Reads lines of `/proc/kallsyms`; those that are none are passed over. */
  constructor(text: Uint8Array) {
    this.#text = Buffer.from(text.buffer, text.byteOffset, text.length);
    // A line has at least `address type name`: 16 bytes of them, or 12 on 32-bit machines.
    const most = Math.ceil(text.length / 12) + 1;
    this.#high = new Uint32Array(most);
    this.#low = new Uint32Array(most);
    this.#nameAt = new Uint32Array(most);
    const bytes = this.#text;
    let sorted = true;
    for (let at = 0; at < bytes.length; ) {
      let high = 0;
      let low = 0;
      let digits = 0;
      for (let digit = hexDigit(bytes[at] ?? 0); digit !== -1; digit = hexDigit(bytes[at] ?? 0)) {
        high = ((high << 4) | (low >>> 28)) >>> 0;
        low = ((low << 4) | digit) >>> 0;
        digits++;
        at++;
      }
      // ` T name`; data symbols are kept out, since code does not run in them, but per-CPU ones share the low addresses.
      const type = bytes[at + 1] ?? 0;
      const isCode = type === 0x54 || type === 0x74 || type === 0x57 || type === 0x77;
      if (digits >= 4 && isCode && (high !== 0 || low !== 0) && this.#size < most) {
        const i = this.#size++;
        this.#high[i] = high;
        this.#low[i] = low;
        this.#nameAt[i] = at + 3;
        if (i > 0 && this.#isBefore(i, i - 1)) sorted = false;
      }
      const end = bytes.indexOf(NEWLINE, at);
      at = end === -1 ? bytes.length : end + 1;
    }
    if (!sorted) this.#sort();
  }

  #isBefore(a: number, b: number): boolean {
    const [high, other] = [this.#high[a]!, this.#high[b]!];
    return high < other || (high === other && this.#low[a]! < this.#low[b]!);
  }

  #sort(): void {
    const order = new Uint32Array(this.#size);
    for (let i = 0; i < order.length; i++) order[i] = i;
    order.sort((a, b) => this.#high[a]! - this.#high[b]! || this.#low[a]! - this.#low[b]! || a - b);
    const pick = (from: Uint32Array): Uint32Array => order.map((i) => from[i]!);
    [this.#high, this.#low, this.#nameAt] = [pick(this.#high), pick(this.#low), pick(this.#nameAt)];
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The function whose code the address lies in: the last symbol at or below it, with `\t[module]` behind it where it is in
   * one. Null if there is none.
   */
  nameAt(high: number, low: number): string | null {
    const [h, l] = [high >>> 0, low >>> 0];
    let from = 0;
    let to = this.#size;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const mh = this.#high[middle]!;
      if (mh < h || (mh === h && this.#low[middle]! <= l)) from = middle + 1;
      else to = middle;
    }
    if (from === 0) return null;
    // Of several names of one address trace-cmd takes the first.
    let i = from - 1;
    while (i > 0 && this.#high[i - 1] === this.#high[i] && this.#low[i - 1] === this.#low[i]) i--;
    const start = this.#nameAt[i]!;
    let end = start;
    for (; end < this.#text.length; end++) {
      const byte = this.#text[end]!;
      if (byte === NEWLINE) break;
    }
    return this.#text.toString('latin1', start, end);
  }
}
