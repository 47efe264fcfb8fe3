// Cycles of the lock-order graph: simple cycles over dependencies, cut by strongly connected components and bounded.
import { blocks, type Dependency, type Hold } from './dependencies.js';

/** A dependency in one view of the graph: by instance inside a program, or by class across programs. */
export interface GraphNode {
  /** Index of the program it comes from. */
  readonly source: number;
  /** Who does it; nobody can be at two places of a cycle. Equal for one task seen in two programs of a capture. */
  readonly who: string;
  readonly dependency: Dependency;
  /** Key of the wanted resource. */
  readonly want: string;
  /** Keys of what is held, parallel to `dependency.holds`; null for a hold that cannot close a cycle in this view. */
  readonly holds: readonly (string | null)[];
}

/** Why a cycle cannot, or perhaps cannot, become a deadlock; found while it was put together. */
export type Fault =
  | { readonly why: 'same-task'; readonly source: number; readonly task: number }
  | { readonly why: 'gate'; readonly key: string; readonly a: GraphNode; readonly b: GraphNode }
  | { readonly why: 'modes'; readonly key: string };

export interface AbstractCycle {
  /** In waits-for order: each waits for the next, the last for the first. */
  readonly nodes: readonly GraphNode[];
  /** First objection met, or null: then only a search can tell. */
  readonly fault: Fault | null;
}

export interface CycleLimits {
  /** Longest cycle looked for. */
  readonly length: number;
  /** Cycles of this length and below are passed over. */
  readonly longerThan: number;
  /** Cycles without a fault. */
  readonly cycles: number;
  /** Cycles with a fault, kept to be told as refuted. */
  readonly faulty: number;
  /** Extensions of a path tried in all. */
  readonly steps: number;
}

/** Longest cycle that is told although it has a fault: beyond, nobody would read it. */
const FAULTY_LENGTH = 3;
/** Extensions between two pauses. */
const SLICE = 16384;

const sameTask = (a: GraphNode, b: GraphNode): boolean => a.who === b.who;

const queuesBehind = (reader: GraphNode, writer: GraphNode): boolean =>
  reader.want === writer.want &&
  reader.dependency.want.how === 'lock' &&
  reader.dependency.want.request?.queues === true &&
  writer.dependency.want.how === 'lock' &&
  writer.dependency.want.request?.takesExclusively === true;

function holdOf(node: GraphNode, key: string): readonly Hold[] {
  return node.dependency.holds.filter((_, i) => node.holds[i] === key);
}

/** Nodes whose edge lies inside one strongly connected component of the graph held -> wanted; others are in no cycle. */
export function insideComponents(nodes: readonly GraphNode[]): GraphNode[] {
  const edges = new Map<string, Set<string>>();
  for (const node of nodes) {
    for (const hold of node.holds) {
      if (hold === null) continue;
      const to = edges.get(hold);
      if (to === undefined) edges.set(hold, new Set([node.want]));
      else to.add(node.want);
    }
  }
  const component = stronglyConnected(edges);
  const cyclic = new Set<number>();
  const size = new Map<number, number>();
  for (const c of component.values()) size.set(c, (size.get(c) ?? 0) + 1);
  for (const [from, to] of edges) {
    const c = component.get(from);
    if (c !== undefined && ((size.get(c) ?? 0) > 1 || to.has(from))) cyclic.add(c);
  }
  return nodes.filter((node) => {
    const c = component.get(node.want);
    if (c === undefined || !cyclic.has(c)) return false;
    const writer = node.dependency.want.request?.takesExclusively === true;
    return writer || node.holds.some((h) => h !== null && component.get(h) === c);
  });
}

/** Component number of each vertex (Tarjan 1972, without recursion). */
function stronglyConnected(edges: ReadonlyMap<string, ReadonlySet<string>>): Map<string, number> {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const component = new Map<string, number>();
  const open: string[] = [];
  let components = 0;
  for (const root of edges.keys()) {
    if (order.has(root)) continue;
    const stack: { vertex: string; rest: string[] }[] = [
      { vertex: root, rest: [...(edges.get(root) ?? [])] },
    ];
    order.set(root, order.size);
    low.set(root, order.size - 1);
    open.push(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { vertex } = top;
      const next = top.rest.pop();
      if (next !== undefined) {
        if (!order.has(next)) {
          low.set(next, order.size);
          order.set(next, order.size);
          open.push(next);
          stack.push({ vertex: next, rest: [...(edges.get(next) ?? [])] });
        } else if (!component.has(next)) {
          low.set(vertex, Math.min(low.get(vertex) ?? 0, order.get(next) ?? 0));
        }
        continue;
      }
      stack.pop();
      const parent = stack.at(-1);
      if (parent !== undefined)
        low.set(parent.vertex, Math.min(low.get(parent.vertex) ?? 0, low.get(vertex) ?? 0));
      if (low.get(vertex) === order.get(vertex)) {
        for (let popped = open.pop(); popped !== undefined; popped = open.pop()) {
          component.set(popped, components);
          if (popped === vertex) break;
        }
        components++;
      }
    }
  }
  return component;
}

