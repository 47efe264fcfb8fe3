// Stage: what every picture draws - who holds and who waits for what after each move, and the bars of a timeline.
import type { Explanation } from '../explain.js';
import type { ExplainedMove } from '../scene.js';

/** One lock held by one task, from the move that took it until the one that gave it back. */
export interface HoldBar {
  readonly task: number;
  readonly lock: string;
  /** Index of the move that took it. */
  readonly from: number;
  /** Index of the move that gave it back, or null if it is held at the end. */
  readonly to: number | null;
}

/** One wait of a task. */
export interface WaitBar {
  readonly task: number;
  /** What it waits for: a lock, or the label of a task. */
  readonly wants: string;
  readonly from: number;
  /** Index of the move with which it went on, or null if it waits at the end. */
  readonly to: number | null;
}

/** An arrow of the waits-for graph: `wants` runs from a task to a lock or task, `held` from a lock to its holder. */
export interface Arrow {
  readonly kind: 'wants' | 'held';
  readonly task: number;
  /** A lock as shown, or null if the arrow ends at the task `other`. */
  readonly lock: string | null;
  readonly other: number | null;
  /** Index of the first move after which the arrow is there. */
  readonly from: number;
  /** Index of the first move after which it is gone, or null. */
  readonly to: number | null;
  /** Part of the cycle at the end. */
  readonly inCycle: boolean;
}

export interface Stage {
  /** Number of moves. */
  readonly moves: number;
  readonly locks: readonly string[];
  readonly holds: readonly HoldBar[];
  readonly waits: readonly WaitBar[];
  readonly arrows: readonly Arrow[];
}

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** Derives the stage from an explanation. Releases are undone innermost first, as the kernel's lists of held locks do. */
export function stageOf(explanation: Explanation): Stage {
  const holds: Open<HoldBar>[] = [];
  const waits: Open<WaitBar>[] = [];
  for (const [index, move] of explanation.moves.entries()) {
    const waiting = waits.find((bar) => bar.task === move.task && bar.to === null);
    if (move.outcome === 'waits') {
      if (waiting === undefined)
        waits.push({ task: move.task, wants: wantedBy(explanation, move), from: index, to: null });
      continue;
    }
    if (waiting !== undefined) waiting.to = index;
    if (move.outcome !== 'done' || move.lock === null) continue;
    if (move.action === 'lock') holds.push({ task: move.task, lock: move.lock, from: index, to: null });
    if (move.action === 'unlock') {
      const bar =
        holds.findLast((b) => b.task === move.task && b.lock === move.lock && b.to === null) ??
        holds.findLast((b) => b.lock === move.lock && b.to === null);
      if (bar !== undefined) bar.to = index;
    }
  }
  return {
    moves: explanation.moves.length,
    locks: locksOf(explanation),
    holds,
    waits,
    arrows: arrowsOf(explanation, holds, waits),
  };
}

function wantedBy(explanation: Explanation, move: ExplainedMove): string {
  if (move.lock !== null) return move.lock;
  const wait = explanation.waits.find((w) => w.waiter === move.task);
  return wait?.wants ?? move.text;
}

/** Locks of the moves and of the waits, in order of appearance. */
function locksOf(explanation: Explanation): string[] {
  const locks = explanation.moves.flatMap((move) => (move.lock === null ? [] : [move.lock]));
  return [...new Set(locks)];
}

function arrowsOf(explanation: Explanation, holds: readonly HoldBar[], waits: readonly WaitBar[]): Arrow[] {
  const locks = new Set(locksOf(explanation));
  const arrows: Arrow[] = [];
  for (const { task, lock, from, to } of holds) {
    const inCycle =
      to === null && explanation.waits.some((w) => w.wants === lock && (w.holder ?? w.leftBy) === task);
    arrows.push({ kind: 'held', task, lock, other: null, from, to, inCycle });
  }
  for (const { task, wants, from, to } of waits) {
    const wait = to === null ? explanation.waits.find((w) => w.waiter === task) : undefined;
    const isLock = locks.has(wants);
    const other = isLock ? null : (wait?.holder ?? null);
    if (!isLock && other === null) continue;
    arrows.push({
      kind: 'wants',
      task,
      lock: isLock ? wants : null,
      other,
      from,
      to,
      inCycle: wait !== undefined,
    });
  }
  // Edges of the cycle that no attempt stands for: an interrupted task, or a queue whose head does not hold the lock.
  const end = Math.max(0, explanation.moves.length - 1);
  for (const { waiter, holder, how } of explanation.waits) {
    if (holder === null) continue;
    const shown =
      how === 'interrupt' || how === 'start' || how === 'queue' || how === 'signal'
        ? arrows.some((a) => a.kind === 'wants' && a.task === waiter && a.other === holder)
        : true;
    if (!shown)
      arrows.push({
        kind: 'wants',
        task: waiter,
        lock: null,
        other: holder,
        from: how === 'interrupt' ? firstMoveOf(explanation, holder) : end,
        to: null,
        inCycle: true,
      });
  }
  return arrows;
}

function firstMoveOf(explanation: Explanation, task: number): number {
  return Math.max(
    0,
    explanation.moves.findIndex((move) => move.task === task),
  );
}
