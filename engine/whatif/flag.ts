// Edits on flags: a function sets or clears one, and what a function does is done only while one has a value.
import type { FunctionNames, PatchFlag } from '../../corpus/schema/patch.js';
import type { Op, Program } from '../../corpus/schema/program.js';
import { chainsOf, depthOf, endOfSection, extentsOf, isTakenBy, lockOf, openAt } from './chains.js';
import {
  type Edited,
  editedBodies,
  flagId,
  isClass,
  lockOp,
  locksOfClass,
  newOp,
  unlockOp,
  withFlag,
} from './names.js';

/** The program with the flag declared for each lock that its ops name. */
function declared(done: Edited, flag: PatchFlag): Edited {
  let { program } = done;
  const used = new Set<string>();
  for (const task of program.tasks)
    for (const op of task.body) {
      if (op.guard !== null) used.add(op.guard.flag);
      if ('flag' in op) used.add(op.flag);
    }
  if (flag.of === null)
    return { ...done, program: used.has(flag.name) ? withFlag(program, flag, null) : program };
  for (const lock of locksOfClass(program, flag.of))
    if (used.has(flagId(flag, lock))) program = withFlag(program, flag, lock);
  return { ...done, program };
}

export function switchFlag(
  program: Program,
  flag: PatchFlag,
  value: boolean,
  inside: FunctionNames,
  before: string | null,
): Edited {
  const action = (lock: string | null) =>
    ({ do: value ? 'set' : 'clear', flag: flagId(flag, lock) }) as const;
  const own = new Set(flag.of === null ? [] : locksOfClass(program, flag.of));
  const done = editedBodies(program, (task, note, pass) => {
    const chains = chainsOf(task);
    /** What to put in before the op of an index. */
    const added = new Map<number, Op[]>();
    const add = (at: number, ops: readonly Op[]): void => {
      added.set(at, [...(added.get(at) ?? []), ...ops]);
      note(`${inside[0]} ${value ? 'sets' : 'clears'} ${flag.name}`);
    };
    if (before !== null) {
      const outer = new Set(locksOfClass(program, before));
      for (let i = 0; i < task.body.length; i++) {
        const op = task.body[i];
        if (op?.do !== 'lock' || !outer.has(op.lock) || depthOf(chains[i] ?? [], inside) < 0) continue;
        const end = endOfSection(task.body, i);
        const chain = (chains[i] ?? []).slice(depthOf(chains[i] ?? [], inside));
        if (flag.of === null) add(i, [newOp(action(null), chain)]);
        else {
          // A walk ends with the object that the function works on.
          const last = task.body.findLastIndex(
            (one, k) => k > i && k < end && one.do === 'lock' && own.has(one.lock),
          );
          const lock = lockOf(task.body[last]);
          if (lock === null) pass(`no ${flag.of} is taken under ${before}`);
          else add(i, [lockOp(lock, chain), newOp(action(lock), chain), unlockOp(lock, chain)]);
        }
        i = end;
      }
    } else if (flag.of === null) {
      for (const { last } of extentsOf(task.body, chains, inside))
        add(last + 1, [newOp(action(null), [inside[0] ?? ''])]);
    } else {
      task.body.forEach((op, i) => {
        if (op.do !== 'lock' || !own.has(op.lock) || !isTakenBy(op, chains[i] ?? [], inside)) return;
        add(endOfSection(task.body, i), [newOp(action(op.lock), chains[i] ?? [])]);
      });
    }
    if (added.size === 0) return null;
    return [...task.body, null].flatMap((op, i) => [...(added.get(i) ?? []), ...(op === null ? [] : [op])]);
  });
  return declared(done, flag);
}

export function guardFunctions(
  program: Program,
  flag: PatchFlag,
  value: boolean,
  functions: readonly FunctionNames[],
): Edited {
  const classes = new Map(program.locks.map((lock) => [lock.id, lock.class]));
  const done = editedBodies(program, (task, note, pass) => {
    const chains = chainsOf(task);
    const body = [...task.body];
    const guardFrom = (from: number, to: number, lock: string | null, name: string): void => {
      const guard = { flag: flagId(flag, lock), when: value };
      for (let i = from; i <= to; i++) {
        const op = body[i];
        if (op === undefined) continue;
        if (op.guard === null) body[i] = { ...op, guard };
        else if (op.guard.flag !== guard.flag || op.guard.when !== value) pass(`${name} has a guard already`);
      }
      if (from <= to) note(`${name} ${value ? 'when' : 'unless'} ${flag.name}`);
    };
    const isOwn = (lock: string): boolean => flag.of !== null && isClass(flag.of, classes.get(lock) ?? '');
    for (const names of functions) {
      const name = names[0] ?? '';
      for (const { first, last } of extentsOf(task.body, chains, names)) {
        const holder = openAt(task.body, first)
          .map((i) => lockOf(task.body[i]))
          .filter((lock) => lock !== null && isOwn(lock))
          .pop();
        if (flag.of === null) guardFrom(first, last, null, name);
        else if (holder !== undefined) guardFrom(first, last, holder, name);
        else {
          // A function that takes the lock itself: what it does under it.
          let found = false;
          for (let i = first; i <= last; i++) {
            const op = task.body[i];
            if (op?.do !== 'lock' || !isOwn(op.lock) || !isTakenBy(op, chains[i] ?? [], names)) continue;
            const end = endOfSection(task.body, i);
            guardFrom(i + 1, end - 1, op.lock, name);
            found = true;
            i = end;
          }
          if (!found) pass(`${name} is called without ${flag.of}`);
        }
      }
    }
    return body.some((op, i) => op !== task.body[i]) ? body : null;
  });
  return declared(done, flag);
}
