// Kernel addresses as dense numbers: 64-bit values interned by their halves, without BigInt or string.

function mix(high: number, low: number): number {
  let hash = Math.imul(high ^ (low >>> 15), 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b);
  hash ^= hash >>> 13;
  return Math.imul(hash, 0xc2b2ae35) >>> 0;
}

/** Interns addresses; an id is an index from 0 in order of first sight. */
export class AddressTable {
  #mask = 1023;
  #slots = new Int32Array(1024).fill(-1);
  #high = new Int32Array(512);
  #low = new Int32Array(512);
  size = 0;

  /** The id of the address with these halves. */
  id(high: number, low: number): number {
    const h = high | 0;
    const l = low | 0;
    let slot = mix(h, l) & this.#mask;
    for (let id = this.#slots[slot]!; id !== -1; id = this.#slots[slot]!) {
      if (this.#high[id] === h && this.#low[id] === l) return id;
      slot = (slot + 1) & this.#mask;
    }
    return this.#add(h, l, slot);
  }

  /** The id of an address that is known already, or -1. */
  find(high: number, low: number): number {
    const h = high | 0;
    const l = low | 0;
    let slot = mix(h, l) & this.#mask;
    for (let id = this.#slots[slot]!; id !== -1; id = this.#slots[slot]!) {
      if (this.#high[id] === h && this.#low[id] === l) return id;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  high(id: number): number {
    return this.#high[id]!;
  }
  low(id: number): number {
    return this.#low[id]!;
  }

  /** Hex digits without 0x, at least `digits` of them; in one piece, where joined halves would stay three objects for each lock. */
  text(id: number, digits: number): string {
    const high = this.#high[id]!;
    const low = this.#low[id]!;
    const codes: number[] = [];
    for (let i = 15; i >= 0; i--) {
      const digit = ((i > 7 ? high : low) >>> (4 * (i & 7))) & 15;
      if (digit !== 0 || codes.length > 0 || i < Math.max(digits, 1))
        codes.push(digit + (digit < 10 ? 48 : 87));
    }
    return String.fromCharCode(...codes);
  }

  #add(high: number, low: number, slot: number): number {
    const id = this.size++;
    if (id >= this.#high.length) {
      const wider = (old: Int32Array) => {
        const grown = new Int32Array(old.length * 2);
        grown.set(old);
        return grown;
      };
      this.#high = wider(this.#high);
      this.#low = wider(this.#low);
    }
    this.#high[id] = high;
    this.#low[id] = low;
    this.#slots[slot] = id;
    if (this.size * 2 > this.#mask) this.#rehash();
    return id;
  }

  #rehash(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    for (let id = 0; id < this.size; id++) {
      let slot = mix(this.#high[id]!, this.#low[id]!) & this.#mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = id;
    }
  }
}
