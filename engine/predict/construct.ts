// Construct: for straight-line tasks, the schedule to a cycle by sorting the pieces between final acquisitions.
import type { Op, Program, ProgramLock } from '../../corpus/schema/program.js';
import { requestOf } from './conflicts.js';

/** Where each member of the cycle must be blocked. */
export type Goal = readonly { readonly task: number; readonly op: number }[];

export type Constructed =
  /** Task indices of the steps, then of the attempts that close the cycle. */
  | { readonly is: 'schedule'; readonly schedule: readonly number[] }
  /** A proof that no schedule gets there. */
  | { readonly is: 'infeasible'; readonly why: string }
  /** The tasks do more than take and give back locks: nothing is said. */
  | { readonly is: 'not-applicable' };

/** One use of a lock up to the goal: finished, or still held there. */
interface Use {
  readonly member: number;
  readonly lock: string;
  readonly exclusive: boolean;
  /** Piece of the member in which it begins. */
  readonly piece: number;
  readonly final: boolean;
}

interface Member {
  readonly task: number;
  readonly op: number;
  /** Piece of each op before the goal. */
  readonly pieceOf: readonly number[];
  readonly pieces: number;
}

const NO: Constructed = { is: 'not-applicable' };

function isPlain(op: Op, lock: ProgramLock | undefined): boolean {
  if (op.guard !== null || lock === undefined) return false;
  if (op.do === 'unlock') return true;
  return op.do === 'lock' && !op.attempt && lock.kind !== 'semaphore';
}

/**
 * The idea of acquisition histories (V. Kahlon, F. Ivancic, A. Gupta, "Reasoning about Threads Communicating via
 * Locks", CAV 2005) for any number of tasks. A task's way to its request falls into pieces: each begins where it takes
 * a lock that it still holds in the end (its final acquisition). Every other use of that lock must be over by then, so
 * its piece comes first. If these demands run in a circle, no schedule gets there. If not, and sections are nested,
 * the pieces can be run one after the other, each without a break: inside a piece only locks are taken that are given
 * back before it ends, and none of them is yet held for good. With modes: only uses that keep each other out demand.
 * Where sections are not nested, the order is only tried: the caller replays it in any case.
 */
export function construct(program: Program, goal: Goal): Constructed {
  const locks = new Map(program.locks.map((l) => [l.id, l]));
  const uses: Use[] = [];
  const members: Member[] = [];
  for (const [m, { task: t, op: last }] of goal.entries()) {
    const task = program.tasks[t];
    if (task === undefined || task.irq !== null || task.after !== null) return NO;
    const wanted = task.body[last];
    if (wanted?.do !== 'lock' || !isPlain(wanted, locks.get(wanted.lock))) return NO;
    const before = task.body.slice(0, last);
    if (!before.every((op) => 'lock' in op && isPlain(op, locks.get(op.lock)))) return NO;
    const open: { lock: string; at: number }[] = [];
    const closed = new Set<number>();
    for (const [i, op] of before.entries()) {
      if (op.do === 'lock') {
        // So it makes no difference whether the lock is reentrant.
        if (open.some((o) => o.lock === op.lock)) return NO;
        open.push({ lock: op.lock, at: i });
      } else if (op.do === 'unlock') {
        const at = open.findLastIndex((o) => o.lock === op.lock);
        const section = open[at];
        if (section === undefined) return NO;
        open.splice(at, 1);
        closed.add(section.at);
      }
    }
    const again = open.some((o) => o.lock === wanted.lock);
    if (again && locks.get(wanted.lock)?.rules.includes('reentrant') === true) return NO;
    let piece = 0;
    const pieceOf = before.map((op, i) => {
      const final = op.do === 'lock' && !closed.has(i);
      if (final) piece++;
      if (op.do === 'lock') {
        const lock = locks.get(op.lock);
        const exclusive = lock === undefined || requestOf(lock, op.mode, false)?.takesExclusively !== false;
        uses.push({ member: m, lock: op.lock, exclusive, piece, final });
      }
      return piece;
    });
    members.push({ task: t, op: last, pieceOf, pieces: piece + 1 });
  }
  if (goal.length !== program.tasks.length) return NO;
  return sorted(program, members, uses);
}

function sorted(program: Program, members: readonly Member[], uses: readonly Use[]): Constructed {
  const key = (member: number, piece: number): string => `${member} ${piece}`;
  const after = new Map<string, Set<string>>();
  const link = (from: string, to: string): void => {
    const known = after.get(from);
    if (known === undefined) after.set(from, new Set([to]));
    else known.add(to);
  };
  members.forEach((m, i) => {
    for (let p = 1; p < m.pieces; p++) link(key(i, p - 1), key(i, p));
  });
  for (const held of uses) {
    if (!held.final) continue;
    for (const other of uses) {
      if (other.lock !== held.lock || other.member === held.member) continue;
      if (!other.exclusive && !held.exclusive) continue;
      if (other.final)
        return { is: 'infeasible', why: `two of the tasks would both have to hold ${other.lock}` };
      link(key(other.member, other.piece), key(held.member, held.piece));
    }
  }
  const waiting = new Map<string, number>();
  for (const to of after.values()) for (const k of to) waiting.set(k, (waiting.get(k) ?? 0) + 1);
  const ready: [number, number][] = members
    .map((_, i): [number, number] => [i, 0])
    .filter(([i]) => !waiting.has(key(i, 0)));
  const done = new Set<string>();
  const schedule: number[] = [];
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    const [i, p] = next;
    const member = members[i];
    if (member === undefined) continue;
    done.add(key(i, p));
    for (const piece of member.pieceOf) if (piece === p) schedule.push(member.task);
    for (const to of after.get(key(i, p)) ?? []) {
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      const [j, q] = to.split(' ').map(Number);
      if (left === 0 && j !== undefined && q !== undefined) ready.push([j, q]);
    }
  }
  const total = members.reduce((n, m) => n + m.pieces, 0);
  if (done.size < total) {
    const stuck = members.filter((m, i) => !done.has(key(i, m.pieces - 1)));
    const names = stuck.map((m) => program.tasks[m.task]?.name).join(' and ');
    return {
      is: 'infeasible',
      why: `each of ${names} needs, on its way there, a lock that another one of them must already hold for good`,
    };
  }
  // Writers ask first: then a reader that queues behind one finds it waiting.
  const asks = members.map((m) => {
    const op = program.tasks[m.task]?.body[m.op];
    return { task: m.task, shared: op?.do === 'lock' && op.mode !== 'exclusive' };
  });
  asks.sort((a, b) => Number(a.shared) - Number(b.shared));
  schedule.push(...asks.map((a) => a.task));
  return { is: 'schedule', schedule };
}
