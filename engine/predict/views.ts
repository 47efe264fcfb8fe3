// Views: the dependencies of programs as nodes of one graph, by lock instance inside a program or by class across all.

import type { GraphNode } from './cycles.js';
import type { Dependency, Resource } from './dependencies.js';
import { resourceKey } from './dependencies.js';
import { classKey, type PredictSource, sharesCapture } from './source.js';

/** Tasks that do the very same thing by class: more of them close no other kinds of cycles. */
const ALIKE = 3;

function whoOf(source: PredictSource, index: number, task: number): string {
  const name = source.lowered.program.tasks[task]?.name ?? '';
  return source.captures.length === 0 ? `program ${index}: ${name}` : `${source.captures.join(',')}: ${name}`;
}

/** Nodes of one program, locks told apart by instance. */
export function byInstance(source: PredictSource, index: number, found: readonly Dependency[]): GraphNode[] {
  return found.map((dependency) => ({
    source: index,
    who: whoOf(source, index, dependency.task),
    dependency,
    want: resourceKey(dependency.want.resource),
    holds: dependency.holds.map((h) => resourceKey(h.resource)),
  }));
}

/**
 * Nodes of all programs, locks told apart by class only. An instance inside another one of its own class closes no
 * cycle here: that order (parent before child, or by address) is what such code rests on, and two recordings of it
 * say nothing against each other.
 */
export function byClass(
  sources: readonly PredictSource[],
  found: readonly (readonly Dependency[])[],
): GraphNode[] {
  const nodes: GraphNode[] = [];
  const alike = new Map<string, Set<string>>();
  sources.forEach((source, index) => {
    const { program } = source.lowered;
    const classes = new Map(program.locks.map((l) => [l.id, classKey(source, l.class)]));
    const key = (resource: Resource): string =>
      resource.of === 'lock'
        ? (classes.get(resource.lock) ?? resource.lock)
        : `${resourceKey(resource)} of program ${index}`;
    for (const dependency of found[index] ?? []) {
      const want = key(dependency.want.resource);
      const keys = dependency.holds.map((h) => key(h.resource));
      const holds = keys.map((k, i) =>
        k === want && dependency.holds[i]?.resource.of === 'lock' ? null : k,
      );
      const who = whoOf(source, index, dependency.task);
      const task = program.tasks[dependency.task];
      const kind = [
        task?.function ?? task?.name,
        task?.irq,
        dependency.want.how,
        want,
        dependency.want.mode,
        ...keys.map((k, i) => `${k} ${dependency.holds[i]?.mode}`).sort(),
      ].join('\n');
      const known = alike.get(kind) ?? new Set<string>();
      alike.set(kind, known);
      if (!known.has(who) && known.size >= ALIKE) continue;
      known.add(who);
      nodes.push({ source: index, who, dependency, want, holds });
    }
  });
  return nodes;
}

/**
 * True if the class view shows nothing that the instance view of one program does not: same program, same locks, or all of
 * one recording that told its locks apart by address and was put into programs with that knowledge.
 */
export function isByInstance(sources: readonly PredictSource[], nodes: readonly GraphNode[]): boolean {
  const [first] = nodes;
  const home = first === undefined ? undefined : sources[first.source];
  const oneRecording = nodes.every(({ source }) => {
    const other = sources[source];
    return other?.lowered.byAddress === true && home !== undefined && sharesCapture(home, other);
  });
  if (oneRecording) return true;
  return nodes.every((from, i) => {
    const to = nodes[(i + 1) % nodes.length];
    if (to === undefined || to.source !== from.source) return false;
    const wanted = resourceKey(from.dependency.want.resource);
    return (
      to.dependency.holds.some((h) => resourceKey(h.resource) === wanted) ||
      resourceKey(to.dependency.want.resource) === wanted
    );
  });
}
