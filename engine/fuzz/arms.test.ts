// Tests of the arms: the best one gets most execs, none is forgotten, and the choice follows when the best one changes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xorshift } from '../rng.js';
import { ARMS, type Arm, noRecords, pickArm, recorded } from './arms.js';

/** Execs each arm got while `brings` says what it brings: chance in a thousand of a feature in each exec, and its steps. */
function played(
  seed: number,
  execs: number,
  brings: (arm: Arm) => { readonly chance: number; readonly steps: number },
  records = noRecords(),
): { readonly got: Map<Arm, number>; readonly records: typeof records } {
  const rng = xorshift(seed);
  const got = new Map<Arm, number>(ARMS.map((arm) => [arm, 0]));
  let now = records;
  for (let i = 0; i < execs; i++) {
    const arm = pickArm(now, rng);
    got.set(arm, (got.get(arm) ?? 0) + 1);
    const { chance, steps } = brings(arm);
    now = recorded(now, arm, { steps, features: rng.below(1000) < chance ? 1 : 0 });
  }
  return { got, records: now };
}

describe('arms', () => {
  it.each(ARMS)('%s gets most execs while it brings most a step, and the others some', (best) => {
    const { got } = played(5, 4000, (arm) => ({ chance: arm === best ? 300 : 60, steps: 50 }));
    expect(got.get(best)).toBeGreaterThan(2000);
    for (const arm of ARMS) expect(got.get(arm), arm).toBeGreaterThan(10);
  });

  it('what counts is features a step, not an exec', () => {
    const { got } = played(6, 4000, (arm) =>
      arm === 'surw' ? { chance: 400, steps: 4000 } : { chance: arm === 'pct' ? 200 : 20, steps: 50 },
    );
    expect(got.get('pct')).toBeGreaterThan(2000);
  });

  it('follows when another becomes the best', () => {
    const before = played(7, 4000, (arm) => ({ chance: arm === 'change' ? 300 : 10, steps: 50 }));
    const after = played(8, 4000, (arm) => ({ chance: arm === 'pos' ? 300 : 10, steps: 50 }), before.records);
    expect(after.got.get('pos')).toBeGreaterThan(2000);
  });

  it('take turns where nobody brings anything', () => {
    const { got } = played(9, 4000, () => ({ chance: 0, steps: 50 }));
    for (const arm of ARMS) expect(got.get(arm), arm).toBeGreaterThan(800);
  });

  it('records are whole, bounded, and enough to go on from', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(3000), fc.nat(1000), (seed, execs, chance) => {
        const { records } = played(seed, execs, () => ({ chance, steps: 1000 }));
        for (const record of records)
          for (const n of Object.values(record)) expect(Number.isSafeInteger(n) && n >= 0).toBe(true);
        expect(records.reduce((n, r) => n + r.execs, 0)).toBeLessThanOrEqual(512 * 1024);
        const kept = JSON.parse(JSON.stringify(records)) as typeof records;
        expect(pickArm(kept, xorshift(seed))).toBe(pickArm(records, xorshift(seed)));
      }),
      { numRuns: 30 },
    );
  });
});
