// Choose: for a ring of shapes, who and when - times of different tasks that nothing orders, or the order that always holds.
import type { Member } from './cycles.js';
import type { Row } from './knowledge.js';
import type { Occurrence } from './transactions.js';

/** Events at which the knowledge of the ring's tasks is asked for: where they begin, and where they take locks. */
export function momentsOf(members: readonly Member[]): number[] {
  const moments: number[] = [];
  for (const { shape } of members)
    for (const occurrences of shape.kept.values())
      for (const { first, steps } of occurrences) {
        moments.push(first);
        for (const { kind, event } of steps) if (kind !== 'unlock' && event >= 0) moments.push(event);
      }
  return moments;
}

export interface Order {
  readonly rows: ReadonlyMap<number, Row>;
  readonly column: ReadonlyMap<number, number>;
}

/** Last event of `other` that must lie before `event`, or -1; and the event that brought the news. */
export function known(
  order: Order,
  event: number,
  other: number,
): { readonly upTo: number; readonly by: number } {
  const row = order.rows.get(event);
  const column = order.column.get(other);
  if (row === undefined || column === undefined) return { upTo: -1, by: -1 };
  return { upTo: row[column]!, by: row[row.length / 2 + column]! };
}

/** True if the member `a` is past its request whenever `b` gets to its own. */
function isPast(order: Order, a: Occurrence, aStep: Member, b: Occurrence, bStep: Member): boolean {
  if (aStep.interrupted) return false;
  const passed = a.steps[aStep.step]?.lastEvent ?? -1;
  const asks = b.steps[bStep.step]?.event ?? b.first;
  if (passed < 0) return false;
  return known(order, asks < 0 ? b.first : asks, a.actor).upTo > passed;
}

export interface Choice {
  readonly occurrences: readonly Occurrence[];
  /** True if nothing orders them: each can stand at its request while the others stand at theirs. */
  readonly free: boolean;
  /** True if all times that the ring was seen were looked at. */
  readonly sure: boolean;
}

/** Combinations tried before it is left at what was found. */
const MOST = 50_000;

/** Null if the ring has not enough different actors. */
export function choose(members: readonly Member[], order: Order): Choice | null {
  const chosen: Occurrence[] = [];
  let first: Occurrence[] | null = null;
  let tried = 0;
  const extend = (): boolean => {
    const i = chosen.length;
    const member = members[i];
    if (member === undefined) return true;
    for (const [actor, occurrences] of member.shape.kept) {
      if (chosen.some((other) => other.actor === actor)) continue;
      for (const occurrence of occurrences) {
        if (++tried > MOST) return false;
        const clash = chosen.some((other, j) => {
          const its = members[j]!;
          return (
            isPast(order, other, its, occurrence, member) || isPast(order, occurrence, member, other, its)
          );
        });
        chosen.push(occurrence);
        if (chosen.length === members.length) first ??= [...chosen];
        if (!clash && extend()) return true;
        chosen.pop();
      }
    }
    return false;
  };
  const free = extend();
  const sure = tried <= MOST && !members.some((member) => member.shape.dropped);
  if (free) return { occurrences: chosen, free, sure };
  const fallback = first ?? anyActors(members);
  return fallback === null ? null : { occurrences: fallback, free: false, sure };
}

/** One time of each member, of different actors, as the first ones found. */
function anyActors(members: readonly Member[]): Occurrence[] | null {
  const chosen: Occurrence[] = [];
  const extend = (): boolean => {
    const member = members[chosen.length];
    if (member === undefined) return true;
    for (const [actor, [occurrence]] of member.shape.kept) {
      if (occurrence === undefined || chosen.some((other) => other.actor === actor)) continue;
      chosen.push(occurrence);
      if (extend()) return true;
      chosen.pop();
    }
    return false;
  };
  return extend() ? chosen : null;
}
