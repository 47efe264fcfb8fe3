// A short, repeatable self-fuzzing: jsfuzz's mutations of the seeds, through every target, without its process around.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeCapture } from '../corpus/pack/pack.js';
import type { EventColumns } from '../corpus/schema/event.js';
import { jsfuzzCorpus } from './jsfuzz.js';
import { checkCapture } from './laws.js';
import { packSeeds } from './made-seeds.js';
import { seedsOf } from './seeds.js';
import { FUZZ_TARGETS, targetOf } from './targets.js';

const root = join(import.meta.dirname, '..');
/** Mutants of each target. `npm run fuzz:importers -- --seconds 3600` is the long form. */
const MUTANTS = 150;
/** The dice: a failure repeats. */
const SEED = 20_261_125;

describe('self-fuzzing', () => {
  it.each(FUZZ_TARGETS)('$id obeys its laws on mutated seeds', async (target) => {
    const corpus = jsfuzzCorpus([], target.text, SEED);
    corpus.maxInputSize = target.maxBytes;
    corpus.inputs = await seedsOf(target, root);
    expect(corpus.inputs.length).toBeGreaterThan(1);
    for (let i = 0; i < MUTANTS; i++) {
      let bytes = Buffer.from(corpus.inputs[corpus.rand(corpus.inputs.length)]!);
      for (let times = corpus.rand(4); times >= 0; times--) bytes = Buffer.from(corpus.mutate(bytes));
      try {
        await target.run(bytes);
      } catch (error) {
        throw new Error(`mutant ${i} of ${target.id}, base64 ${bytes.toString('base64')}`, { cause: error });
      }
    }
  });

  const REGRESSIONS = readdirSync(join(import.meta.dirname, 'regressions')).sort();
  it.each(REGRESSIONS)('what it once found stays mended: %s', async (file) => {
    // TARGET--NN-what-it-was
    const target = targetOf(file.split('--')[0]!);
    expect(target).not.toBeNull();
    await target!.run(readFileSync(join(import.meta.dirname, 'regressions', file)));
  });

  it('a capture that breaks a law is told, by the name of the law', () => {
    const decoded = decodeCapture(packSeeds()[1]!);
    if (!decoded.ok) throw new Error('the seed is not read');
    const { capture } = decoded;
    expect(() => checkCapture(capture, 100)).not.toThrow();
    const { events } = capture;
    const broken = (change: Partial<EventColumns>) => () =>
      checkCapture({ ...capture, events: { ...events, ...change } }, 100);
    expect(broken({ where: Float64Array.of(-1) })).toThrow('provenance');
    expect(broken({ task: Uint32Array.of(7) })).toThrow('known task');
    expect(broken({ episode: Uint32Array.of(7) })).toThrow('known episode');
    const skip = { stat: 'x', severity: 'info', count: 1, first_line: null, advice: ' ' } as const;
    expect(() => checkCapture({ ...capture, skipped: [skip] }, 100)).toThrow('remedy');
  });

  it('knows its targets by name', () => {
    expect(targetOf('pack')?.id).toBe('pack');
    expect(targetOf('no such target')).toBeNull();
  });
});
