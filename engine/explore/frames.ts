// Frames: the stack of a depth-first search - each open state, its untried choices, and the path to where the machine is.
import type { Machine } from '../model/machine.js';

/** Guards the stack: typed arrays, of which the states are one each, so that they are copied whole. */
export class Frames {
  /** By frame: its state. */
  private readonly states: Int32Array[] = [];
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

  constructor(private readonly machine: Machine) {}

  /** The machine's state as a new frame; its choices are offered next. */
  open(): void {
    const { depth, machine } = this;
    if (depth === this.firstChoice.length) {
      this.firstChoice = doubled(this.firstChoice);
      this.pathTo = doubled(this.pathTo);
    }
    if (depth === this.states.length) this.states.push(new Int32Array(machine.stateWords.length));
    machine.save(this.states[depth]!, 0);
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
        if (!this.fresh) this.machine.load(this.states[top]!, 0);
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
