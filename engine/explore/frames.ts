// Frames: the stack of a depth-first search - each open state, its untried choices, and the path to where the machine is.
import type { Machine } from '../model/machine.js';

/** Guards the stack; all of it is typed arrays that double when they are full. */
export class Frames {
  private states: Int32Array<ArrayBuffer>;
  private choices = new Int32Array(256);
  private path = new Int32Array(256);
  /** By frame: where its choices begin, and the length of the path to it. */
  private firstChoice = new Int32Array(64);
  private pathTo = new Int32Array(64);
  private depth = 0;
  private left = 0;
  private length = 0;
  /** True while the machine is in the state of the last frame. */
  private fresh = false;
  private readonly width: number;

  constructor(private readonly machine: Machine) {
    this.width = machine.stateWords.length;
    this.states = new Int32Array(this.width * 64);
  }

  /** The machine's state as a new frame; its choices are offered next. */
  open(): void {
    const { depth, width } = this;
    if (depth === this.firstChoice.length) {
      this.firstChoice = doubled(this.firstChoice);
      this.pathTo = doubled(this.pathTo);
    }
    if ((depth + 1) * width > this.states.length) this.states = doubled(this.states);
    this.machine.save(this.states, depth * width);
    this.firstChoice[depth] = this.left;
    this.pathTo[depth] = this.length;
    this.depth = depth + 1;
    this.fresh = true;
  }

  /** One more choice of the last frame. */
  offer(choice: number): void {
    if (this.left === this.choices.length) this.choices = doubled(this.choices);
    this.choices[this.left++] = choice;
  }

  /** The machine made this transition. */
  pass(choice: number): void {
    if (this.length === this.path.length) this.path = doubled(this.path);
    this.path[this.length++] = choice;
  }

  /** The last choice that is untried, with the machine in the state in which it is one; -1: there is none left. */
  next(): number {
    while (this.depth > 0) {
      const top = this.depth - 1;
      if (this.left > this.firstChoice[top]!) {
        this.length = this.pathTo[top]!;
        if (!this.fresh) this.machine.load(this.states, top * this.width);
        this.fresh = false;
        return this.choices[--this.left]!;
      }
      this.depth = top;
      this.fresh = false;
    }
    return -1;
  }

  /** The choices that led to where the machine is. */
  pathSoFar(): number[] {
    return [...this.path.subarray(0, this.length)];
  }

  get pathLength(): number {
    return this.length;
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(array.length * 2);
  wider.set(array);
  return wider;
}
