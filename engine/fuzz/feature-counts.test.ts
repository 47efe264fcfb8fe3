// Tests of the feature counts: exact within their budgets, which never grow, and the same after a resume.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileOrThrow } from '../model/compile.js';
import { Machine } from '../model/machine.js';
import { xorshift } from '../rng.js';
import { randomScheduler } from '../schedulers/random.js';
import { run } from '../schedulers/run.js';
import { FeatureCounts } from './feature-counts.js';
import { type Feedback, featureOf, kindOf } from './feedback/feedback.js';
import { feedbacks } from './feedback/list.js';
import { observer } from './observed.js';
import { programs, WILD } from './programs.laws.js';

const small = (budget: number): Feedback => ({ name: 'small', budget, begin: () => {}, step: () => {} });

it('counts what fits the budget of its kind, whatever other kinds do, and goes on from its entries', () => {
  const hashes = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 1 })), { maxLength: 200 });
  fc.assert(
    fc.property(hashes, fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.nat({ max: 200 }), (list, a, b, cut) => {
      const kinds = [small(a), small(b)];
      const whole = new FeatureCounts(kinds);
      let split = new FeatureCounts(kinds);
      const model = new Map<number, number>();
      list.forEach(([hash, kind], i) => {
        if (i === cut) split = new FeatureCounts(kinds, split.entries());
        const feature = featureOf(hash << 3, kind);
        expect(kindOf(feature)).toBe(kind);
        const before = model.get(feature) ?? 0;
        const used = [...model.keys()].filter((f) => kindOf(f) === kind).length;
        const room = before > 0 || used < [a, b][kind]!;
        if (room) model.set(feature, before + 1);
        expect(whole.add(feature)).toBe(before === 0 && room);
        split.add(feature);
      });
      expect(whole.entries()).toEqual([...model]);
      expect(split.entries()).toEqual(whole.entries());
    }),
  );
});

it('every feedback of the list says the same of the same run, and each finds something', () => {
  const kinds = feedbacks();
  expect(kinds.length).toBeLessThanOrEqual(8);
  const met = new Set<number>();
  fc.assert(
    fc.property(programs({ ...WILD, ops: 12 }), fc.nat(), (p, seed) => {
      const machine = new Machine(compileOrThrow(p));
      const features = (): number[] => {
        const watch = observer(feedbacks());
        run(machine, watch.wrap(randomScheduler()), xorshift(seed), 1000);
        return [...watch.features(machine)];
      };
      const first = features();
      expect(features()).toEqual(first);
      for (const f of first) met.add(kindOf(f));
    }),
  );
  expect([...met].sort()).toEqual(kinds.map((_, kind) => kind));
});
