// Patterns of a trace: rings of abstract acquires whose threads and wanted resources differ and whose held sets are disjoint.
import type { TraceDependency } from './dependencies.js';

/** Each member wants what the next one holds. */
export type Pattern = readonly TraceDependency[];

/** Patterns with the same locks held and wanted, by different threads: one of them that is reached stands for all. */
export interface LikePatterns {
  readonly patterns: readonly Pattern[];
  /** False if more threads could stand there than were put into patterns. */
  readonly all: boolean;
}

/** A ring that shares a held lock: told, and refuted by it. */
export interface GuardedPattern {
  readonly pattern: Pattern;
  readonly gate: number;
}

export interface Patterns {
  readonly open: readonly LikePatterns[];
  readonly guarded: readonly GuardedPattern[];
  /** False if a limit was met. */
  readonly complete: boolean;
}

export interface PatternLimits {
  readonly patterns: number;
  /** Patterns with the same locks. */
  readonly like: number;
  readonly guarded: number;
  readonly steps: number;
}

/** Dependencies of several threads that want the same while holding the same. */
interface Like {
  readonly want: number;
  readonly held: readonly number[];
  readonly members: TraceDependency[];
}

const LENGTHS = [2, 3, 5, Number.POSITIVE_INFINITY];

/** A thread that has not ended holds itself: that counts only if somebody waits for it inside a ring. */
function likesOf(dependencies: readonly TraceDependency[], locks: number): Like[] {
  const joined = new Set(dependencies.flatMap(({ want }) => (want >= locks ? [want] : [])));
  const likes = new Map<string, Like>();
  for (const dependency of dependencies) {
    const held = dependency.held.filter((resource) => resource < locks || joined.has(resource));
    const key = `${dependency.want}<${[...held].sort((a, b) => a - b)}`;
    const known = likes.get(key);
    if (known === undefined) likes.set(key, { want: dependency.want, held, members: [dependency] });
    else known.members.push(dependency);
  }
  return [...likes.values()];
}

/** All ways to put different threads into the places of a ring. */
function* assignments(ring: readonly Like[]): Generator<Pattern> {
  const chosen: TraceDependency[] = [];
  function* place(i: number): Generator<Pattern> {
    const like = ring[i];
    if (like === undefined) {
      yield [...chosen];
      return;
    }
    for (const member of like.members) {
      if (chosen.some(({ thread }) => thread === member.thread)) continue;
      chosen.push(member);
      yield* place(i + 1);
      chosen.pop();
    }
  }
  yield* place(0);
}

/** All patterns, each once: found from its first place. Sets of wants and holds are carried and cut early. */
export function patternsOf(
  dependencies: readonly TraceDependency[],
  locks: number,
  limits: PatternLimits,
): Patterns {
  const likes = likesOf(dependencies, locks);
  const holders = new Map<number, number[]>();
  likes.forEach((like, i) => {
    for (const lock of like.held) {
      const list = holders.get(lock);
      if (list === undefined) holders.set(lock, [i]);
      else list.push(i);
    }
  });
  const open: LikePatterns[] = [];
  const guarded: GuardedPattern[] = [];
  let steps = 0;
  let count = 0;
  let complete = true;
  let longerThan = 0;
  let most = 0;
  const path: Like[] = [];
  const wants = new Set<number>();
  const held = new Set<number>();

  const close = (gate: number): void => {
    if (gate >= 0) {
      const [pattern] = assignments(path);
      if (pattern !== undefined && guarded.length < limits.guarded) guarded.push({ pattern, gate });
      return;
    }
    const patterns: Pattern[] = [];
    let all = true;
    for (const pattern of assignments(path)) {
      if (patterns.length === limits.like) {
        all = false;
        break;
      }
      patterns.push(pattern);
    }
    count += patterns.length;
    if (patterns.length > 0) open.push({ patterns, all });
  };
  const extend = (start: number, gate: number): void => {
    const last = path[path.length - 1]!;
    if (path.length > Math.max(1, longerThan) && likes[start]!.held.includes(last.want)) close(gate);
    if (path.length >= most) return;
    for (const i of holders.get(last.want) ?? []) {
      if (i <= start) continue;
      if (++steps > limits.steps || count >= limits.patterns) {
        complete = false;
        return;
      }
      const next = likes[i]!;
      if (wants.has(next.want)) continue;
      const shared = next.held.find((lock) => held.has(lock));
      const through = gate >= 0 ? gate : (shared ?? -1);
      // Guarded rings are told for the reader's sake: only short ones.
      if (through >= 0 && (path.length >= 2 || guarded.length >= limits.guarded)) continue;
      path.push(next);
      wants.add(next.want);
      const added = next.held.filter((lock) => !held.has(lock));
      for (const lock of added) held.add(lock);
      extend(start, through);
      for (const lock of added) held.delete(lock);
      wants.delete(next.want);
      path.pop();
    }
  };
  const from = (first: Like, start: number): void => {
    path.length = 0;
    path.push(first);
    wants.clear();
    wants.add(first.want);
    held.clear();
    for (const lock of first.held) held.add(lock);
    extend(start, -1);
  };
  // Short rings first, so that a limit cuts off the long ones.
  for (const length of LENGTHS) {
    if (!complete) break;
    most = length;
    likes.forEach(from);
    longerThan = most;
  }
  return { open, guarded, complete };
}
