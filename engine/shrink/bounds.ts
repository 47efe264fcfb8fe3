// Bounds: what can be proved about a shape without a search - that a program cannot have it, or not in fewer steps.
import type { Program } from '../../corpus/schema/program.js';
import { enumerateCycles, type GraphNode } from '../predict/cycles.js';
import { dependenciesOf, resourceKey } from '../predict/dependencies.js';
import { type Shape, shapeOf, stableClass } from './shape.js';

/** Kinds and ops for which the lock-order graph shows every deadlock (a law: engine/predict/shapes.test.ts). */
function isWhollyInGraph(program: Program): boolean {
  return (
    program.locks.every((l) => !['semaphore', 'completion', 'rcu', 'srcu'].includes(l.kind)) &&
    program.tasks.every(
      (t) =>
        t.irq === null &&
        t.after === null &&
        t.body.every(
          (op) =>
            op.do === 'lock' || op.do === 'unlock' || 'flag' in op || op.do === 'irqs' || op.do === 'bh',
        ),
    )
  );
}

/** Paths of the graph that are looked at. */
const PATHS = 20_000;

/** True if it is certain that no schedule of the program ends in the shape: its graph has no such cycle. */
export function isImpossible(program: Program, shape: Shape): boolean {
  if (shape.kind !== 'inversion' && shape.kind !== 'self-deadlock') return false;
  const { length } = shape.members;
  if (program.tasks.length < length) return true;
  if (!isWhollyInGraph(program)) return false;
  const nodes = dependenciesOf(program).map(
    (dependency): GraphNode => ({
      source: 0,
      who: String(dependency.task),
      dependency,
      want: resourceKey(dependency.want.resource),
      holds: dependency.holds.map((h) => resourceKey(h.resource)),
    }),
  );
  const cycles = enumerateCycles(nodes, {
    length,
    longerThan: length - 1,
    cycles: 1,
    faulty: 0,
    steps: PATHS,
  });
  for (;;) {
    const { value, done } = cycles.next();
    // Longer cycles do not matter: what counts is that the paths were all followed as far as `length`.
    if (done === true) return !value.full;
    if (value !== null) return false;
  }
}

/**
 * The fewest steps in which any schedule of the program can end in the shape, by what each member has to pass before
 * its own request. 0 if nothing can be said.
 */
export function fewestSteps(program: Program, shape: Shape): number {
  if ((shape.kind !== 'inversion' && shape.kind !== 'self-deadlock') || !isWhollyInGraph(program)) return 0;
  // A trylock that fails passes several ops in one step.
  if (program.tasks.some((t) => t.body.some((op) => op.do === 'lock' && op.attempt))) return 0;
  const classes = new Map(program.locks.map((l) => [l.id, stableClass(l.class)]));
  const places = dependenciesOf(program).map((d) => {
    const standing = program.tasks.map((_, u) => (u === d.task ? d.op : null));
    const own = shapeOf(program, { kind: 'stranded', tasks: [d.task] }, standing)?.members[0];
    const holds = d.holds.flatMap((h) => (h.resource.of === 'lock' ? [classes.get(h.resource.lock)] : []));
    return { op: d.op, own, holds };
  });
  let total = 0;
  for (const [i, member] of shape.members.entries()) {
    // It holds what the one before it wants, or is the writer behind which that one queues.
    const before = shape.members.at(i - 1)?.class;
    let least = Number.POSITIVE_INFINITY;
    for (const { op, own, holds } of places) {
      if (own === undefined || (!holds.includes(before) && own.class !== before)) continue;
      const same =
        own.class === member.class &&
        own.mode === member.mode &&
        own.context === member.context &&
        own.site === member.site;
      if (same) least = Math.min(least, op);
    }
    if (least === Number.POSITIVE_INFINITY) return 0;
    total += least;
  }
  return total;
}
