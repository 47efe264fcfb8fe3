// Tests of the phases that test suites mark in the kernel log.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Note } from '../../corpus/schema/capture.js';
import { captureOf } from '../testdata/sample-laws.laws.js';

const LOG = readFileSync(join(import.meta.dirname, '../testdata/kernel-log/08-x86-igt-phases.log'), 'utf8');
const FIELD = join(import.meta.dirname, '../../../shared/field/ml-kselftest-80c5a36e.log');

/** `LINE TIME phase test subtest result`. */
const summary = (notes: readonly Note[] = []): string[] =>
  notes.map(({ what, where, timeUs, facts }) => {
    const { phase, test, subtest, dynamic, result, ret } = facts;
    return [what, where, timeUs, phase, test, subtest, dynamic, result, ret]
      .filter((x) => x != null)
      .join(' ');
  });

const PHASES = [
  'phase 2 60104220 executing xe_exec_reset',
  'phase 3 60120413 starting xe_exec_reset gt-reset 0',
  'phase 4 60121007 starting xe_exec_reset tile0 1',
  'phase 22 190000301 finished xe_exec_reset tile0 0 FAIL',
  'phase 23 190000377 finished xe_exec_reset gt-reset 0 FAIL',
  'phase 24 190002518 exiting xe_exec_reset 98',
];

describe('phases of igt-gpu-tools', () => {
  it('are notes in time around the reports, which stay what they are', async () => {
    const capture = await captureOf(LOG);
    expect(summary(capture.notes)).toEqual(PHASES);
    expect(capture.notes?.every((note) => note.clock === 'boot' && note.facts['suite'] === 'igt')).toBe(true);
    expect(capture.byEvent).toEqual({ 'hung-task': 1, phase: 6 });
    const without = await captureOf(LOG.replaceAll('[IGT]', 'IGT'));
    expect(without.notes ?? []).toEqual([]);
    expect([without.reports, without.platform]).toEqual([capture.reports, capture.platform]);
    expect(capture.platform).toEqual(['intel-xe']);
  });

  it('are told once where dmesg and the journal stand in one file, and read under quotes and without stamps', async () => {
    const twice = await captureOf(`${LOG}${LOG}`);
    expect(summary(twice.notes)).toEqual(PHASES);
    const quoted = await captureOf(`Hi,\n\n${LOG.replace(/^/gm, '> ')}`);
    expect(quoted.notes?.map((note) => note.where)).toEqual([4, 5, 6, 24, 25, 26]);
    const bare = await captureOf(LOG.replace(/^<\d+>\[ *\d+\.\d+\] /gm, ''));
    expect(bare.notes?.map((note) => [note.timeUs, note.clock])).toEqual(PHASES.map(() => [null, null]));
  });

  it('keep what a mail client left of a long marker, and take no other line', async () => {
    const stamp = (text: string, i: number): string => `[   ${i + 1}.000000] [IGT] ${text}\n`;
    const { notes } = await captureOf(
      [
        'kms_flip: starting dynamic subtest',
        'kms_flip: starting subtest a, b c',
        'prose',
        'kms_flip: exiting, ret=x',
        'gem_exec: exiting, ret=-2',
      ]
        .map(stamp)
        .join(''),
    );
    expect(
      notes?.map((note) => [note.facts['phase'], note.facts['subtest'] ?? null, note.facts['ret']]),
    ).toEqual([
      ['starting', null, undefined],
      ['exiting', null, -2],
    ]);
  });

  it('never throw, whatever stands behind the mark', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.nat(LOG.length),
        async (text, cut) => {
          const { notes = [] } = await captureOf(`${LOG.slice(0, cut)}[IGT] ${text}\n`, {
            format: 'kernel-log',
          });
          for (const note of notes) expect(note.facts['test']).not.toBe('');
        },
      ),
      { numRuns: 40 },
    );
  });
});

it.skipIf(!existsSync(FIELD))(
  'a mail of the field gives the marker that grep finds in it (../shared)',
  async () => {
    const text = readFileSync(FIELD, 'utf8');
    const { notes } = await captureOf(text);
    expect(notes?.length).toBe(text.match(/\[IGT\] \w+: executing/g)?.length);
    expect(summary(notes)[0]).toMatch(/ 360446771 executing i915_selftest$/);
  },
);
if (!existsSync(FIELD)) console.warn('phases: ../shared/field is missing, no log of the field was read');
