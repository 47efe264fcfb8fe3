// Patterns of a trace: rings of abstract acquires whose threads and wanted resources differ and whose held sets are disjoint.
import type { TraceDependency } from './dependencies.js';

/** Each member wants what the next one holds. */
export type Pattern = readonly TraceDependency[];

/** A ring that shares a held lock: told, and refuted by it. */
export interface GuardedPattern {
  readonly pattern: Pattern;
  readonly gate: number;
}

export interface Patterns {
  readonly open: readonly Pattern[];
  readonly guarded: readonly GuardedPattern[];
  /** False if a limit was met. */
  readonly complete: boolean;
}

export interface PatternLimits {
  readonly patterns: number;
  readonly guarded: number;
  readonly steps: number;
}

/** All patterns, each once: found from its first dependency. Sets of threads, wants and holds are carried and cut early. */
export function patternsOf(dependencies: readonly TraceDependency[], limits: PatternLimits): Patterns {
  const holders = new Map<number, number[]>();
  dependencies.forEach((dependency, i) => {
    for (const lock of dependency.held) {
      const list = holders.get(lock);
      if (list === undefined) holders.set(lock, [i]);
      else list.push(i);
    }
  });
  const open: Pattern[] = [];
  const guarded: GuardedPattern[] = [];
  let steps = 0;
  let complete = true;
  const path: TraceDependency[] = [];
  const threads = new Set<number>();
  const wants = new Set<number>();
  const held = new Set<number>();

  const extend = (start: number, gate: number): void => {
    const last = path[path.length - 1]!;
    for (const i of holders.get(last.want) ?? []) {
      if (i < start) continue;
      if (++steps > limits.steps || open.length >= limits.patterns) {
        complete = false;
        return;
      }
      const next = dependencies[i]!;
      if (i === start) {
        if (path.length < 2) continue;
        if (gate < 0) open.push([...path]);
        else if (guarded.length < limits.guarded) guarded.push({ pattern: [...path], gate });
        continue;
      }
      if (threads.has(next.thread) || wants.has(next.want)) continue;
      const shared = next.held.find((lock) => held.has(lock));
      const through = gate >= 0 ? gate : (shared ?? -1);
      // Guarded rings are told for the reader's sake: only short ones.
      if (through >= 0 && (path.length >= 2 || guarded.length >= limits.guarded)) continue;
      path.push(next);
      threads.add(next.thread);
      wants.add(next.want);
      const added = next.held.filter((lock) => !held.has(lock));
      for (const lock of added) held.add(lock);
      extend(start, through);
      for (const lock of added) held.delete(lock);
      wants.delete(next.want);
      threads.delete(next.thread);
      path.pop();
    }
  };
  dependencies.forEach((first, start) => {
    path.length = 0;
    path.push(first);
    threads.clear();
    threads.add(first.thread);
    wants.clear();
    wants.add(first.want);
    held.clear();
    for (const lock of first.held) held.add(lock);
    extend(start, -1);
  });
  return { open, guarded, complete };
}
