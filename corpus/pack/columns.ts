// Event columns as raw little-endian bytes, and back into aligned typed arrays.
import type { EventColumns } from '../schema/event.js';

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Each column with the array type that holds it; the order is that of the packed form. */
const COLUMN_TYPES = {
  kind: Uint8Array,
  task: Uint32Array,
  lock: Int32Array,
  mode: Uint8Array,
  site: Int32Array,
  peer: Int32Array,
  cpu: Int32Array,
  context: Uint8Array,
  known: Uint8Array,
  disabled: Uint8Array,
  episode: Uint32Array,
  timeNs: BigInt64Array,
  where: Float64Array,
} as const satisfies { readonly [K in keyof EventColumns]: new (buffer: ArrayBuffer) => EventColumns[K] };

type Column = EventColumns[keyof EventColumns];
export type PackedColumns = Readonly<Record<string, Uint8Array>>;

/** Reverses the bytes of each element of `width` bytes in place: s390x stores the largest first. */
export function swapBytes(bytes: Uint8Array, width: number): Uint8Array {
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
  return bytes;
}

export function packColumns(columns: EventColumns): PackedColumns {
  const packed: Record<string, Uint8Array> = {};
  for (const name of Object.keys(COLUMN_TYPES) as (keyof EventColumns)[]) {
    const column: Column = columns[name];
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    packed[name] = HOST_IS_LITTLE_ENDIAN ? bytes : swapBytes(bytes.slice(), column.BYTES_PER_ELEMENT);
  }
  return packed;
}

/** The columns, or null if one is missing or they are not of one length. */
export function unpackColumns(packed: PackedColumns): EventColumns | null {
  const columns: Partial<Record<keyof EventColumns, Column>> = {};
  let length = -1;
  for (const name of Object.keys(COLUMN_TYPES) as (keyof EventColumns)[]) {
    const type = COLUMN_TYPES[name];
    // Captures stored before 0.2 do not say whether interrupts were on.
    const bytes =
      packed[name] ?? (name === 'disabled' ? new Uint8Array(packed['kind']?.length ?? 0) : undefined);
    if (bytes === undefined || bytes.byteLength % type.BYTES_PER_ELEMENT !== 0) return null;
    // A copy: the packed bytes stand at any offset, typed arrays need an aligned one.
    const copy = new Uint8Array(bytes);
    if (!HOST_IS_LITTLE_ENDIAN) swapBytes(copy, type.BYTES_PER_ELEMENT);
    const column = new type(copy.buffer);
    if (length !== -1 && column.length !== length) return null;
    length = column.length;
    columns[name] = column;
  }
  return columns as EventColumns;
}
