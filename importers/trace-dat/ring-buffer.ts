// Walks the records of one CPU through its sub-buffer pages (kernel/trace/ring_buffer.c): times, lengths, losses.
import type { Note } from './container.js';
import type { NextWindow, PageWindow } from './pages.js';

const TYPE_DATA_MAX = 28;
const TYPE_PADDING = 29;
const TYPE_TIME_EXTEND = 30;
const COMMIT_MASK = 0x07ff_ffff;
const MISSED_EVENTS = 0x8000_0000;
const MISSED_STORED = 0x4000_0000;
const TWO_TO_27 = 2 ** 27;
const TWO_TO_32 = 2 ** 32;

/** `lost` when records were lost and nobody counted them. */
export const LOST_UNKNOWN = -1;

/** What all CPUs of a file share. */
export interface RingShape {
  readonly bigEndian: boolean;
  readonly pageSize: number;
  /** Bytes of the kernel's long: 4 or 8. */
  readonly longSize: 4 | 8;
  /** Where `common_type` stands in a record, and its size (2, or 4 in no kernel yet). */
  readonly typeOffset: number;
  /** The stamp that is time 0 of the walk, in two halves: differences stay exact where stamps are beyond 2^53. */
  readonly baseHigh: number;
  readonly baseLow: number;
}

/**
 * The records of one CPU, one at a time: after `next` has said true, `payload`, `length`, `type` and `time` are those of
 * the record, and its bytes stand in `view` at `payload`. Nothing is allocated per record.
 */
export class CpuRecords {
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Stamp of the record, relative to the shape's base. */
  time = 0;
  /** Offset of the payload in `view`. */
  payload = 0;
  /** Bytes of the payload, with up to three of padding. */
  length = 0;
  /** `common_type`: id of the event; -1 where the record is too short to have one. */
  type = -1;
  /** Records that were lost directly before this one: 0, a number, or LOST_UNKNOWN. */
  lost = 0;
  /** Records read so far. */
  count = 0;
  pages = 0;
  readonly #window: PageWindow = { bytes: Buffer.alloc(0), where: 0, straight: true };
  #pageAt = 0;
  #at = 0;
  #end = 0;
  #lostNext = 0;
  readonly #little: boolean;
  readonly #pageSize: number;
  readonly #header: number;
  readonly #typeEnd: number;
  readonly #typeAt: number;

  constructor(
    readonly cpu: number,
    /** Place of the buffer that it belongs to in the file's list. */
    readonly buffer: number,
    readonly shape: RingShape,
    readonly nextWindow: NextWindow,
    readonly note: Note,
  ) {
    this.#little = !shape.bigEndian;
    this.#pageSize = shape.pageSize;
    this.#header = 8 + shape.longSize;
    this.#typeAt = shape.typeOffset;
    this.#typeEnd = shape.typeOffset + 2;
  }

  /** Where the record stands in the file, in bytes; where data are compressed, that of its chunk. */
  get where(): number {
    return this.#window.straight ? this.#window.where + this.payload : this.#window.where;
  }

