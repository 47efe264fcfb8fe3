// Tests of establishing: what it claims can be repeated from its text alone, in the form of the contract.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CaptureId } from '../../corpus/schema/ids.js';
import type { LoweredProgram, Program } from '../../corpus/schema/program.js';
import { parseLitmus, printLitmus } from '../../corpus/text/litmus.js';
import { createFuzzer } from '../fuzz/fuzzer.js';
import { AB_BA, lockOf, lockOp, op, program, programs, unlockOp, WILD } from '../fuzz/programs.laws.js';
import { compileOrThrow } from '../model/compile.js';
import { expectationOf } from '../model/expectation.js';
import { replayGenome } from '../model/interpreter.js';
import { Machine } from '../model/machine.js';
import { indexGenome } from '../schedulers/genome-names.js';
import { follow } from '../shrink/outcome.js';
import { establish } from './establish.js';
import { signatureOf, signatureText } from './signature.js';

const CAPTURE = { id: 'c'.repeat(64) as CaptureId, file: 'boot.log' };

function lowered(p: Program, change: Partial<LoweredProgram> = {}): LoweredProgram {
  return {
    program: p,
    episode: 0,
    basis: 'recorded',
    happened: false,
    observedSchedule: null,
    assumes: ['the tasks may run at once'],
    ruledOut: [],
    bystanders: [],
    expect: null,
    genome: null,
    ...change,
  };
}

describe('establish', () => {
  it('every witness replays from its own text with the independent interpreter', () => {
    let made = 0;
    fc.assert(
      fc.property(programs(WILD), fc.integer(), (p, seed) => {
        for (const find of createFuzzer([p], { seed, maxSteps: 1000 }).round(40).finds) {
          const result = establish({
            lowered: lowered(p),
            run: { schedule: find.schedule },
            captures: [CAPTURE],
          });
          if (!result.ok) throw new Error(result.reason);
          made++;
          const { witness } = result;
          const parsed = parseLitmus(witness.litmus);
          if (!parsed.ok || parsed.value.genome === null) throw new Error('its text does not read back');
          const { program: read, genome, expect: expected } = parsed.value;
          const run = replayGenome(read, indexGenome(read, genome));
          expect(expectationOf(read, run.verdict)).toEqual(expected?.[0]);
          expect(run.steps).toBe(witness.steps);
          expect(genome.preempts).toHaveLength(witness.preemptions);
          expect(witness.provenance).toHaveLength(witness.steps);
          expect(witness.id).toBe(createHash('sha256').update(witness.litmus).digest('hex').slice(0, 12));
          expect(printLitmus(parsed.value)).toBe(witness.litmus);
          if (find.kind === 'deadlock') {
            expect(witness.tasks.map((t) => t.name).sort()).toEqual(expected?.[0]?.tasks);
          }
        }
      }),
      { numRuns: 100 },
    );
    expect(made).toComeUpMoreThan(20);
  });

  it('names who holds and wants what, in waits-for order, with lines of the log', () => {
    const lined: Program = {
      ...AB_BA,
      tasks: AB_BA.tasks.map((t, i) => ({
        ...t,
        body: t.body.map((o, k) => ({ ...o, line: 10 * i + k + 1 })),
      })),
    };
    const result = establish({ lowered: lowered(lined), run: { schedule: [0, 1] }, captures: [CAPTURE] });
    if (!result.ok) throw new Error(result.reason);
    const { witness } = result;
    expect(witness).toMatchObject({
      kind: 'inversion',
      basis: 'recorded',
      grade: 'minimal',
      cycle: ['A', 'B'],
      steps: 2,
      preemptions: 1,
      state: 'open',
      assumes: ['the tasks may run at once'],
      provenance: ['boot.log:1', 'boot.log:11'],
    });
    expect(witness.tasks).toEqual([
      {
        name: 'two',
        holds: [{ lock: 'B', class: 'B', mode: 'exclusive', site: 'take_B', at: 'boot.log:11' }],
        wants: { lock: 'A', class: 'A', mode: 'exclusive', site: 'take_A', at: 'boot.log:12' },
      },
      {
        name: 'one',
        holds: [{ lock: 'A', class: 'A', mode: 'exclusive', site: 'take_A', at: 'boot.log:1' }],
        wants: { lock: 'B', class: 'B', mode: 'exclusive', site: 'take_B', at: 'boot.log:2' },
      },
    ]);
  });

  it('observed is only the end that the log shows, and those who queue are told apart', () => {
    const p = program([lockOf('A'), lockOf('B')], {
      one: [lockOp('A'), lockOp('B'), unlockOp('B'), unlockOp('A')],
      two: [lockOp('B'), lockOp('A'), unlockOp('A'), unlockOp('B')],
      queued: [lockOp('A'), unlockOp('A')],
    });
    const happened = lowered(p, {
      basis: 'observed',
      happened: true,
      observedSchedule: [0, 1, 2, 0, 1],
      bystanders: ['queued'],
    });
    const seen = establish({ lowered: happened, run: { schedule: [0, 1, 2, 0, 1] }, captures: [CAPTURE] });
    if (!seen.ok) throw new Error(seen.reason);
    expect(seen.witness).toMatchObject({ basis: 'observed', bystanders: ['queued'] });
    const self = program([lockOf('A')], {
      one: [lockOp('A'), unlockOp('A')],
      two: [lockOp('A'), lockOp('A'), unlockOp('A'), unlockOp('A')],
    });
    const other = establish({
      lowered: lowered(self, { basis: 'observed', happened: true, observedSchedule: [0, 0, 1, 1] }),
      run: { schedule: [1, 1] },
      captures: [CAPTURE],
    });
    if (!other.ok) throw new Error(other.reason);
    expect(other.witness).toMatchObject({ basis: 'observed', kind: 'self-deadlock' });
    const ordered = establish({
      lowered: lowered(p, { basis: 'observed', happened: true, observedSchedule: [2, 2] }),
      run: { schedule: [0, 1] },
      captures: [CAPTURE],
    });
    if (!ordered.ok) throw new Error(ordered.reason);
    expect(ordered.witness.basis).toBe('recorded');
  });

  it('refuses what does not end badly', () => {
    const p = program([lockOf('A')], { one: [lockOp('A'), unlockOp('A')] });
    expect(establish({ lowered: lowered(p), run: { schedule: [0] }, captures: [] })).toEqual({
      ok: false,
      reason: 'the run ends completed',
    });
  });

  it('an interrupted holder is part of an irq-inversion', () => {
    const p = program([lockOf('A', 'spinlock')], {
      task: [lockOp('A'), unlockOp('A')],
      handler: [lockOp('A'), unlockOp('A')],
    });
    const irq: Program = {
      ...p,
      tasks: p.tasks.map((t) => ({ ...t, cpu: 0, irq: t.name === 'handler' ? ('hard' as const) : null })),
    };
    const result = establish({ lowered: lowered(irq), run: { schedule: [0, 1] }, captures: [CAPTURE] });
    if (!result.ok) throw new Error(result.reason);
    expect(result.witness).toMatchObject({ kind: 'irq-inversion', cycle: ['A'], grade: 'minimal' });
    expect(result.witness.tasks.find((t) => t.name === 'task')?.wants).toBeNull();
  });
});

