// What stands before the time on a line in the default layout, found again by its bytes; and the time behind it.
import type { Head } from './head.js';
import { isSame } from './line-memo.js';

/** A power of two. */
const SLOTS = 2048;
/** Longest head that is remembered; the shortest is that of a name in 16 columns, a pid and a CPU. */
const MOST_BYTES = 64;
const LEAST_BYTES = 24;

interface Known {
  readonly length: number;
  readonly pid: number;
  readonly cpu: number;
  readonly level: number;
  readonly irqState: number;
  readonly comm: string;
}

const SPACE = 32;

/** Remembers heads: a task on a CPU in one state of its interrupts makes many records. */
export class HeadMemo {
  /** Length of the head that was read last: in a file nearly all are of one length. */
  #length = 0;
  readonly #known: (Known | null)[] = new Array<Known | null>(SLOTS).fill(null);
  readonly #bytes = new DataView(new ArrayBuffer(SLOTS * MOST_BYTES));

  /**
   * Fills `head` as `readDefaultHead` would, `body` being the place in the view; false if the line has to be read in full. `limit`:
   * where the last line ends.
   */
  read(head: Head, view: DataView, from: number, limit: number): boolean {
    const length = this.#length;
    if (length === 0 || from + length + 8 > limit) return false;
    const slot = this.#slotOf(view, from, length);
    const known = this.#known[slot]!;
    if (
      known === null ||
      known.length !== length ||
      !isSame(this.#bytes, slot * MOST_BYTES, view, from, length)
    )
      return false;
    let at = from + length;
    let byte = view.getUint8(at);
    if (byte !== SPACE) return false;
    const last = limit - 1;
    while (byte === SPACE && at < last) byte = view.getUint8(++at);
    if (byte < 48 || byte > 57) return false;
    let seconds = 0;
    while (byte >= 48 && byte <= 57 && at < last) {
      seconds = seconds * 10 + byte - 48;
      byte = view.getUint8(++at);
    }
    if (byte !== 46 || at >= last) return false;
    const point = at;
    let fraction = 0;
    byte = view.getUint8(++at);
    while (byte >= 48 && byte <= 57 && at < last) {
      fraction = fraction * 10 + byte - 48;
      byte = view.getUint8(++at);
    }
    // `:` and a blank; more blanks in front of the event.
    if (byte !== 58 || at >= last) return false;
    const digits = at - point - 1;
    byte = view.getUint8(++at);
    if (byte !== SPACE) return false;
    while (byte === SPACE && at < last) byte = view.getUint8(++at);
    // `(+` of trace-cmd report --ts-diff; a line without an event.
    if (byte === 40 || byte <= SPACE) return false;
    head.pid = known.pid;
    head.cpu = known.cpu;
    head.level = known.level;
    head.irqState = known.irqState;
    head.comm = known.comm;
    head.seconds = seconds;
    head.fraction = fraction;
    head.fractionDigits = digits;
    head.body = at;
    return true;
  }

  /** Remembers the head that `readDefaultHead` has read of the line at `from`; `comm`: the name of its task. */
  add(head: Head, view: DataView, from: number, comm: string): void {
    const length = head.fixed;
    if (length < LEAST_BYTES || length > MOST_BYTES) return;
    this.#length = length;
    const slot = this.#slotOf(view, from, length);
    for (let i = 0; i < length; i++) this.#bytes.setUint8(slot * MOST_BYTES + i, view.getUint8(from + i));
    this.#known[slot] = {
      length,
      pid: head.pid,
      cpu: head.cpu,
      level: head.level,
      irqState: head.irqState,
      comm,
    };
  }

  #slotOf(view: DataView, from: number, length: number): number {
    // The last bytes tell CPUs and flags, those before the pid tasks; they overlap where the length is no multiple of four.
    let hash = length;
    for (let i = 0; i + 4 <= length; i += 4)
      hash = Math.imul(hash ^ view.getInt32(from + i, true), 0x9e3779b1);
    hash = Math.imul(hash ^ view.getInt32(from + length - 4, true), 0x85ebca6b);
    hash ^= hash >>> 15;
    return (hash ^ (hash >>> 8)) & (SLOTS - 1);
  }
}
