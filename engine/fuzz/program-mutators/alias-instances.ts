// Program mutator: two instances of one class are taken for one object.
import { nodeKey, Partition } from '../../predict/candidate.js';
import { usesOf } from '../../shrink/slice.js';
import { madeOf, type ProgramMutator, wholePart } from './program-mutator.js';

export const aliasInstances: ProgramMutator = {
  name: 'alias',
  make: (sources, of, rng) => {
    const source = sources[of];
    // Where the recording told locks apart by address, two are two.
    if (source === undefined || source.lowered.byAddress === true) return null;
    const { name, tasks, locks: all } = source.lowered.program;
    const used = usesOf(tasks).locks;
    const locks = all.filter(({ id }) => used.has(id));
    const pairs = locks.flatMap((a, i) =>
      locks.slice(i + 1).flatMap((b) => (a.class === b.class ? [[a.id, b.id] as const] : [])),
    );
    const pair = pairs[rng.below(Math.max(1, pairs.length))];
    if (pair === undefined) return null;
    const same = new Partition();
    same.unite(nodeKey(of, pair[0]), nodeKey(of, pair[1]));
    return madeOf([wholePart(of, source)], same, `${name}-${pair[0]}-is-${pair[1]}`);
  },
};