  /** Goes to the next record; false at the end. */
  next(): boolean {
    const little = this.#little;
    for (;;) {
      const { view } = this;
      const end = this.#end;
      let at = this.#at;
      while (at + 4 <= end) {
        const word = view.getUint32(at, little);
        const kind = little ? word & 31 : word >>> 27;
        const delta = little ? word >>> 5 : word & COMMIT_MASK;
        if (kind <= TYPE_DATA_MAX) {
          let payload = at + 4;
          let length = kind * 4;
          if (kind === 0) {
            if (payload + 4 > end) break;
            const counted = view.getUint32(payload, little);
            if (counted < 4) break;
            payload += 4;
            length = counted - 4;
            if (length > end - payload) break;
            length = Math.min((length + 3) & ~3, end - payload);
          }
          if (payload + length > end) break;
          this.#at = payload + length;
          this.time += delta;
          this.payload = payload;
          this.length = length;
          this.type = length >= this.#typeEnd ? view.getUint16(payload + this.#typeAt, little) : -1;
          this.lost = this.#lostNext;
          this.#lostNext = 0;
          this.count++;
          return true;
        }
        if (kind === TYPE_PADDING) {
          // Nothing more on this page; the word behind may lie outside of it.
          if (delta === 0) {
            at = end;
            break;
          }
          if (at + 8 > end) break;
          // A discarded record. libtraceevent adds its delta, the kernel's own reader does not: times follow trace-cmd.
          const skip = view.getUint32(at + 4, little);
          if (skip < 4 || skip > end - at - 4) break;
          this.time += delta;
          at += 4 + skip;
          continue;
        }
        if (at + 8 > end) break;
        const high = view.getUint32(at + 4, little);
        if (kind === TYPE_TIME_EXTEND) this.time += high * TWO_TO_27 + delta;
        else this.#absolute(high, delta);
        at += 8;
      }
      if (at < end) this.note('trace_dat_page_rest_dropped');
      if (!this.#nextPage()) return false;
    }
  }

  /** An absolute stamp of 59 bits: the upper five are those of the time so far. */
  #absolute(high: number, delta: number): void {
    const { baseHigh, baseLow } = this.shape;
    const nowHigh = baseHigh + Math.floor((baseLow + this.time) / TWO_TO_32);
    const top = (nowHigh & 0xf800_0000) >>> 0;
    const low = ((high << 27) | delta) >>> 0;
    const stamp = ((high >>> 5) - baseHigh + top) * TWO_TO_32 + (low - baseLow);
    this.time = stamp < this.time && top !== 0 ? stamp + 2 ** 59 : stamp;
  }

  #nextPage(): boolean {
    const little = this.#little;
    for (;;) {
      let pageAt = this.#pageAt;
      if (pageAt + this.#header > this.#window.bytes.length) {
        if (!this.nextWindow(this.#window)) {
          this.#at = this.#end = 0;
          return false;
        }
        const { bytes } = this.#window;
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        pageAt = 0;
        if (bytes.length < this.#header) continue;
      }
      const { view } = this;
      this.#pageAt = pageAt + this.#pageSize;
      this.pages++;
      const { longSize, bigEndian, baseHigh, baseLow } = this.shape;
      const word = view.getUint32(pageAt + 8 + (bigEndian && longSize === 8 ? 4 : 0), little);
      const size = word & COMMIT_MASK;
      const start = pageAt + this.#header;
      const room = Math.min(view.byteLength, pageAt + this.#pageSize) - start;
      if (size > this.#pageSize - this.#header) {
        this.note('trace_dat_page_bad');
        continue;
      }
      if ((word & MISSED_EVENTS) !== 0) {
        // The number stands behind the data, where it fits.
        let lost = LOST_UNKNOWN;
        if ((word & MISSED_STORED) !== 0 && size + longSize <= room) {
          const low = view.getUint32(start + size + (bigEndian && longSize === 8 ? 4 : 0), little);
          if (low > 0) lost = low;
        }
        if (this.#lostNext === 0) this.#lostNext = lost;
        else
          this.#lostNext =
            lost === LOST_UNKNOWN || this.#lostNext === LOST_UNKNOWN ? LOST_UNKNOWN : this.#lostNext + lost;
      }
      if (size > room) this.note('trace_dat_cut_short');
      const high = view.getUint32(pageAt + (little ? 4 : 0), little);
      const low = view.getUint32(pageAt + (little ? 0 : 4), little);
      if (size > 0) this.time = (high - baseHigh) * TWO_TO_32 + (low - baseLow);
      this.#at = start;
      this.#end = start + Math.min(size, room);
      if (size > 0) return true;
    }
  }
}

/** The first stamp of a CPU's first page, in halves; null if there is no page. */
export function firstStamp(
  nextWindow: NextWindow,
  bigEndian: boolean,
): { readonly high: number; readonly low: number } | null {
  const window: PageWindow = { bytes: Buffer.alloc(0), where: 0, straight: true };
  if (!nextWindow(window) || window.bytes.length < 8) return null;
  const { bytes } = window;
  return bigEndian
    ? { high: bytes.readUInt32BE(0), low: bytes.readUInt32BE(4) }
    : { high: bytes.readUInt32LE(4), low: bytes.readUInt32LE(0) };
}
