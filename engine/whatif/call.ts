// Edit: a function is called before a lock is taken that it used to be called under, so that there is nothing left to do.
import type { FunctionNames } from '../../corpus/schema/patch.js';
import type { Op, Program } from '../../corpus/schema/program.js';
import { type Chain, chainsOf, depthOf, endOfSection, isOneOf } from './chains.js';
import { type Edited, editedBodies, isClass } from './names.js';

/**
 * The call that is meant, in the section of the lock at `at`: a walk ends with the object that the function works on (children
 * first), so the last object for which `call` takes a lock is the one, and its first call the one that does the work.
 */
export function callOnOwnObject(
  body: readonly Op[],
  chains: readonly Chain[],
  at: number,
  call: FunctionNames,
): number | null {
  const end = endOfSection(body, at);
  const calls: number[] = [];
  for (let i = at + 1; i < end; i++) {
    const op = body[i];
    // The lock that the function itself takes, not what is taken further inside.
    if (op?.do !== 'lock' || !isOwnLock(op, chains[i] ?? [], call)) continue;
    calls.push(i);
    i = endOfSection(body, i);
  }
  const last = body[calls[calls.length - 1] ?? -1];
  if (last?.do !== 'lock') return null;
  return (
    calls.find((i) => {
      const op = body[i];
      return op?.do === 'lock' && op.lock === last.lock;
    }) ?? null
  );
}

function isOwnLock(op: Op, chain: Chain, call: FunctionNames): boolean {
  if (op.site !== null) return isOneOf(call, op.site);
  return depthOf(chain, call) === 0;
}

export function callBefore(
  program: Program,
  call: FunctionNames,
  pattern: string,
  inside: FunctionNames,
): Edited {
  const wanted = new Set(program.locks.filter((l) => isClass(pattern, l.class)).map((l) => l.id));
  return editedBodies(program, (task, note, pass) => {
    const chains = chainsOf(task);
    const body: Op[] = [];
    let changed = false;
    for (let i = 0; i < task.body.length; i++) {
      const op = task.body[i]!;
      const outermost = op.do === 'lock' && wanted.has(op.lock) && depthOf(chains[i] ?? [], inside) >= 0;
      const first = outermost ? callOnOwnObject(task.body, chains, i, call) : null;
      if (outermost && first === null) pass(`${call[0]} is not called under ${pattern}`);
      if (!outermost || first === null) {
        body.push(op);
        continue;
      }
      const end = Math.min(endOfSection(task.body, i), task.body.length - 1);
      const last = Math.min(endOfSection(task.body, first), end);
      const caller = (chains[first] ?? []).slice(depthOf(chains[first] ?? [], inside));
      const moved = task.body.slice(first, last + 1).map((one, k): Op => {
        const chain = chains[first + k] ?? [];
        const inner = chain.slice(0, depthOfOutermost(chain, call) + 1);
        return { ...one, frames: [...inner, ...caller] };
      });
      body.push(...moved);
      // Under the lock the function is called as before, and finds nothing to do.
      task.body.slice(i, end + 1).forEach((one, k) => {
        if (i + k <= first || i + k >= last) body.push(one);
      });
      note(`${call[0]} before ${pattern}`);
      changed = true;
      i = end;
    }
    return changed ? body : null;
  });
}

function depthOfOutermost(chain: Chain, names: FunctionNames): number {
  return chain.findLastIndex((frame) => isOneOf(names, frame));
}
