// The fields of lockdep's four events, which make up most of a recording: read in place, and the same code for all four.
import type { LockEventMapper } from '../trace-events/mapper.js';
import type { Field } from './event-format.js';
import { type ByteStrings, numberReader, type ReadNumber, stringReader } from './fields.js';
import type { CpuRecords } from './ring-buffer.js';

/** Longest name of a lock that is read in place. */
const MOST_NAME = 128;

/** The four events, by their numbers here. */
export const LOCK_EVENTS = ['lock_acquire', 'lock_acquired', 'lock_contended', 'lock_release'] as const;

/** Reads one of the four. Kernels whose fields are of other sizes (a 32-bit pointer) take the general way. */
export class LockFields {
  readonly #mapper: LockEventMapper;
  readonly #strings: ByteStrings;
  /** By the number of a lock's address: the entry of the name that it had last. Shared by all four. */
  readonly #names: (number | undefined)[];
  readonly #isUsual: boolean;
  readonly #little: boolean;
  readonly #high: number;
  readonly #low: number;
  readonly #nameAt: number;
  readonly #flagsAt: number;
  readonly #hasFlags: boolean;
  readonly #end: number;
  readonly #slowAddress: ReadNumber;
  readonly #slowName: ReadNumber;
  readonly #slowFlags: ReadNumber;

  constructor(
    mapper: LockEventMapper,
    strings: ByteStrings,
    names: (number | undefined)[],
    fields: ReadonlyMap<string, Field>,
    bigEndian: boolean,
    slowAddress: ReadNumber,
  ) {
    const name = fields.get('name');
    const pointer = fields.get('lockdep_addr');
    const flags = fields.get('flags');
    this.#mapper = mapper;
    this.#strings = strings;
    this.#names = names;
    this.#isUsual =
      pointer?.size === 8 && name?.place === 'data-loc' && (flags === undefined || flags.size === 4);
    this.#little = !bigEndian;
    this.#high = (pointer?.offset ?? 0) + (bigEndian ? 0 : 4);
    this.#low = (pointer?.offset ?? 0) + (bigEndian ? 4 : 0);
    this.#nameAt = name?.offset ?? 0;
    this.#flagsAt = flags?.offset ?? 0;
    this.#hasFlags = flags !== undefined;
    this.#end = Math.max(this.#high + 4, this.#low + 4, this.#nameAt + 4, this.#flagsAt + 4);
    this.#slowAddress = slowAddress;
    this.#slowName = stringReader(name, bigEndian, strings, mapper.name('(null)'));
    this.#slowFlags = numberReader(flags, bigEndian, 0);
  }

  /** Hands the record to the mapper as the event of that number. */
  take(event: number, record: CpuRecords): void {
    let lock: number;
    let name = -1;
    let flags = 0;
    if (this.#isUsual && record.length >= this.#end) {
      const { view, payload } = record;
      const little = this.#little;
      lock = this.#mapper.address(
        view.getInt32(payload + this.#high, little),
        view.getInt32(payload + this.#low, little),
      );
      const place = view.getUint32(payload + this.#nameAt, little);
      const from = place & 0xffff;
      const length = place >>> 16;
      if (length > 0 && length <= MOST_NAME && from + length <= record.length) {
        const guess = this.#names[lock] ?? -1;
        const entry = this.#strings.entry(view, payload + from, length, guess);
        if (entry !== guess) this.#names[lock] = entry;
        name = this.#strings.valueOf(entry);
      } else name = this.#slowName(record);
      if (this.#hasFlags) flags = view.getUint32(payload + this.#flagsAt, little);
    } else {
      lock = this.#slowAddress(record);
      name = this.#slowName(record);
      flags = this.#slowFlags(record);
    }
    if (event === 0) this.#mapper.lockAcquire(lock, name, flags);
    else if (event === 1) this.#mapper.lockAcquired(lock, name);
    else if (event === 2) this.#mapper.lockContended(lock, name);
    else this.#mapper.lockRelease(lock, name);
  }
}
