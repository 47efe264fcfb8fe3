// Meeting classes: those over which the lock orders of several captures close a cycle that no single one closes.
import { classStem } from './source.js';

/** The lock order of one capture by class. */
export interface ClassOrder {
  readonly capture: string;
  /** Held, wanted. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** A class that lockdep numbers is another one at the next boot: it cannot meet itself in another capture. */
function isNumbered(name: string): boolean {
  return classStem(name) !== name;
}

/** Classes from which one leads back to them, over pairs of at least two captures. */
export function meetingClasses(orders: readonly ClassOrder[]): ReadonlySet<string> {
  const next = new Map<string, Map<string, Set<string>>>();
  for (const { capture, pairs } of orders)
    for (const [held, wanted] of pairs) {
      if (held === wanted || isNumbered(held) || isNumbered(wanted)) continue;
      const to = next.get(held) ?? new Map<string, Set<string>>();
      next.set(held, to);
      to.set(wanted, (to.get(wanted) ?? new Set()).add(capture));
    }
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const todo = [from];
    for (let at = todo.pop(); at !== undefined; at = todo.pop())
      for (const to of next.get(at)?.keys() ?? []) {
        if (seen.has(to)) continue;
        seen.add(to);
        todo.push(to);
      }
    return seen;
  };
  const reached = new Map([...next.keys()].map((name) => [name, reach(name)]));
  const meeting = new Set<string>();
  for (const name of next.keys()) {
    const own = [...(reached.get(name) ?? [])].filter((other) => reached.get(other)?.has(name) === true);
    if (!own.includes(name)) continue;
    const captures = new Set<string>();
    for (const held of own)
      for (const [wanted, from] of next.get(held) ?? [])
        if (own.includes(wanted)) for (const capture of from) captures.add(capture);
    if (captures.size > 1) for (const other of own) meeting.add(other);
  }
  return meeting;
}
