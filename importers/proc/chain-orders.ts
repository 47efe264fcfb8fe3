// Chains of lock classes (/proc/lockdep_chains) as orders: which edges may block, and the cycles among them.

/** In which context the locks of a chain were taken: kernel/locking/lockdep_proc.c lc_show(). */
export type ChainContext = 'task' | 'softirq' | 'hardirq';

/** One chain: class ids, outermost first. */
export interface LockChain {
  readonly context: ChainContext;
  readonly classes: readonly number[];
  /** 1-based line of each class. */
  readonly lines: readonly number[];
}

/** What a chain's member is. */
export type Step =
  /** Taken by a call that may block. */
  | 'blocking'
  /** Lockdep validated no chain that ends here although it validates this class: a trylock. */
  | 'try'
  /** No chain of the file ends in this class: lockdep does not validate it, so nothing tells how it was taken. */
  | 'unvalidated';

/**
 * What each member of each chain is. Lockdep adds a chain when its last lock is taken by a call that may block and whose
 * class is validated (kernel/locking/lockdep.c validate_chain(): `!hlock->trylock && hlock->check`); so a member whose
 * prefix is no chain of its own was taken by a trylock, or is of a class such as `&dev->mutex` that is never validated.
 */
export function stepsOf(chains: readonly LockChain[]): readonly (readonly Step[])[] {
  const key = (chain: LockChain, length: number): string =>
    `${chain.context} ${chain.classes.slice(0, length).join(' ')}`;
  const whole = new Set(chains.map((chain) => key(chain, chain.classes.length)));
  const validated = new Set(chains.map((chain) => chain.classes.at(-1)));
  return chains.map((chain) =>
    chain.classes.map((member, k): Step => {
      if (!validated.has(member)) return 'unvalidated';
      return whole.has(key(chain, k + 1)) ? 'blocking' : 'try';
    }),
  );
}

/** `classes[from]` was held when `classes[to]` of that chain was asked for. */
export interface Edge {
  readonly chain: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Edges between classes by `held * classes + wanted`, each with the shortest chain that shows it. Trylocks wait for nobody;
 * `waits` says of each class whether anybody ever waits for it.
 */
export function edgesOf(
  chains: readonly LockChain[],
  steps: readonly (readonly Step[])[],
  waits: readonly boolean[],
): Map<number, Edge> {
  const classes = waits.length;
  const edges = new Map<number, Edge>();
  chains.forEach((chain, c) => {
    chain.classes.forEach((wanted, to) => {
      if (steps[c]![to] === 'try' || waits[wanted] !== true) return;
      for (let from = 0; from < to; from++) {
        const held = chain.classes[from]!;
        // Two of one class are ordered by the code (parent before child), or nested under a lock that the file does not name.
        if (held === wanted || waits[held] !== true) continue;
        const key = held * classes + wanted;
        const known = edges.get(key);
        if (known === undefined || to < known.to) edges.set(key, { chain: c, from, to });
      }
    });
  });
  return edges;
}

/** Cycles of classes, the shortest through each pair first: two classes in both orders, else one ring per component. */
export function cyclesOf(edges: ReadonlyMap<number, Edge>, classes: number): (readonly number[])[] {
  const next = new Map<number, number[]>();
  for (const key of edges.keys()) {
    const held = Math.floor(key / classes);
    const list = next.get(held);
    if (list === undefined) next.set(held, [key % classes]);
    else list.push(key % classes);
  }
  const cycles: number[][] = [];
  const inPair = new Set<number>();
  for (const key of edges.keys()) {
    const [held, wanted] = [Math.floor(key / classes), key % classes];
    if (held < wanted && edges.has(wanted * classes + held)) {
      cycles.push([held, wanted]);
      inPair.add(held).add(wanted);
    }
  }
  for (const component of components(next)) {
    if (component.length < 2 || component.some((member) => inPair.has(member))) continue;
    const ring = shortestRing(component, next);
    if (ring !== null) cycles.push(ring);
  }
  return cycles;
}

/** Strongly connected components (Tarjan, 1972), without recursion: chains of a big kernel would exhaust the stack. */
function components(next: ReadonlyMap<number, readonly number[]>): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  const found: number[][] = [];
  for (const root of next.keys()) {
    if (index.has(root)) continue;
    const work: { readonly node: number; at: number }[] = [{ node: root, at: 0 }];
    while (work.length > 0) {
      const frame = work[work.length - 1]!;
      const { node } = frame;
      if (frame.at === 0) {
        index.set(node, index.size);
        low.set(node, index.get(node)!);
        stack.push(node);
        onStack.add(node);
      }
      const target = next.get(node)?.[frame.at++];
      if (target !== undefined) {
        if (!index.has(target)) work.push({ node: target, at: 0 });
        else if (onStack.has(target)) low.set(node, Math.min(low.get(node)!, index.get(target)!));
        continue;
      }
      work.pop();
      const parent = work[work.length - 1];
      if (parent !== undefined) low.set(parent.node, Math.min(low.get(parent.node)!, low.get(node)!));
      if (low.get(node) !== index.get(node)) continue;
      const component: number[] = [];
      for (let member = -1; member !== node; ) {
        member = stack.pop()!;
        onStack.delete(member);
        component.push(member);
      }
      found.push(component);
    }
  }
  return found;
}

/** A shortest ring through the first member of a component. */
function shortestRing(
  component: readonly number[],
  next: ReadonlyMap<number, readonly number[]>,
): number[] | null {
  const inside = new Set(component);
  const start = Math.min(...component);
  const before = new Map<number, number>();
  let front = [start];
  while (front.length > 0) {
    const further: number[] = [];
    for (const node of front)
      for (const target of next.get(node) ?? []) {
        if (target === start) {
          const ring = [node];
          while (ring[0] !== start) ring.unshift(before.get(ring[0]!)!);
          return ring;
        }
        if (!inside.has(target) || before.has(target)) continue;
        before.set(target, node);
        further.push(target);
      }
    front = further;
  }
  return null;
}
