// Tests of the ledger: whoever does the jobs, in whatever order they end, the state is the same; new programs are adopted.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../../corpus/schema/ids.js';
import type { Program } from '../../corpus/schema/program.js';
import { AB_BA, lockOf, lockOp, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { xorshift } from '../rng.js';
import { adopt } from './adopt.js';
import { type CampaignOptions, type Executor, runCampaign } from './campaign.js';
import { type Job, type JobResult, runJob } from './job.js';
import { quotas } from './lanes.js';
import type { CampaignProgram, CampaignResult } from './state.js';

function entry(p: Program, capture = 'c'): CampaignProgram {
  return {
    lowered: asWritten(p, { episode: 0 }),
    captures: [{ id: capture as CaptureId, file: `${capture}.log` }],
  };
}

const TINY = {
  searchStates: 1,
  deepStates: 1,
  epochWork: 2000,
  predict: { cycles: 50, length: 31, paths: 1000, states: 2, refuted: 5 },
};

function run(list: readonly CampaignProgram[], change: Partial<CampaignOptions>): Promise<CampaignResult> {
  let clock = 0;
  const options = { limits: TINY, budget: { execs: 300 }, seed: 5, shards: 4, now: () => ++clock };
  return runCampaign({ programs: list, ...options, ...change });
}

function essence({ state, ...rest }: CampaignResult): unknown {
  return { ...rest, ms: 0, state: { ...state, ms: 0 }, progress: { ...rest.progress, ms: 0 } };
}

/** Jobs end in an order that the dice decide; some are lost and have to be done again. */
function unreliable(width: number, seed: number): Executor & { readonly lost: () => number } {
  const rng = xorshift(seed);
  let lost = 0;
  const done = (job: Job): JobResult => {
    const work = runJob(job);
    let step = work.next();
    while (step.done !== true) step = work.next();
    return step.value;
  };
  return {
    width,
    lost: () => lost,
    run: async (job) => {
      for (let turns = rng.below(20); turns > 0; turns--) await Promise.resolve();
      if (rng.below(4) > 0) return done(job);
      lost++;
      return null;
    },
    close: async () => {},
  };
}

describe('ledger', () => {
  it('gives the same state whoever does the jobs, in whatever order, however many are lost', async () => {
    let lost = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(programs({ ...WILD, ops: 6 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        async (ps, width, seed) => {
          const list = ps.map((p, i) => entry(p, `c${i}`));
          const here = await run(list, {});
          const executor = unreliable(width, seed);
          const there = await run(list, { executor });
          expect(essence(there)).toEqual(essence(here));
          lost += executor.lost();
        },
      ),
      { numRuns: 25 },
    );
    expect(lost).toBeGreaterThan(25);
  });

  it('fuzzes in at least as many lanes as shards, and shares the execs out evenly', async () => {
    const { state } = await run([entry(AB_BA)], {});
    expect(state.lanes).toHaveLength(4);
    expect(state.lanes.map(({ execs }) => execs)).toEqual([75, 75, 75, 75]);
    expect(new Set(state.lanes.map(({ fuzz }) => String(fuzz))).size).toBe(4);
  });

  it('shares execs out so that lanes come as close as they can', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }), fc.nat(500), (done, total) => {
        const shared = quotas(done, total);
        const before = done.reduce((a, b) => a + b, 0);
        expect(shared.reduce((a, b) => a + b, 0)).toBe(Math.max(before, total));
        for (const [i, n] of shared.entries()) expect(n).toBeGreaterThanOrEqual(done[i] ?? 0);
        const raised = shared.filter((n, i) => n > (done[i] ?? 0));
        if (raised.length > 0) {
          expect(Math.max(...raised) - Math.min(...raised)).toBeLessThanOrEqual(1);
          expect(Math.min(...shared)).toBeGreaterThanOrEqual(Math.max(...raised) - 1);
        }
      }),
    );
  });
});

describe('adopt', () => {
  const ordered = program([lockOf('P'), lockOf('Q')], {
    one: [lockOp('P'), lockOp('Q'), unlockOp('Q'), unlockOp('P')],
    two: [lockOp('P'), lockOp('Q'), unlockOp('Q'), unlockOp('P')],
  });

  it('keeps what is known and does what came', async () => {
    const first = await run([entry(ordered, 'd')], { limits: {} });
    const list = [entry(AB_BA, 'c'), entry(ordered, 'd')];
    const adopted = adopt(first.state, list);
    expect(adopted).toMatchObject({ came: 1, went: 0 });
    const second = await run(list, { limits: {}, resume: adopted.state });
    expect(second).toMatchObject({ end: 'exhausted' });
    expect(second.witnesses).toHaveLength(1);
    expect(second.sightings.map(({ program: index }) => index)).toEqual([0]);
    // Nothing is done twice: it costs as many steps as the new program alone, and the prediction.
    const alone = await run([entry(AB_BA, 'c')], { limits: {} });
    expect(second.steps).toBe(first.steps + alone.steps);
  });

  it('lets lanes go on where they were', async () => {
    const first = await run([entry(AB_BA, 'c')], {});
    const list = [entry(ordered, 'd'), entry(AB_BA, 'c')];
    const { state } = await run(list, { resume: adopt(first.state, list).state, budget: { execs: 600 } });
    const lanes = state.lanes.filter(({ target }) => target === first.state.programs[0]?.key);
    expect(lanes).toHaveLength(4);
    for (const { execs } of lanes) expect(execs).toBeGreaterThanOrEqual(75);
  });
});
