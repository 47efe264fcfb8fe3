// Assumptions: what a shrunk program still rests on, of all that the program it was made of rested on.
import { BASES, type Basis } from '../../corpus/schema/capture.js';
import type { LoweredProgram, Presumption, Program } from '../../corpus/schema/program.js';
import { usesOf } from './slice.js';

/** What has to be true for the program to be one of the recorded code. */
export interface Support {
  readonly basis: Basis;
  readonly assumes: readonly string[];
  /** Ids of the captures whose tasks are in it; null where the lowered program does not say. */
  readonly captures: readonly string[] | null;
}

function weaker(a: Basis, b: Basis): Basis {
  return BASES.indexOf(a) >= BASES.indexOf(b) ? a : b;
}

/** True if tasks that are left still meet at a lock of which each knew another instance. */
function isNeeded({ lock, users }: Presumption, program: Program): boolean {
  const using = new Set(
    program.tasks.filter((task) => usesOf([task]).locks.has(lock)).map(({ name }) => name),
  );
  return users.filter((group) => group.some((name) => using.has(name))).length > 1;
}

/**
 * Drops what the smaller program, with the same names for its tasks and locks, does not need: assumptions about locks
 * that are now used from one side only, and the recordings whose tasks are all gone.
 */
export function supportOf(lowered: LoweredProgram, program: Program): Support {
  const { parts, presumes } = lowered;
  if (parts === undefined || presumes === undefined)
    return { basis: lowered.basis, assumes: lowered.assumes, captures: null };
  const names = new Set(program.tasks.map(({ name }) => name));
  const left = parts.filter(({ tasks }) => tasks.some((name) => names.has(name)));
  const needed = presumes.filter((one) => isNeeded(one, program));
  const captures = [...new Set(left.flatMap((part) => part.captures))];
  if (left.length === parts.length && needed.length === presumes.length)
    return { basis: lowered.basis, assumes: lowered.assumes, captures };
  const [first] = left;
  const apart = left.some(
    (part) => first !== undefined && !part.captures.some((id) => first.captures.includes(id)),
  );
  const bases = [...left.map(({ basis }) => basis), ...needed.map(({ basis }) => basis)];
  const own = new Set([...parts.flatMap(({ assumes }) => assumes), ...presumes.map(({ text }) => text)]);
  const kept = new Set([...left.flatMap(({ assumes }) => assumes), ...needed.map(({ text }) => text)]);
  const basis = bases.reduce(weaker, apart ? 'composed' : 'recorded');
  // What came on top when recordings were put together is about their meeting.
  const meets = lowered.basis !== 'composed' || basis === 'composed';
  const assumes = lowered.assumes.filter((text) => kept.has(text) || (!own.has(text) && meets));
  return { basis, assumes, captures };
}
