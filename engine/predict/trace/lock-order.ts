// Lock order of a trace: which resources stand in a ring of "held while asked for" at all.
import { type Components, componentsOf, type Edges, PairSet } from '../../lower/trace/order-graph.js';
import { ACQUIRE, aliveOf, Held, JOIN, RELEASE, REQUEST, type Trace } from './trace.js';

/** Vertices up to which pairs are kept as a table of bits: 8 MiB. */
const MOST_IN_TABLE = 1 << 13;

/** Pairs of small numbers, each once, as a table of bits. */
class PairTable implements Edges {
  readonly #width: number;
  readonly #bits: Int32Array;
  size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#bits = new Int32Array(Math.ceil((width * width) / 32));
  }

  add(a: number, b: number): boolean {
    const at = a * this.#width + b;
    const bit = 1 << (at & 31);
    const word = this.#bits[at >>> 5]!;
    if ((word & bit) !== 0) return false;
    this.#bits[at >>> 5] = word | bit;
    this.size++;
    return true;
  }

  *pairs(): Generator<readonly [number, number]> {
    for (const [i, word] of this.#bits.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        const at = i * 32 + (31 - Math.clz32(rest & -rest));
        yield [Math.floor(at / this.#width), at % this.#width];
      }
    }
  }
}

export interface LockOrder {
  readonly components: Components;
  /** 1 for locks that several threads take: the others keep nobody out. */
  readonly shared: Uint8Array;
}

/**
 * Strongly connected components of the graph held -> asked for. An edge from what was taken last is enough: what was taken
 * before it leads to it already, so that the same resources reach each other.
 */
export function lockOrderOf(trace: Trace): LockOrder {
  const { kind, task, lock, from, to } = trace;
  const resources = trace.locks + trace.threads;
  const edges = resources <= MOST_IN_TABLE ? new PairTable(resources) : new PairSet(resources);
  const held = new Held(trace);
  const { top } = held;
  const shared = new Uint8Array(trace.locks);
  const owner = new Int32Array(trace.locks).fill(-1);
  const asked = new Int32Array(trace.threads).fill(-1);
  for (let e = from; e < to; e++) {
    const k = kind[e]!;
    if (k === ACQUIRE) {
      const t = task[e]!;
      const l = lock[e]!;
      const before = top[t]!;
      if (owner[l] !== t) {
        if (owner[l] !== -1) shared[l] = 1;
        owner[l] = t;
      }
      if (held.take(t, l) && before >= 0) edges.add(before, l);
      asked[t] = -1;
    } else if (k === RELEASE) held.give(lock[e]!);
    else if (k === REQUEST) asked[task[e]!] = e;
    else if (k === JOIN) {
      const child = trace.childOf(e);
      const before = top[task[e]!]!;
      if (child >= 0 && before >= 0) edges.add(before, aliveOf(trace, child));
    }
  }
  for (const [t, e] of asked.entries())
    if (e >= 0 && top[t]! >= 0 && held.holder[lock[e]!] !== t) edges.add(top[t]!, lock[e]!);
  return { components: componentsOf(resources, edges), shared };
}
