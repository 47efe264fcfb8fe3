// Find: what of a verdict counts as found.
import type { Program } from '../../corpus/schema/program.js';
import type { SearchFind, SearchResult, Verdict } from '../../corpus/schema/verdict.js';

/** An end, in the smallest program in which it was found: some tasks of the whole, in its order. */
export interface PartFind {
  readonly kind: SearchFind['kind'];
  /** Names, sorted. */
  readonly tasks: readonly string[];
  readonly program: Program;
  /** Over the tasks of `program`. */
  readonly schedule: readonly number[];
}

/** What the searches of parts come to. */
export type PartsTotal = Omit<SearchResult, 'finds'>;

/** Kind and tasks of an end, or null for one that is no find. */
export function findOf(verdict: Verdict): Pick<SearchFind, 'kind' | 'tasks'> | null {
  switch (verdict.kind) {
    case 'deadlock':
      return { kind: 'deadlock', tasks: [...verdict.cycle].sort((a, b) => a - b) };
    case 'stranded':
      return { kind: 'stranded', tasks: verdict.tasks };
    case 'violated':
      return { kind: 'violated', tasks: [verdict.task] };
    case 'completed':
    case 'ill-formed':
    case 'out-of-steps':
      return null;
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

/** The order in which finds are told. */
export function byTasks(a: SearchFind, b: SearchFind): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  const length = Math.min(a.tasks.length, b.tasks.length);
  for (let i = 0; i < length; i++) if (a.tasks[i] !== b.tasks[i]) return a.tasks[i]! - b.tasks[i]!;
  return a.tasks.length - b.tasks.length;
}
