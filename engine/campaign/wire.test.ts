// Tests of the wire: a campaign whose jobs and results travel as text ends the same; what is forged is refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../../corpus/schema/ids.js';
import type { Program } from '../../corpus/schema/program.js';
import { AB_BA, lockOf, lockOp, program, unlockOp } from '../fuzz/programs.laws.js';
import { asWritten } from '../lower/as-written.js';
import { MODEL_VERSION } from '../model/rules.js';
import { faultOf } from './arrivals.js';
import { type Executor, runCampaign } from './campaign.js';
import type { Job, JobResult } from './job.js';
import { work } from './pool-worker.js';
import type { CampaignProgram } from './state.js';
import { type Dialect, decodeJob, decodeReply, encodeJob, encodeReply, mismatch, PROTOCOL } from './wire.js';

const ours: Dialect = { protocol: PROTOCOL, relock: '1.2.3', model: MODEL_VERSION };
const entry = (p: Program, capture: string): CampaignProgram => ({
  lowered: asWritten(p, { episode: 0 }),
  captures: [{ id: capture as CaptureId, file: `${capture}.log` }],
  single: new Set([p.locks[0]?.class ?? '']),
});
const pair = (a: string, b: string) => [lockOp(a), lockOp(b), unlockOp(b), unlockOp(a)];
/** More states than the search below may visit. */
const WIDE = program(
  ['P', 'Q', 'R', 'S'].map((id) => lockOf(id)),
  {
    one: [...pair('P', 'Q'), ...pair('Q', 'R')],
    two: [...pair('Q', 'R'), ...pair('R', 'S')],
    three: [...pair('R', 'S'), ...pair('P', 'Q')],
    four: [...pair('P', 'S'), ...pair('S', 'R')],
  },
);
const PROGRAMS = [entry(AB_BA, 'a'), entry(WIDE, 'b')];
const LIMITS = {
  searchStates: 20,
  deepStates: 20,
  predict: { cycles: 50, length: 31, paths: 1000, states: 2, refuted: 5 },
};

interface Done {
  readonly job: Job;
  readonly result: JobResult;
}

/** Text out, text back, as between two hosts. */
function travelling(done: Done[]): Executor {
  return {
    width: 3,
    close: async () => {},
    run: async (job) => {
      const sent = decodeJob(encodeJob({ dialect: ours, to: 'me', job }), ours);
      if (!sent.ok) throw new Error(`${job.kind}: ${sent.reason}`);
      expect(sent.message.job).toEqual(job);
      const result = await work(sent.message.job);
      const back = decodeReply(encodeReply({ dialect: ours, id: job.id, by: 'lab', result }), ours);
      if (!back.ok) throw new Error(`${job.kind}: ${back.reason}`);
      expect(back.message.result).toEqual(result);
      expect(faultOf(job, back.message.result)).toBeNull();
      done.push({ job, result: back.message.result });
      return back.message.result;
    },
  };
}

async function travelled() {
  const done: Done[] = [];
  const options = { programs: PROGRAMS, budget: { execs: 300 }, seed: 3, now: () => 0, limits: LIMITS };
  const here = await runCampaign(options);
  const there = await runCampaign({ ...options, executor: travelling(done) });
  return { here, there, done };
}

describe('the wire', () => {
  it('carries jobs and results of each kind; the campaign ends as if nothing had travelled', async () => {
    const { here, there, done } = await travelled();
    expect(there.state).toEqual(here.state);
    expect(new Set(done.map(({ job }) => job.kind))).toEqual(
      new Set(['search', 'predict', 'fuzz', 'establish']),
    );
  });

  it('refuses another version, and says which', () => {
    const message = { dialect: { ...ours, model: 'kernel/0' }, to: 'me', job: search() };
    const read = decodeJob(encodeJob(message), ours);
    expect(read).toMatchObject({ ok: false });
    expect(!read.ok && read.reason).toContain('model kernel/0 there');
    expect(mismatch(ours, ours)).toBeNull();
  });

  it('refuses whatever has not the shape, and never throws', () => {
    fc.assert(
      fc.property(fc.json(), (sent) => {
        expect(decodeJob(sent, ours).ok).toBe(false);
        expect(decodeReply(sent, ours).ok).toBe(false);
      }),
    );
    const good = encodeJob({ dialect: ours, to: 'me', job: search() });
    expect(decodeJob(good, ours).ok).toBe(true);
    for (const [from, to] of [
      ['"states":5', '"states":-5'],
      ['"states":5', '"states":5,"run":"rm"'],
      ['"do":"lock"', '"do":"exec"'],
      ['"kind":"search"', '"kind":"shell"'],
    ] as const) {
      expect(good).toContain(from);
      expect(decodeJob(good.replace(from, to), ours).ok, to).toBe(false);
    }
    expect(decodeJob(undefined, ours).ok).toBe(false);
    expect(decodeJob(good.slice(0, -1), ours).ok).toBe(false);
  });
});

describe('results that are forged', () => {
  it('are not believed: witnesses are replayed, figures compared', async () => {
    const { done } = await travelled();
    const made = done.find(({ job }) => job.kind === 'establish');
    if (made?.result.kind !== 'establish' || !made.result.established.ok) throw new Error('no witness');
    const { witness } = made.result.established;
    const forged = (change: object): string | null =>
      faultOf(made.job, { kind: 'establish', established: { ok: true, witness: { ...witness, ...change } } });
    expect(forged({})).toBeNull();
    expect(forged({ litmus: `${witness.litmus}# more\n` })).toContain('id');
    expect(forged({ steps: witness.steps + 1 })).toContain('ends otherwise');
    expect(forged({ signature: 'ffffffffffff' })).toContain('another signature');
    expect(forged({ captures: ['other'] })).toContain('other captures');
    expect(forged({ model: 'kernel/0' })).toContain('lock model');
    expect(forged({ tasks: [{ name: 'nobody', holds: [], wants: null }] })).toContain('tasks');

    const slice = done.find(({ result }) => result.kind === 'fuzz');
    if (slice?.result.kind !== 'fuzz') throw new Error('no slice');
    const { fuzz } = slice.result.slice;
    const cut = { kind: 'fuzz', slice: { ...slice.result.slice, fuzz: fuzz.slice(0, -1) } } as const;
    expect(faultOf(slice.job, cut)).toContain('cannot be read');
    const boast = { kind: 'fuzz', slice: { ...slice.result.slice, execs: 1_000_000 } } as const;
    expect(faultOf(slice.job, boast)).toContain('figures');
    expect(faultOf(search(), cut)).toContain('job of search');
  });
});

function search(): Job {
  return { id: 'search 0 5', kind: 'search', program: AB_BA, states: 5 };
}
