// Must clocks: what has to be done before each node of a part in every order that ends as asked, or that there is none.
import type { Part } from './part.js';
import { ACQUIRE, JOIN, READ, WRITE } from './trace.js';

/** Passes after which it is given up: each adds at least one demand, and nearly always a few are enough. */
const PASSES = 100;

export type MustClocks =
  /** `clock[node * threads + u]`: as many nodes of thread u must be done before the node, its own one counted. */
  | { readonly is: 'clocks'; readonly clock: Int32Array }
  | { readonly is: 'circle'; readonly rows: readonly [number, number] }
  /** The section that was begun at the row must be over before one that is inside begins. */
  | { readonly is: 'unended'; readonly row: number }
  | { readonly is: 'unknown' };

/** Nodes of one lock or variable, thread by thread, ascending. */
type ByThread = Map<number, number[]>;

function group(part: Part, count: number, wanted: (op: number) => boolean): ByThread[] {
  const groups: ByThread[] = Array.from({ length: count }, () => new Map());
  for (let n = 0; n < part.length; n++) {
    if (!wanted(part.op[n]!)) continue;
    const group = groups[part.arg[n]!]!;
    const list = group.get(part.thread[n]!);
    if (list === undefined) group.set(part.thread[n]!, [n]);
    else list.push(n);
  }
  return groups;
}

/** The last node of the list whose place is at most `place`, or -1. */
function lastUpTo(part: Part, list: readonly number[], place: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (part.place[list[middle]!]! <= place) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? -1 : list[low - 1]!;
}

/**
 * Whose open sections come last: of the threads that stay where they are, or of all. What is demanded for `those-that-stay`
 * is demanded in every larger part too.
 */
export type Last = 'those-that-stay' | 'all';

/**
 * Demands that hold in every correct order of the part in which what is open stays held at the end: program order, fork, join, a read
 * behind its write; a section whose beginning must come before the end of another one of its lock is over before that begins; a
 * section that stays open comes after all others; a write that must come before a read of another value comes before that value's
 * write, and one that must come behind a write comes behind its reads. Iterated until nothing is added (the order that is called
 * PWR, and lock-order saturation, in the literature on data races). A circle is a proof that no such order exists.
 *
 * @param known clocks of the same part with fewer demands, which are added to.
 */
export function mustClocks(part: Part, last: Last, known: Int32Array | null = null): MustClocks {
  const { length, threads, thread, place, op, arg, mate, of } = part;
  const clock = known ?? new Int32Array(length * threads);
  const sections = group(part, part.locks, (k) => k === ACQUIRE);
  const writes = group(part, part.variables, (k) => k === WRITE);
  for (let n = 0; known === null && n < length; n++) {
    if (place[n]! > part.begun[thread[n]!]!) clock.set(part.begun, n * threads);
    clock[n * threads + thread[n]!] = place[n]!;
  }
  let changed = true;
  let circle: [number, number] | null = null;
  let unended = -1;

  /** Node m must be done before node n. */
  const before = (m: number, n: number): void => {
    const a = m * threads;
    const b = n * threads;
    let grown = false;
    for (let u = 0; u < threads; u++)
      if (clock[a + u]! > clock[b + u]!) {
        clock[b + u] = clock[a + u]!;
        grown = true;
      }
    if (!grown) return;
    changed = true;
    if (clock[b + thread[n]!]! > place[n]!) circle ??= [part.row[m]!, part.row[n]!];
  };
  const section = (n: number): void => {
    const end = mate[n]!;
    if (end === -1 && last === 'those-that-stay' && part.stays[thread[n]!] === 0) return;
    for (const [u, list] of sections[arg[n]!]!) {
      if (u === thread[n]) continue;
      const other = end === -1 ? list.at(-1)! : lastUpTo(part, list, clock[end * threads + u]!);
      if (other === -1) continue;
      if (mate[other] === -1) {
        if (part.stays[thread[other]!] === 1) circle ??= [part.row[other]!, part.row[n]!];
        else unended = part.row[other]!;
      } else before(mate[other]!, n);
    }
  };
  const read = (n: number): void => {
    const w = mate[n]!;
    if (w >= 0) before(w, n);
    for (const [u, list] of writes[arg[n]!]!) {
      const earlier = lastUpTo(part, list, clock[n * threads + u]!);
      if (earlier >= 0 && earlier !== w) {
        if (w === -1) circle ??= [part.row[earlier]!, part.row[n]!];
        else before(earlier, w);
      }
      // The first write of u that must come behind w comes behind this read too.
      let low = 0;
      let high = list.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const other = list[middle]!;
        const behind = w === -1 || (other !== w && clock[other * threads + thread[w]!]! >= place[w]!);
        if (behind) high = middle;
        else low = middle + 1;
      }
      if (low < list.length) before(n, list[low]!);
    }
  };

  for (let pass = 0; changed; pass++) {
    if (pass === PASSES) return { is: 'unknown' };
    changed = false;
    for (let n = 0; n < length; n++) {
      const t = thread[n]!;
      if (place[n]! > 1) before(of[t]![place[n]! - 2]!, n);
      else if (part.forkOf[t]! >= 0) before(part.forkOf[t]!, n);
      const k = op[n]!;
      if (k === ACQUIRE) section(n);
      else if (k === READ) read(n);
      else if (k === JOIN && arg[n]! >= 0) before(of[arg[n]!]!.at(-1)!, n);
      if (circle !== null) return { is: 'circle', rows: circle };
      if (unended !== -1) return { is: 'unended', row: unended };
    }
  }
  return { is: 'clocks', clock };
}
