// Lock-order graph of a stretch of a trace: which lock was asked for while which was held, by instance, in typed arrays.

/** Pairs of vertices, each once. */
export interface Edges {
  readonly size: number;
  pairs(): Iterable<readonly [number, number]>;
}

/** Pairs of small numbers, each once: open addressing in one array of doubles. */
export class PairSet implements Edges {
  readonly #width: number;
  #keys: Float64Array;
  #mask: number;
  size = 0;

  /** Both numbers of a pair are below `width`. */
  constructor(width: number) {
    this.#width = width;
    this.#keys = new Float64Array(1024).fill(-1);
    this.#mask = 1023;
  }

  #slot(key: number): number {
    // Two multiplications spread keys that differ in one half only.
    let h = Math.imul((key % 0x3fffffff) | 0, 0x9e3779b1) ^ Math.imul((key / 0x3fffffff) | 0, 0x85ebca6b);
    h ^= h >>> 15;
    let i = h & this.#mask;
    for (;;) {
      const at = this.#keys[i]!;
      if (at === -1 || at === key) return i;
      i = (i + 1) & this.#mask;
    }
  }

  /** True if the pair is new. */
  add(a: number, b: number): boolean {
    const key = a * this.#width + b;
    const i = this.#slot(key);
    if (this.#keys[i] === key) return false;
    this.#keys[i] = key;
    if (++this.size * 2 > this.#keys.length) this.#grow();
    return true;
  }

  has(a: number, b: number): boolean {
    const key = a * this.#width + b;
    return this.#keys[this.#slot(key)] === key;
  }

  #grow(): void {
    const old = this.#keys;
    this.#keys = new Float64Array(old.length * 2).fill(-1);
    this.#mask = this.#keys.length - 1;
    for (const key of old) if (key !== -1) this.#keys[this.#slot(key)] = key;
  }

  *pairs(): Generator<readonly [number, number]> {
    for (const key of this.#keys) {
      if (key === -1) continue;
      const a = Math.floor(key / this.#width);
      yield [a, key - a * this.#width];
    }
  }
}

/** Component of each vertex of the graph, and which components hold a cycle. */
export interface Components {
  readonly of: Int32Array;
  /** True for vertices in a component with more than one vertex, or with an edge to themselves. */
  readonly cyclic: Uint8Array;
  readonly any: boolean;
}

/** Strongly connected components (R. Tarjan, SIAM J. Comput. 1, 1972), without recursion, over a compressed edge list. */
export function componentsOf(vertices: number, edges: Edges): Components {
  const start = new Int32Array(vertices + 1);
  for (const [a] of edges.pairs()) start[a + 1]!++;
  for (let v = 0; v < vertices; v++) start[v + 1]! += start[v]!;
  const fill = start.slice(0, vertices);
  const to = new Int32Array(edges.size);
  const selfLoop = new Uint8Array(vertices);
  for (const [a, b] of edges.pairs()) {
    to[fill[a]!++] = b;
    if (a === b) selfLoop[a] = 1;
  }
  const of = new Int32Array(vertices).fill(-1);
  const cyclic = new Uint8Array(vertices);
  const order = new Int32Array(vertices).fill(-1);
  const low = new Int32Array(vertices);
  const cursor = new Int32Array(vertices);
  const open: number[] = [];
  const stack: number[] = [];
  let time = 0;
  let components = 0;
  let any = false;
  for (let root = 0; root < vertices; root++) {
    if (order[root] !== -1 || start[root] === start[root + 1]) continue;
    stack.push(root);
    while (stack.length > 0) {
      const v = stack[stack.length - 1]!;
      if (order[v] === -1) {
        order[v] = low[v] = time++;
        cursor[v] = start[v]!;
        open.push(v);
      }
      if (cursor[v]! < start[v + 1]!) {
        const w = to[cursor[v]!++]!;
        if (order[w] === -1) stack.push(w);
        else if (of[w] === -1) low[v] = Math.min(low[v]!, order[w]!);
        continue;
      }
      stack.pop();
      const parent = stack[stack.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[v]!);
      if (low[v] !== order[v]) continue;
      const many = open[open.length - 1] !== v;
      for (;;) {
        const w = open.pop()!;
        of[w] = components;
        if (many || selfLoop[w] === 1) {
          cyclic[w] = 1;
          any = true;
        }
        if (w === v) break;
      }
      components++;
    }
  }
  return { of, cyclic, any };
}
