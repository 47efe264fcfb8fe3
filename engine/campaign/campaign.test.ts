// Tests of campaigns: what they find, when they end, and that stopping and resuming changes nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from '../../corpus/pack/checkpoint.js';
import type { CaptureId } from '../../corpus/schema/ids.js';
import type { LoweredProgram, Program } from '../../corpus/schema/program.js';
import { AB_BA, lockOf, lockOp, op, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { type CampaignOptions, runCampaign } from './campaign.js';
import type { CampaignProgram, CampaignResult, CampaignState } from './state.js';

function entry(p: Program, capture = 'c', change: Partial<LoweredProgram> = {}): CampaignProgram {
  return {
    lowered: asWritten(p, { episode: 0, ...change }),
    captures: [{ id: capture as CaptureId, file: `${capture}.log` }],
  };
}

/** A clock that counts how often it is read. */
function counter(step: number): () => number {
  let now = 0;
  return () => {
    now += step;
    return now;
  };
}

function run(
  list: readonly CampaignProgram[],
  change: Partial<CampaignOptions> = {},
): Promise<CampaignResult> {
  return runCampaign({ programs: list, budget: { execs: 200 }, seed: 5, now: counter(1), ...change });
}

/** What must not depend on stops: all but the time. */
function essence(r: CampaignResult): unknown {
  const { ms: _ms, ...state } = r.state;
  return { ...r, ms: 0, state, progress: { ...r.progress, ms: 0 } };
}

const ORDERED = program([lockOf('P'), lockOf('Q')], {
  one: [lockOp('P'), lockOp('Q'), unlockOp('Q'), unlockOp('P')],
  two: [lockOp('P'), lockOp('Q'), unlockOp('Q'), unlockOp('P')],
});

const TINY = {
  searchStates: 1,
  deepStates: 1,
  predict: { cycles: 50, length: 31, paths: 1000, states: 2, refuted: 5 },
};

describe('campaign', () => {
  it('proves small programs and says that it is exhausted, without a fuzzed run', async () => {
    const told: string[] = [];
    const result = await run([entry(AB_BA), entry(ORDERED, 'd')], { onWitness: (w) => told.push(w.id) });
    expect(result).toMatchObject({ end: 'exhausted', exhausted: true, execs: 0, unestablished: [] });
    expect(result.witnesses).toHaveLength(1);
    expect(result.witnesses[0]).toMatchObject({ kind: 'inversion', grade: 'minimal', basis: 'recorded' });
    expect(told).toEqual(result.witnesses.map((w) => w.id));
    expect(result.cycles).toHaveLength(1);
    expect(result.cycles[0]).toMatchObject({ status: 'confirmed', witness: told[0], sources: [0] });
    expect(result.programs.map((p) => p.complete)).toEqual([true, true]);
  });

  it('what happened comes first and stays observed', async () => {
    const happened = entry(AB_BA, 'dump', {
      basis: 'observed',
      happened: true,
      observedSchedule: [0, 1, 0, 1],
    });
    const result = await run([entry(AB_BA, 'trace'), happened]);
    expect(result.witnesses).toHaveLength(1);
    expect(result.witnesses[0]).toMatchObject({ basis: 'observed', captures: ['dump'] });
    expect(result.sightings.map((s) => s.program).sort()).toEqual([0, 1]);
  });

  it('composes tasks of two captures, with lines of both', async () => {
    const lined = (p: Program): Program => ({
      ...p,
      tasks: p.tasks.map((t) => ({ ...t, body: t.body.map((o, i) => ({ ...o, line: i + 1 })) })),
    });
    const one = program([lockOf('A'), lockOf('B')], {
      one: [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')],
    });
    const two = program([lockOf('A'), lockOf('B')], {
      two: [lockOp('B'), lockOp('A'), unlockOp('A'), unlockOp('B')],
    });
    const result = await run([entry(lined(one), 'x'), entry(lined(two), 'y')]);
    expect(result.witnesses).toHaveLength(1);
    expect(result.witnesses[0]?.basis).toBe('composed');
    expect(result.witnesses[0]?.captures).toEqual(['x', 'y']);
    expect([...(result.witnesses[0]?.provenance ?? [])].sort()).toEqual(['x.log:1', 'y.log:1']);
  });

  it('fuzzes what the searches leave open, and stops at its budget', async () => {
    const result = await run([entry(AB_BA)], { limits: TINY });
    expect(result).toMatchObject({ end: 'budget', exhausted: false, execs: 200 });
    expect(result.witnesses).toHaveLength(1);
    expect(result.progress.risk?.runs).toBeGreaterThan(0);
  });

  it('composes by itself where something is open, and says what that rests on', async () => {
    const flusher = program([lockOf('m', 'mutex', 'M'), lockOf('done', 'completion')], {
      flusher: [lockOp('m'), op({ do: 'wait', lock: 'done' }), unlockOp('m')],
      worker: [op({ do: 'signal', lock: 'done' })],
      other: [lockOp('m'), unlockOp('m'), lockOp('m'), unlockOp('m')],
    });
    const leaver = program([lockOf('x', 'mutex', 'M'), lockOf('gone', 'completion')], {
      leaver: [lockOp('x'), op({ do: 'wait', lock: 'gone' }), unlockOp('x')],
    });
    const list = [entry(flusher, 'one'), entry(leaver, 'two')];
    const result = await run(list, { limits: TINY, budget: { execs: 2000 } });
    const composed = result.witnesses.filter(({ basis }) => basis === 'composed');
    expect(composed.length).toBeGreaterThan(0);
    for (const { captures, assumes } of composed) {
      expect(captures).toEqual(expect.arrayContaining(['one', 'two']));
      expect(assumes).toContain(
        'the tasks of one.log and two.log meet on one machine, in code that is the same',
      );
    }
    // What one recording shows alone is not told as composed, whichever program showed it first.
    const own = result.witnesses.find(({ tasks }) => tasks.length === 1 && tasks[0]?.name === 'leaver');
    expect(own).toMatchObject({ basis: 'recorded', captures: ['two'], assumes: [] });
    expect(result.execs).toBe(2000);
    expect(await run(list, { limits: TINY, budget: { execs: 2000 } })).toEqual(result);
  });

  it('takes two instances of one class for one where something is open', async () => {
    const locks = [
      lockOf('a1', 'mutex', 'A'),
      lockOf('a2', 'mutex', 'A'),
      lockOf('b'),
      lockOf('c'),
      lockOf('d'),
    ];
    // Not nested, so that no proof comes before the search, which is too short.
    const once = [lockOp('c'), lockOp('d'), unlockOp('c'), unlockOp('d')];
    const crossing = [...once, ...once, ...once, ...once];
    const two = program(locks, {
      one: [...crossing, lockOp('a1'), lockOp('b'), unlockOp('b'), unlockOp('a1')],
      two: [...crossing, lockOp('b'), lockOp('a2'), unlockOp('a2'), unlockOp('b')],
    });
    const phases = ['search', 'fuzz'] as const;
    const result = await run([entry(two)], { limits: TINY, phases, budget: { execs: 2000 } });
    expect(result.witnesses).toHaveLength(1);
    expect(result.witnesses[0]).toMatchObject({
      kind: 'inversion',
      basis: 'aliased',
      assumes: ['the A of one and that of two are one object'],
    });
  });

  it('names ill-formed programs and is not exhausted then', async () => {
    const broken: Program = { ...AB_BA, locks: [] };
    const result = await run([entry(broken)]);
    expect(result.exhausted).toBe(false);
    expect(result.end).toBe('nothing-left');
    expect(result.programs[0]?.illFormed).toContain('no lock');
  });

  it('ends within its time', async () => {
    const result = await run([entry(AB_BA)], { limits: TINY, budget: { ms: 300 } });
    expect(result.end).toBe('budget');
    expect(result.execs).toBeGreaterThan(0);
  });

  it('stopped anywhere and resumed from its packed state, it ends like one that was never stopped', async () => {
    let resumed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(programs({ ...WILD, ops: 6 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        async (ps, patience, tiny) => {
          const list = ps.map((p, i) => entry(p, `c${i}`));
          const change: Partial<CampaignOptions> = tiny ? { limits: TINY } : {};
          const whole = await run(list, change);
          let state: CampaignState | undefined;
          for (let part = 0; ; part++) {
            let asked = 0;
            const result: CampaignResult = await run(list, {
              ...change,
              now: counter(7),
              shouldStop: () => part < 50 && ++asked >= patience,
              ...(state === undefined ? {} : { resume: state }),
            });
            if (result.end !== 'stopped') {
              expect(essence(result)).toEqual(essence(whole));
              break;
            }
            resumed++;
            const unpacked = decodeCheckpoint(encodeCheckpoint(result.state));
            if (!unpacked.ok) throw new Error(unpacked.problem.title);
            state = unpacked.value as CampaignState;
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(resumed).toBeGreaterThan(40);
  });

  it('refuses a state of other programs', async () => {
    const { state } = await run([entry(AB_BA)]);
    await expect(run([entry(AB_BA), entry(ORDERED)], { resume: state })).rejects.toThrow('other programs');
  });
});
