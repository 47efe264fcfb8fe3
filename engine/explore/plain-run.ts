// Plain run: where the tasks of a plain program stand, moved one step on or back at a time without allocating.
import {
  END,
  INNER,
  type PlainProgram,
  READ,
  READ_AGAIN,
  RELEASE,
  RELEASE_READ,
  WRITE,
} from './plain-program.js';

/**
 * Steps only, no waits: who stands before a lock that it cannot have may wait for it or not; in a plain program that is seen by
 * nobody. The state follows from the places alone, and so each step can be taken back.
 */
export class PlainRun {
  /** By task: its place. */
  readonly at: Int32Array;
  /** By lock: who holds it exclusively, plus 1, or 0. */
  readonly owner: Int32Array;
  /** By lock: mask of readers. */
  readonly readers: Int32Array;
  /** Mask: the tasks that can do an op. */
  able: number;
  /** Mask: the tasks that stand at their end. */
  ended: number;
  /** By lock: masks of the tasks whose next op takes it so. */
  private readonly toWrite: Int32Array;
  private readonly toRead: Int32Array;
  private readonly kind: Uint8Array;
  private readonly lock: Int32Array;

  constructor(readonly program: PlainProgram) {
    const { tasks, locks } = program;
    this.kind = program.kind;
    this.lock = program.lock;
    this.at = program.first.slice(0, tasks);
    this.owner = new Int32Array(locks);
    this.readers = new Int32Array(locks);
    this.toWrite = new Int32Array(locks);
    this.toRead = new Int32Array(locks);
    this.able = 0;
    this.ended = 0;
    for (let t = 0; t < tasks; t++) this.arrive(t, this.at[t]!);
  }

  /** Task `t`, which must be able to, does its next op. */
  step(t: number): void {
    const place = this.at[t]!;
    const bit = 1 << t;
    const l = this.lock[place]!;
    switch (this.kind[place]) {
      case WRITE:
        this.owner[l] = t + 1;
        this.toWrite[l]! &= ~bit;
        this.able &= ~(this.toWrite[l]! | this.toRead[l]!);
        break;
      case READ:
        this.readers[l]! |= bit;
        this.toRead[l]! &= ~bit;
        this.able &= ~this.toWrite[l]!;
        break;
      case RELEASE:
        this.owner[l] = 0;
        this.able |= this.toWrite[l]! | this.toRead[l]!;
        break;
      case RELEASE_READ:
        this.readers[l]! &= ~bit;
        if (this.readers[l] === 0) this.able |= this.toWrite[l]!;
        break;
      default:
        break;
    }
    this.at[t] = place + 1;
    this.arrive(t, place + 1);
  }

  /** Takes back the last step, which was one of task `t`. */
  back(t: number): void {
    const place = this.at[t]! - 1;
    const bit = 1 << t;
    const from = this.kind[place + 1]!;
    this.ended &= ~bit;
    if (from === WRITE) this.toWrite[this.lock[place + 1]!]! &= ~bit;
    else if (from === READ) this.toRead[this.lock[place + 1]!]! &= ~bit;
    this.at[t] = place;
    this.able |= bit;
    const l = this.lock[place]!;
    switch (this.kind[place]) {
      case WRITE:
        this.owner[l] = 0;
        this.toWrite[l]! |= bit;
        this.able |= this.toWrite[l]! | this.toRead[l]!;
        break;
      case READ:
        this.readers[l]! &= ~bit;
        this.toRead[l]! |= bit;
        if (this.readers[l] === 0) this.able |= this.toWrite[l]!;
        break;
      case RELEASE:
        this.owner[l] = t + 1;
        this.able &= ~(this.toWrite[l]! | this.toRead[l]!);
        break;
      case RELEASE_READ:
        this.readers[l]! |= bit;
        this.able &= ~this.toWrite[l]!;
        break;
      default:
        break;
    }
  }

  /** Task `t` stands at a place: who is in its way there. */
  private arrive(t: number, place: number): void {
    const bit = 1 << t;
    const l = this.lock[place]!;
    let free = true;
    switch (this.kind[place]) {
      case WRITE:
        this.toWrite[l]! |= bit;
        free = this.owner[l] === 0 && this.readers[l] === 0;
        break;
      case READ:
        this.toRead[l]! |= bit;
        free = this.owner[l] === 0;
        break;
      case RELEASE:
      case RELEASE_READ:
      case READ_AGAIN:
      case INNER:
        break;
      case END:
        this.ended |= bit;
        free = false;
        break;
      default:
        throw new Error(`unknown kind ${this.kind[place]}`);
    }
    if (free) this.able |= bit;
    else this.able &= ~bit;
  }
}
