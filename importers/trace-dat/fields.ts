// Compiled readers: a field of an event's format becomes a function that reads it out of the record at hand.
import type { Field } from './event-format.js';
import type { CpuRecords } from './ring-buffer.js';

/** Reads a number out of the record; what `absent` said where the record is too short for it. */
export type ReadNumber = (record: CpuRecords) => number;

/** A field of 1, 2, 4 or 8 bytes; of 8 bytes the low 32 bits. A field that the format lacks is always `absent`. */
export function numberReader(field: Field | undefined, bigEndian: boolean, absent: number): ReadNumber {
  if (field === undefined) return () => absent;
  const { offset, size, signed } = field;
  const end = offset + size;
  const little = !bigEndian;
  switch (size) {
    case 1:
      return (record) => {
        if (record.length < end) return absent;
        const at = record.payload + offset;
        return signed ? record.view.getInt8(at) : record.view.getUint8(at);
      };
    case 2:
      return (record) => {
        if (record.length < end) return absent;
        const at = record.payload + offset;
        return signed ? record.view.getInt16(at, little) : record.view.getUint16(at, little);
      };
    case 4:
    case 8: {
      const low = offset + (size === 8 && bigEndian ? 4 : 0);
      return (record) => {
        if (record.length < end) return absent;
        const at = record.payload + low;
        return signed ? record.view.getInt32(at, little) : record.view.getUint32(at, little);
      };
    }
    default:
      return () => absent;
  }
}

/** Both halves of a field of 4 or 8 bytes, as signed 32-bit numbers; absent fields are 0. */
export interface ReadHalves {
  readonly high: ReadNumber;
  readonly low: ReadNumber;
}

/** The halves of an address. */
export function halvesReader(field: Field | undefined, bigEndian: boolean): ReadHalves {
  if (field === undefined || (field.size !== 4 && field.size !== 8)) return { high: () => 0, low: () => 0 };
  const { offset, size } = field;
  const end = offset + size;
  const little = !bigEndian;
  const half = (at: number): ReadNumber => {
    return (record) => (record.length < end ? 0 : record.view.getInt32(record.payload + at, little));
  };
  if (size === 4) return { high: () => 0, low: half(offset) };
  return bigEndian
    ? { high: half(offset), low: half(offset + 4) }
    : { high: half(offset + 4), low: half(offset) };
}

/** Bytes of strings that are kept; a hostile file has a new one in each record. */
const MOST_STRING_BYTES = 16 << 20;

/** Interns strings by their bytes: text is made only of those that were not seen before. */
export class ByteStrings {
  #mask = 255;
  #slots = new Int32Array(256).fill(-1);
  readonly #hashes: number[] = [];
  /** What `make` gave for each string. */
  readonly #values: number[] = [];
  /** Where each string begins among the bytes of all, and where the next one does. */
  readonly #from: number[] = [];
  readonly #lengths: number[] = [];
  #bytes = new DataView(new ArrayBuffer(1 << 12));
  #used = 0;

  /** `make` is called once for each string, with its text up to a NUL; its number is the answer from then on. */
  constructor(readonly make: (text: string) => number) {}

  /** The number of the `length` bytes at `at`. */
  id(view: DataView, at: number, length: number): number {
    return this.#values[this.entry(view, at, length, -1)]!;
  }

  /** What `make` gave for an entry. */
  valueOf(entry: number): number {
    return this.#values[entry]!;
  }

  /** The entry of the `length` bytes at `at`; `guess`, an entry or -1, is compared first: a lock mostly keeps its name. */
  entry(view: DataView, at: number, length: number, guess: number): number {
    if (guess >= 0 && this.#lengths[guess] === length && this.#isSame(this.#from[guess]!, view, at, length))
      return guess;
    let hash = length;
    const words = at + (length & ~3);
    const end = at + length;
    let i = at;
    for (; i < words; i += 4) hash = Math.imul(hash ^ view.getInt32(i, true), 0x9e3779b1);
    for (; i < end; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x85ebca6b);
    hash ^= hash >>> 15;
    let slot = hash & this.#mask;
    for (let id = this.#slots[slot]!; id !== -1; id = this.#slots[slot]!) {
      if (
        this.#hashes[id] === hash &&
        this.#lengths[id] === length &&
        this.#isSame(this.#from[id]!, view, at, length)
      )
        return id;
      slot = (slot + 1) & this.#mask;
    }
    return this.#add(view, at, length, hash, slot);
  }

  #isSame(from: number, view: DataView, at: number, length: number): boolean {
    const bytes = this.#bytes;
    const words = length & ~3;
    let i = 0;
    for (; i < words; i += 4)
      if (bytes.getInt32(from + i, true) !== view.getInt32(at + i, true)) return false;
    for (; i < length; i++) if (bytes.getUint8(from + i) !== view.getUint8(at + i)) return false;
    return true;
  }

  #add(view: DataView, at: number, length: number, hash: number, slot: number): number {
    if (this.#used + length > MOST_STRING_BYTES) return 0;
    while (this.#used + length > this.#bytes.byteLength) {
      const wider = new Uint8Array(2 * this.#bytes.byteLength);
      wider.set(new Uint8Array(this.#bytes.buffer));
      this.#bytes = new DataView(wider.buffer);
    }
    const bytes = new Uint8Array(this.#bytes.buffer, this.#used, length);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, length));
    const id = this.#hashes.push(hash) - 1;
    this.#from.push(this.#used);
    this.#lengths.push(length);
    // A length of its own for each string, so that even empty ones are bounded.
    this.#used += length + 8;
    const nul = bytes.indexOf(0);
    this.#values.push(
      this.make(Buffer.from(bytes.subarray(0, nul === -1 ? length : nul)).toString('latin1')),
    );
    this.#slots[slot] = id;
    if (this.#hashes.length * 2 > this.#mask) this.#rehash();
    return id;
  }

  #rehash(): void {
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    this.#hashes.forEach((hash, id) => {
      let slot = hash & this.#mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = id;
    });
  }
}

/** Longest string that is interned; the kernel's are shorter, a hostile file's may be 64 KiB each. */
const MAX_STRING = 512;

/** Reads a string field (fixed array, `__data_loc`, `__rel_loc`) as its number in `strings`; `absent` if it is not there. */
export function stringReader(
  field: Field | undefined,
  bigEndian: boolean,
  strings: ByteStrings,
  absent: number,
): ReadNumber {
  if (field === undefined) return () => absent;
  const { offset, size, place } = field;
  const little = !bigEndian;
  if (place === 'here') {
    return (record) => {
      const length = size === 0 ? record.length - offset : size;
      if (length <= 0 || record.length < offset + length) return absent;
      const start = record.payload + offset;
      // What stands behind the NUL is left over from another string.
      let end = start;
      const most = start + Math.min(length, MAX_STRING);
      while (end < most && record.view.getUint8(end) !== 0) end++;
      return strings.id(record.view, start, end - start);
    };
  }
  const base = place === 'rel-loc' ? offset + 4 : 0;
  return (record) => {
    if (record.length < offset + 4) return absent;
    const word = record.view.getUint32(record.payload + offset, little);
    const from = base + (word & 0xffff);
    let length = word >>> 16;
    if (from + length > record.length || length === 0) return absent;
    if (length > MAX_STRING) length = MAX_STRING;
    return strings.id(record.view, record.payload + from, length);
  };
}
