// Ends: the cycles among tasks of which none can move, those of them that no smaller one explains.
import type { Machine } from '../model/machine.js';

/** Most cycles that are told of one state. */
const MOST_CYCLES = 4096;

/** The waits-for graph where nobody can move any more: one mask of targets for each task. */
export function edgesAtEnd(m: Machine): Int32Array {
  const { layout: at, stateWords: s, compiled: c } = m;
  const gone = s[at.ended]! | s[at.dead]!;
  return Int32Array.from({ length: c.tasks }, (_, t) =>
    gone & (1 << t) ? 0 : (m.blockersMask(t) | m.wakersMask(t)) & ~gone,
  );
}

/**
 * Every set of tasks with a cycle through all of them and none through fewer, as masks with the cycle itself; null if there are
 * too many. A run ends when its first cycle closes, and a cycle with a chord holds a smaller one that closes no
 * later: so these are all that can be the end of a run.
 */
export function smallestCycles(edges: Int32Array): number[][] | null {
  const found: number[][] = [];
  const path: number[] = [];
  // Who waits for itself is a cycle, and in no other.
  let alone = 0;
  for (let t = 0; t < edges.length; t++) {
    if ((edges[t]! & (1 << t)) === 0) continue;
    alone |= 1 << t;
    found.push([t]);
  }
  const extend = (first: number, inPath: number, barred: number): boolean => {
    const tip = path[path.length - 1]!;
    if (edges[tip]! & (1 << first)) {
      if (found.length >= MOST_CYCLES) return false;
      found.push([...path]);
      return true;
    }
    for (let left = edges[tip]! & ~barred & ~inPath; left !== 0; left &= left - 1) {
      const u = 31 - Math.clz32(left & -left);
      // A chord back into the path, other than to its first, closes a smaller cycle.
      if (edges[u]! & inPath & ~(1 << first)) continue;
      path.push(u);
      // What the tip leads to may only be the next of the path.
      const going = extend(first, inPath | (1 << u), barred | edges[tip]!);
      path.pop();
      if (!going) return false;
    }
    return true;
  };
  for (let first = 0; first < edges.length; first++) {
    if (edges[first] === 0 || alone & (1 << first)) continue;
    path.push(first);
    const smaller = (1 << first) - 1;
    const going = extend(first, 1 << first, smaller | alone);
    path.pop();
    if (!going) return null;
  }
  return found;
}
