// Ring order: the order in which tasks can come to where they stand in a cycle, or that there is none.
import type { Stand, Way } from './stands.js';

interface Piece {
  readonly task: number;
  /** Ops of the body, the first and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * Acquisition histories (docs/prediction.md, "Why that is a proof", with its words): each way falls into pieces that begin with
 * a final acquisition; a finished use of a lock has to begin before the piece of its final holder does. An interrupt begins when the
 * task that it sits on stands where it stays. If no finished section reaches over a final acquisition, any order that
 * obeys this is a run; otherwise it is one that may be tried. The tasks in the order of their steps, or null: no
 * order will do, nor will one if more tasks take part.
 */
export function ringOrder(ring: readonly Stand[], ways: readonly Way[]): readonly number[] | null {
  const pieces: Piece[] = [];
  const before: number[][] = [];
  /** By stand: its pieces are those from here on, up to the first of the next stand. */
  const firstPiece: number[] = [];
  for (const { task, at, holds } of ring) {
    firstPiece.push(pieces.length);
    const starts = [0, ...holds.map((use) => use.from).filter((from) => from > 0)];
    starts.forEach((from, i) => {
      before.push(i === 0 ? [] : [pieces.length - 1]);
      pieces.push({ task, from, to: starts[i + 1] ?? at });
    });
  }
  firstPiece.push(pieces.length);
  ring.forEach(({ under }, i) => {
    const over = ring.findIndex((other) => other.task === under);
    if (over >= 0) before[firstPiece[over]!]!.push(firstPiece[i + 1]! - 1);
  });
  const pieceOf = (member: number, op: number): number => {
    let at = firstPiece[member]!;
    while (at + 1 < firstPiece[member + 1]! && pieces[at + 1]!.from <= op) at++;
    return at;
  };
  for (const [i, { holds }] of ring.entries())
    for (const final of holds)
      for (const [j, other] of ring.entries()) {
        if (i === j) continue;
        for (const use of ways[other.task]!.uses) {
          if (use.from >= other.at) break;
          if (use.lock !== final.lock || !(use.exclusive || final.exclusive)) continue;
          if (use.to >= other.at) return null;
          before[pieceOf(i, final.from)]!.push(pieceOf(j, use.from));
        }
      }
  const steps: number[] = [];
  const done = new Uint8Array(pieces.length);
  for (let left = pieces.length; left > 0; left--) {
    const next = pieces.findIndex((_, p) => done[p] === 0 && before[p]!.every((q) => done[q] === 1));
    if (next < 0) return null;
    done[next] = 1;
    const { task, from, to } = pieces[next]!;
    for (let op = from; op < to; op++) steps.push(task);
  }
  return steps;
}
