// Must-order: what of one task has to be done before another task can get to a place (fork, join, after, sole signal).
import type { Program } from '../../corpus/schema/program.js';

/** Answers whether op `p` of task `a` is done in every run that brings task `b` to its op `q`. */
export type MustPrecede = (a: number, p: number, b: number, q: number) => boolean;

/**
 * Order that every schedule of the program keeps. Nodes are (task, number of ops done); guarded ops and signals
 * that come from several places give no order, so that the answer true is a proof.
 */
export function mustOrder(program: Program): MustPrecede {
  const starts: number[] = [];
  let size = 0;
  for (const task of program.tasks) {
    starts.push(size);
    size += task.body.length + 1;
  }
  const node = (task: number, done: number): number => (starts[task] ?? 0) + done;
  const end = (task: number): number => node(task, program.tasks[task]?.body.length ?? 0);
  const named = new Map(program.tasks.map((t, i) => [t.name, i]));
  const edges: number[][] = Array.from({ length: size }, () => []);
  const link = (from: number, to: number): void => void edges[from]?.push(to);

  const signals = new Map<string, number[]>();
  const forks = new Map<number, number[]>();
  program.tasks.forEach((task, t) => {
    task.body.forEach((op, i) => {
      if (op.do === 'signal' || op.do === 'signal-all') {
        signals.set(op.lock, [...(signals.get(op.lock) ?? []), node(t, i + 1)]);
      } else if (op.do === 'fork') {
        const child = named.get(op.task);
        if (child !== undefined) forks.set(child, [...(forks.get(child) ?? []), node(t, i + 1)]);
      }
    });
  });
  program.tasks.forEach((task, t) => {
    task.body.forEach((op, i) => {
      link(node(t, i), node(t, i + 1));
      if (op.guard !== null) return;
      if (op.do === 'join') {
        const child = named.get(op.task);
        if (child !== undefined) link(end(child), node(t, i + 1));
      } else if (op.do === 'wait') {
        const from = signals.get(op.lock) ?? [];
        if (from.length === 1 && from[0] !== undefined) link(from[0], node(t, i + 1));
      }
    });
    const before = task.after === null ? undefined : named.get(task.after);
    if (before !== undefined) link(end(before), node(t, 0));
    const forked = forks.get(t) ?? [];
    if (forked.length === 1 && forked[0] !== undefined) link(forked[0], node(t, 0));
  });

  const reached = new Map<number, Uint8Array>();
  const reachable = (from: number): Uint8Array => {
    const known = reached.get(from);
    if (known !== undefined) return known;
    const seen = new Uint8Array(size);
    const stack = [from];
    seen[from] = 1;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const next of edges[at] ?? []) {
        if (seen[next] === 0) {
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    reached.set(from, seen);
    return seen;
  };
  return (a, p, b, q) => reachable(node(a, p + 1))[node(b, q)] === 1;
}
