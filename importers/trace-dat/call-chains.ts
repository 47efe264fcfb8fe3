// Addresses of the traced kernel as function names, one by one and as call chains; each is looked up once.
import type { TraceMachine } from '../ftrace/platform.js';
import { AddressTable } from '../trace-events/address-table.js';
import type { Field } from './event-format.js';
import { halvesReader, numberReader, type ReadHalves, type ReadNumber } from './fields.js';
import type { CpuRecords } from './ring-buffer.js';
import { Symbols } from './symbols.js';

/** More chains than any kernel has; beyond that they are looked up anew each time. */
const MOST_CHAINS = 1 << 17;
const MOST_FRAMES = 128;

/** Function names by address. The symbols are read when the first one is asked for. */
export class FunctionNames {
  readonly #load: () => Uint8Array | null;
  #symbols: Symbols | null = null;
  readonly #table = new AddressTable();
  readonly #names: (string | null)[] = [];

  readonly #machine: TraceMachine;

  /** `machine` hears of each function once. */
  constructor(load: () => Uint8Array | null, machine: TraceMachine) {
    this.#load = load;
    this.#machine = machine;
  }

  /** A number for the address, to know it again. */
  id(high: number, low: number): number {
    return this.#table.id(high, low);
  }

  /** The function that the address lies in, or null. */
  nameOf(id: number): string | null {
    const known = this.#names[id];
    if (known !== undefined) return known;
    this.#symbols ??= new Symbols(this.#load() ?? new Uint8Array(0));
    const found = this.#symbols.nameAt(this.#table.high(id), this.#table.low(id));
    const name = found === null ? null : (/^\S+/.exec(found)?.[0] ?? null);
    if (found !== null && name !== null) this.#machine.frame(name, found);
    this.#names[id] = name;
    return name;
  }
}

/** Reads the call chain out of `kernel_stack` records. */
export class CallChains {
  readonly #names: FunctionNames;
  readonly #caller: Field | undefined;
  readonly #size: ReadNumber;
  readonly #little: boolean;
  readonly #width: number;
  readonly #chains = new Map<string, readonly string[]>();
  readonly #ids: number[] = [];

  constructor(names: FunctionNames, fields: ReadonlyMap<string, Field>, bigEndian: boolean, longSize: 4 | 8) {
    this.#names = names;
    this.#caller = fields.get('caller');
    this.#size = numberReader(fields.get('size'), bigEndian, -1);
    this.#little = !bigEndian;
    this.#width = longSize;
  }

  /** Functions, innermost first. Equal chains are the same array. */
  read(record: CpuRecords): readonly string[] {
    const field = this.#caller;
    const ids = this.#ids;
    ids.length = 0;
    if (field === undefined) return [];
    const width = this.#width;
    const there = Math.floor((record.length - field.offset) / width);
    const size = this.#size(record);
    // The declared length of the array is that of kernels before 5.x; how many there are is told by `size`, or by the record.
    const count = Math.min(there, size > 0 ? size : there, MOST_FRAMES);
    for (let i = 0; i < count; i++) {
      const at = record.payload + field.offset + i * width;
      const first = record.view.getInt32(at, this.#little);
      const second = width === 8 ? record.view.getInt32(at + 4, this.#little) : 0;
      const high = width === 4 ? 0 : this.#little ? second : first;
      const low = width === 4 || this.#little ? first : second;
      // 0 and -1 end a chain that has no length.
      if ((high === 0 || width === 4) && low === 0) break;
      if (low === -1 && (high === -1 || width === 4)) break;
      ids.push(this.#names.id(high, low));
    }
    const key = String.fromCharCode(...ids.flatMap((id) => [id & 0xffff, id >>> 16]));
    const known = this.#chains.get(key);
    if (known !== undefined) return known;
    const frames = ids.map((id) => this.#names.nameOf(id)).filter((name) => name !== null);
    if (this.#chains.size < MOST_CHAINS) this.#chains.set(key, frames);
    return frames;
  }
}

/** Reads one address field as the number of a function. */
export function functionReader(
  names: FunctionNames,
  field: Field | undefined,
  bigEndian: boolean,
): ReadNumber | null {
  if (field === undefined) return null;
  const halves: ReadHalves = halvesReader(field, bigEndian);
  return (record) => names.id(halves.high(record), halves.low(record));
}
