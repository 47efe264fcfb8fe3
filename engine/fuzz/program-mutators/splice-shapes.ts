// Program mutator: a task of another capture, with those that it needs, runs beside the tasks of a program.

import { nodeKey, Partition } from '../../predict/candidate.js';
import { classKey, type PredictSource, sharesCapture } from '../../predict/source.js';
import type { Rng } from '../../rng.js';
import { neededTasks, usesOf } from '../../shrink/slice.js';
import { madeOf, type ProgramMutator, wholePart } from './program-mutator.js';

/** Locks that tasks of the source use, by what another capture would call their class too. */
function locksByClass(source: PredictSource): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const { program } = source.lowered;
  const used = usesOf(program.tasks).locks;
  for (const { id, class: name } of program.locks) {
    if (!used.has(id)) continue;
    const key = classKey(source, name);
    found.set(key, [...(found.get(key) ?? []), id]);
  }
  return found;
}

/** Indices of the sources that share a class with this one and no capture. */
function donorsFor(sources: readonly PredictSource[], of: number): number[] {
  const own = sources[of];
  if (own === undefined) return [];
  const classes = locksByClass(own);
  return sources.flatMap((other, d) =>
    sharesCapture(own, other) || ![...locksByClass(other).keys()].some((key) => classes.has(key)) ? [] : [d],
  );
}

function pick<T>(list: readonly T[], rng: Rng): T | undefined {
  return list[rng.below(Math.max(1, list.length))];
}

export const spliceShapes: ProgramMutator = {
  name: 'splice',
  make: (sources, of, rng) => {
    const own = sources[of];
    const from = pick(donorsFor(sources, of), rng);
    const donor = from === undefined ? undefined : sources[from];
    if (own === undefined || from === undefined || donor === undefined) return null;
    const [mine, theirs] = [locksByClass(own), locksByClass(donor)];
    const key = pick(
      [...theirs.keys()].filter((name) => mine.has(name)),
      rng,
    );
    if (key === undefined) return null;
    const lock = pick(theirs.get(key) ?? [], rng);
    const { program } = donor.lowered;
    const users = program.tasks.flatMap((task, t) =>
      lock !== undefined && usesOf([task]).locks.has(lock) ? [t] : [],
    );
    const task = pick(users, rng);
    const partner = pick(mine.get(key) ?? [], rng);
    if (task === undefined || lock === undefined || partner === undefined) return null;
    const same = new Partition();
    same.unite(nodeKey(of, partner), nodeKey(from, lock));
    const parts = [wholePart(of, own), wholePart(from, donor, neededTasks(program, [task]))];
    const who = program.tasks[task]?.function ?? program.tasks[task]?.name ?? '';
    return madeOf(parts, same, `${own.lowered.program.name}-beside-${who}`);
  },
};
