// Line up: puts the nodes of a part in an order in which they can run, by a search that follows the trace where it can.
import type { Part } from './part.js';
import { ACQUIRE, FORK, JOIN, READ, RELEASE, type Trace, WRITE } from './trace.js';

export type LinedUp =
  | { readonly is: 'order'; readonly nodes: readonly number[] }
  /** Every order was tried. */
  | { readonly is: 'none' }
  | { readonly is: 'unknown' };

interface Choice {
  /** Nodes done when it was made. */
  readonly done: number;
  readonly key: string | null;
  readonly candidates: readonly number[];
  next: number;
}

/** Runs nodes of a part forth and back. */
class Line {
  readonly done: number[] = [];
  readonly #part: Part;
  readonly #clock: Int32Array;
  readonly #at: Int32Array;
  readonly #taken: Uint8Array;
  /** Node that wrote the value that each variable has, or -1. */
  readonly #value: Int32Array;
  /** Value that a write replaced. */
  readonly #replaced: Int32Array;
  /** Reads of a write's value that are still to come; behind the nodes, those of the variables' first values. */
  readonly #reads: Int32Array;

  constructor(part: Part, clock: Int32Array) {
    this.#part = part;
    this.#clock = clock;
    this.#at = new Int32Array(part.threads);
    this.#taken = new Uint8Array(part.locks);
    this.#value = new Int32Array(part.variables).fill(-1);
    this.#replaced = new Int32Array(part.length).fill(-1);
    this.#reads = new Int32Array(part.length + part.variables);
    for (let n = 0; n < part.length; n++) if (part.op[n] === READ) this.#reads[this.#readsAt(n)]!++;
  }

  #readsAt(read: number): number {
    const { mate, arg, length } = this.#part;
    return mate[read]! >= 0 ? mate[read]! : length + arg[read]!;
  }

  get key(): string {
    return `${this.#at} ${this.#value}`;
  }

  /** Next node of each thread that can run: one that is never wrong, or all that might be. */
  candidates(): number[] {
    const { threads, of, op } = this.#part;
    const found: number[] = [];
    for (let t = 0; t < threads; t++) {
      const n = of[t]![this.#at[t]!];
      if (n === undefined || !this.#canRun(n, t)) continue;
      if (op[n] !== ACQUIRE && op[n] !== WRITE) return [n];
      found.push(n);
    }
    return found.sort((a, b) => a - b);
  }

  #canRun(n: number, t: number): boolean {
    const { threads, op, arg, mate } = this.#part;
    for (let u = 0; u < threads; u++)
      if (u !== t && this.#clock[n * threads + u]! > this.#at[u]!) return false;
    if (op[n] === ACQUIRE) return this.#taken[arg[n]!] === 0;
    if (op[n] === READ) return this.#value[arg[n]!] === mate[n];
    if (op[n] !== WRITE) return true;
    const value = this.#value[arg[n]!]!;
    return this.#reads[value >= 0 ? value : this.#part.length + arg[n]!] === 0;
  }

  run(n: number): void {
    const { op, arg, thread } = this.#part;
    this.#at[thread[n]!]!++;
    if (op[n] === ACQUIRE) this.#taken[arg[n]!] = 1;
    else if (op[n] === RELEASE) this.#taken[arg[n]!] = 0;
    else if (op[n] === READ) this.#reads[this.#readsAt(n)]!--;
    else if (op[n] === WRITE) {
      this.#replaced[n] = this.#value[arg[n]!]!;
      this.#value[arg[n]!] = n;
    }
    this.done.push(n);
  }

  /** Takes back what was run last, until `length` nodes are done. */
  backTo(length: number): void {
    const { op, arg, thread } = this.#part;
    while (this.done.length > length) {
      const n = this.done.pop()!;
      this.#at[thread[n]!]!--;
      if (op[n] === ACQUIRE) this.#taken[arg[n]!] = 0;
      else if (op[n] === RELEASE) this.#taken[arg[n]!] = 1;
      else if (op[n] === READ) this.#reads[this.#readsAt(n)]!++;
      else if (op[n] === WRITE) this.#value[arg[n]!] = this.#replaced[n]!;
    }
  }
}

/** `deadEnds`: how often it may run into a state from which nothing goes on. */
export function lineUp(part: Part, clock: Int32Array, deadEnds: number): LinedUp {
  const line = new Line(part, clock);
  const choices: Choice[] = [];
  const hopeless = new Set<string>();
  let ends = 0;
  for (;;) {
    if (line.done.length === part.length) return { is: 'order', nodes: line.done };
    const candidates = line.candidates();
    // Before the first dead end nothing is known to be hopeless, and most orders meet none.
    const key = candidates.length > 1 && ends > 0 ? line.key : null;
    if (candidates.length > 0 && (key === null || !hopeless.has(key))) {
      if (candidates.length > 1) choices.push({ done: line.done.length, key, candidates, next: 1 });
      line.run(candidates[0]!);
      continue;
    }
    if (++ends > deadEnds) return { is: 'unknown' };
    for (;;) {
      const choice = choices.at(-1);
      if (choice === undefined) return { is: 'none' };
      line.backTo(choice.done);
      const n = choice.candidates[choice.next++];
      if (n !== undefined) {
        line.run(n);
        break;
      }
      hopeless.add(choice.key ?? line.key);
      choices.pop();
    }
  }
}

/** Follows an order row by row, written plainly: true if every row can run where it stands, and reads see what they saw. */
export function canFollow(trace: Trace, part: Part, nodes: readonly number[]): boolean {
  const at = new Map<number, number>();
  const holder = new Map<number, number>();
  const value = new Map<number, number>();
  for (const n of nodes) {
    const t = part.thread[n]!;
    const place = (at.get(t) ?? 0) + 1;
    if (part.place[n] !== place) return false;
    at.set(t, place);
    const x = trace.lock[part.row[n]!]!;
    switch (part.op[n]) {
      case ACQUIRE:
        if (holder.has(x)) return false;
        holder.set(x, t);
        break;
      case RELEASE:
        if (!holder.delete(x)) return false;
        break;
      case READ:
        if ((value.get(x) ?? -1) !== part.mate[n]) return false;
        break;
      case WRITE:
        value.set(x, n);
        break;
      case FORK:
        if (part.forkOf[part.arg[n]!] === n && at.has(part.arg[n]!)) return false;
        break;
      case JOIN:
        if ((at.get(part.arg[n]!) ?? 0) < (part.of[part.arg[n]!]?.length ?? 0)) return false;
        break;
      default:
        return false;
    }
  }
  return nodes.length === part.length;
}