/** A lock that two members of a cycle would both have to hold although it cannot be shared that way. */
function gateBetween(a: GraphNode, b: GraphNode): string | null {
  for (let i = 0; i < a.holds.length; i++) {
    const key = a.holds[i];
    const mine = a.dependency.holds[i];
    if (key === null || key === undefined || mine === undefined || !mine.sure || mine.resource.of !== 'lock')
      continue;
    for (const other of holdOf(b, key)) {
      if (other.sure && (mine.exclusive || other.exclusive)) return key;
    }
  }
  return null;
}

/** How one node can wait for another: `yes`, not at all (null), or only if the modes were others. */
function link(from: GraphNode, to: GraphNode): 'holds' | 'queues' | 'modes' | null {
  const held = holdOf(to, from.want);
  if (held.some((h) => blocks(from.dependency.want, h))) return 'holds';
  if (queuesBehind(from, to)) return 'queues';
  const { want } = from.dependency;
  return want.how === 'lock' && held.some((h) => h.op >= 0) ? 'modes' : null;
}

/** What the enumeration has to say in the end. */
export interface CycleCount {
  readonly found: number;
  readonly faulty: number;
  /** True if every cycle without a fault was produced. */
  readonly complete: boolean;
  /** True if a limit other than the length was met. */
  readonly full: boolean;
}

/**
 * All simple cycles of the graph in which tasks and wanted resources are pairwise distinct (a reader behind a waiting
 * writer shares its lock with it), each once, starting at its first node. Cycles with one fault are produced too, up
 * to a few, so that the reader can be told why they are none. Null is a pause.
 */
export function* enumerateCycles(
  all: readonly GraphNode[],
  limits: CycleLimits,
): Generator<AbstractCycle | null, CycleCount> {
  const nodes = insideComponents(all);
  const holders = new Map<string, number[]>();
  const writers = new Map<string, number[]>();
  const into = (map: Map<string, number[]>, key: string, i: number): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [i]);
    else if (list.at(-1) !== i) list.push(i);
  };
  nodes.forEach((node, i) => {
    for (const hold of node.holds) if (hold !== null) into(holders, hold, i);
    if (node.dependency.want.request?.takesExclusively === true) into(writers, node.want, i);
  });
  let found = 0;
  let faulty = 0;
  let steps = 0;
  let complete = true;

  interface Frame {
    readonly at: number;
    readonly fault: Fault | null;
    readonly next: readonly number[];
    cursor: number;
  }
  const successors = (i: number, start: number): number[] => {
    const node = nodes[i];
    if (node === undefined) return [];
    const next = (holders.get(node.want) ?? []).filter((j) => j >= start);
    if (node.dependency.want.request?.queues !== true) return next;
    return [...new Set([...next, ...(writers.get(node.want) ?? []).filter((j) => j >= start)])];
  };

  for (let start = 0; start < nodes.length; start++) {
    const path: Frame[] = [{ at: start, fault: null, next: successors(start, start), cursor: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const j = top.next[top.cursor++];
      if (j === undefined) {
        path.pop();
        continue;
      }
      if (++steps > limits.steps) return { found, faulty, complete: false, full: true };
      if (steps % SLICE === 0) yield null;
      const from = nodes[top.at];
      const to = nodes[j];
      if (from === undefined || to === undefined) continue;
      const how = link(from, to);
      if (how === null) continue;
      const members = path.map((f) => nodes[f.at]).filter((n) => n !== undefined);
      const before = members.at(-2);
      // A reader behind a writer behind a writer is a reader behind the second one: the shorter cycle says it.
      if (before !== undefined && queuesBehind(before, from) && from.want === before.want) {
        const direct = link(before, to);
        if (how === 'holds' && direct === 'holds') continue;
      }
      let fault: Fault | null = top.fault ?? (how === 'modes' ? { why: 'modes', key: from.want } : null);
      if (j === start) {
        if (path.length <= limits.longerThan || (path.length === 1 && how !== 'holds')) continue;
        if (fault === null) {
          if (found >= limits.cycles) return { found, faulty, complete: false, full: true };
          found++;
        } else {
          if (faulty >= limits.faulty) continue;
          faulty++;
        }
        yield { nodes: members, fault };
        continue;
      }
      if (path.some((f) => f.at === j)) continue;
      if (path.length >= limits.length) {
        complete = complete && fault !== null;
        continue;
      }
      const twice = members.some((m) => sameTask(m, to));
      const wanted =
        members.some((m) => m.want === to.want) && how !== 'queues' && !queuesBehind(to, members[0] ?? to);
      if (wanted) continue;
      if (twice) fault ??= { why: 'same-task', source: to.source, task: to.dependency.task };
      if (fault === null) {
        for (const m of members) {
          const key = gateBetween(m, to);
          if (key === null) continue;
          fault = { why: 'gate', key, a: m, b: to };
          break;
        }
      }
      if (fault !== null && (path.length >= FAULTY_LENGTH || faulty >= limits.faulty)) continue;
      path.push({ at: j, fault, next: successors(j, start), cursor: 0 });
    }
  }
  return { found, faulty, complete, full: false };
}
