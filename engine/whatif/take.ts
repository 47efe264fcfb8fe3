// Edit: a lock is taken around each call of a function.
import type { FunctionNames } from '../../corpus/schema/patch.js';
import type { Op, Program } from '../../corpus/schema/program.js';
import { type Chain, chainsOf, depthOf, type Extent, endOfSection, extentsOf, isTakenBy } from './chains.js';
import { type Edited, editedBodies, isClass, lockOp, locksOfClass, unlockOp } from './names.js';

/** The program with a lock of that class, and its id; null if there are several and nobody says which. */
function theLock(program: Program, pattern: string): { program: Program; id: string } | null {
  const ids = locksOfClass(program, pattern);
  if (ids.length > 1) return null;
  const [only] = ids;
  if (only !== undefined) return { program, id: only };
  let id = 'P';
  for (let n = 1; program.locks.some((lock) => lock.id === id); n++) id = `P${n}`;
  const name = pattern.split('|')[0] ?? pattern;
  const lock = { id, kind: 'mutex' as const, units: 1, class: name, rules: [] };
  return { program: { ...program, locks: [...program.locks, lock] }, id };
}

/** From the function outward: who called it. */
function from(chain: Chain, names: FunctionNames): Chain {
  const at = depthOf(chain, names);
  return [names[0] ?? '', ...chain.slice(at + 1)];
}

export function takeLock(
  program: Program,
  pattern: string,
  around: readonly FunctionNames[],
  inside: FunctionNames | null,
): Edited {
  const found = theLock(program, pattern);
  if (found === null)
    return { program, applied: [], passed: [`there are several locks of class ${pattern}`] };
  const classes = new Map(found.program.locks.map((lock) => [lock.id, lock.class]));
  const done = editedBodies(found.program, (task, note, pass) => {
    let body: readonly Op[] = task.body;
    let changed = false;
    let seen = false;
    if (inside !== null) {
      const chains = chainsOf(task);
      const own = body.some(
        (op, i) =>
          op.do === 'lock' &&
          isClass(pattern, classes.get(op.lock) ?? '') &&
          isTakenBy(op, chains[i] ?? [], inside),
      );
      if (own) {
        pass(`${inside[0]} takes it already`);
        return null;
      }
    }
    for (const names of around) {
      const chains = chainsOf({ ...task, body });
      const extents = extentsOf(body, chains, names).filter(
        ({ first }) => inside === null || depthOf(chains[first] ?? [], inside) >= 0,
      );
      seen ||= extents.length > 0;
      const todo = extents.filter(({ first, last }) => {
        const already = body.some(
          (op, i) =>
            i >= first &&
            i <= last &&
            op.do === 'lock' &&
            isClass(pattern, classes.get(op.lock) ?? '') &&
            isTakenBy(op, chains[i] ?? [], names),
        );
        if (already) pass(`${names[0]} takes it already`);
        return !already;
      });
      if (todo.length === 0) continue;
      body = surrounded(body, chains, todo, found.id, names);
      changed = true;
      note(names[0] ?? '');
    }
    if (!seen && inside !== null) {
      const cut = goesOn(body, chainsOf({ ...task, body }), inside, around, found.id);
      if (cut === null) return null;
      note(`${inside[0]} goes on to ${around.map((names) => names[0]).join(' or ')}: not in the log`);
      return cut;
    }
    return changed ? body : null;
  });
  return done.applied.length === 0 ? { ...done, program } : done;
}

function surrounded(
  body: readonly Op[],
  chains: readonly Chain[],
  extents: readonly Extent[],
  lock: string,
  names: FunctionNames,
): Op[] {
  return body.flatMap((op, i) => {
    const chain = from(chains[i] ?? [], names);
    const before = extents.some(({ first }) => first === i) ? [lockOp(lock, chain)] : [];
    const behind = extents.some(({ last }) => last === i) ? [unlockOp(lock, chain)] : [];
    return [...before, op, ...behind];
  });
}

/** Puts the section around all that `inside` does under the last lock that it takes itself, or else around all of it. */
function goesOn(
  body: readonly Op[],
  chains: readonly Chain[],
  inside: FunctionNames,
  around: readonly FunctionNames[],
  lock: string,
): Op[] | null {
  const own = body.findLastIndex((op, i) => op.do === 'lock' && isTakenBy(op, chains[i] ?? [], inside));
  const [whole] = extentsOf(body, chains, inside);
  const first = own >= 0 ? own + 1 : whole?.first;
  const behind = own >= 0 ? endOfSection(body, own) : (whole?.last ?? -1) + 1;
  if (first === undefined) return null;
  const chain = [around[0]?.[0] ?? '', ...from(chains[own >= 0 ? own : first] ?? [], inside)];
  return [
    ...body.slice(0, first),
    lockOp(lock, chain),
    ...body.slice(first, behind),
    unlockOp(lock, chain),
    ...body.slice(behind),
  ];
}