describe('signature', () => {
  const member = (cls: string, site: string) =>
    ({ class: cls, mode: 'exclusive', context: 'task', site }) as const;

  it('does not depend on where the cycle is entered', () => {
    const members = [member('C', 'c'), member('A', 'a'), member('B', 'b')];
    const texts = members.map((_, i) =>
      signatureText({ kind: 'inversion', members: [...members.slice(i), ...members.slice(0, i)] }),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]?.split('\n')[1]).toBe('A exclusive task a');
  });

  it('tells the direction of a cycle, its sites and modes apart', () => {
    const [a, b, c] = [member('A', 'a'), member('B', 'b'), member('C', 'c')];
    const forth = signatureOf({ kind: 'inversion', members: [a, b, c] });
    expect(signatureOf({ kind: 'inversion', members: [a, c, b] })).not.toBe(forth);
    expect(signatureOf({ kind: 'inversion', members: [a, b, member('C', 'd')] })).not.toBe(forth);
    expect(signatureOf({ kind: 'inversion', members: [a, b, { ...c, mode: 'read' }] })).not.toBe(forth);
    expect(forth).toMatch(/^[0-9a-f]{12}$/);
  });

  it('is the same for two boots and two builds', () => {
    const at = (cls: string, site: string) => {
      const p = program([lockOf('K', 'mutex', cls)], {
        one: [lockOp('K'), { ...op({ do: 'lock', lock: 'K', mode: 'exclusive', attempt: false }), site }],
      });
      const { shape } = follow(new Machine(compileOrThrow(p)), [0, 0]);
      if (shape === null) throw new Error('no deadlock');
      return signatureOf(shape);
    };
    expect(at('kn->active#4', 'kernfs_drain.isra.0')).toBe(at('kn->active#61', 'kernfs_drain'));
    expect(at('kn->active#4', 'kernfs_drain')).not.toBe(at('kn->active#4', 'kernfs_remove'));
  });
});
