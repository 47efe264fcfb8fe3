// The `expect` line that a verdict would need.
import type { Expectation, Program } from '../../corpus/schema/program.js';
import type { Verdict } from '../../corpus/schema/verdict.js';

/** The `expect` line for a bad end, with task names sorted, or null for a good one. */
export function expectationOf(program: Program, verdict: Verdict): Expectation | null {
  const named = (tasks: readonly number[]): string[] =>
    tasks.map((t) => program.tasks[t]?.name ?? '?').sort();
  switch (verdict.kind) {
    case 'deadlock':
      return { kind: 'deadlock', tasks: named(verdict.cycle) };
    case 'stranded':
      return { kind: 'stranded', tasks: named(verdict.tasks) };
    case 'violated':
      return { kind: 'violated', tasks: named([verdict.task]) };
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
