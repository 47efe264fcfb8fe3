// What every numbered sample of a format has to stand: its facts, its recognition, and the laws of importers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../corpus/schema/capture.js';
import { importSource } from '../import.js';
import { IMPORTERS, sniff } from '../registry.js';
import { SKIPS } from '../skips.js';
import { sourceOf } from '../source.js';
import { expectedFacts, factsOf } from './expected-facts.laws.js';

/** Reads bytes as relock import does; throws where nothing is recognised. */
export async function captureOf(
  bytes: Uint8Array | string,
  options: { readonly format?: string; readonly name?: string } = {},
): Promise<Capture> {
  const source = sourceOf(options.name ?? 'x', typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  const imported = await importSource(source, options.format === undefined ? {} : { format: options.format });
  if (!imported.ok) throw new Error(`${imported.problem.title}: ${imported.problem.facts.join(' ')}`);
  return imported.capture;
}

/** Declares the tests of all samples in `importers/testdata/FOLDER`; returns their names. */
export function sampleTests(folder: string, options: { readonly alsoClaimedBy?: readonly string[] } = {}): string[] {
  const path = join(import.meta.dirname, folder);
  const names = readdirSync(path).sort();
  const allowed = new Set(options.alsoClaimedBy ?? []);
  describe(`samples of ${folder}`, () => {
    it.each(names)('%s gives the facts in its header', async (name) => {
      const text = readFileSync(join(path, name), 'utf8');
      const expected = expectedFacts(text);
      const capture = await captureOf(text);
      expect(factsOf(capture)).toEqual(expect.objectContaining(expected));
      for (const line of capture.events.where) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
      }
    });

    it.each(names)('%s is claimed by one importer, under any name', async (name) => {
      const text = readFileSync(join(path, name), 'utf8');
      const mine = sniff(text);
      expect(mine).not.toBeNull();
      const others = IMPORTERS.filter(
        (importer) => importer !== mine && !allowed.has(importer.id) && importer.sniff(text),
      );
      expect(others.map((importer) => importer.id)).toEqual([]);
      const named = await captureOf(text, { name: 'vmlinux.jpg' });
      expect({ ...named, file: 'x' }).toEqual(await captureOf(text));
    });

    it.each(names)('%s, cut anywhere or with garbage in it, is read without a throw', async (name) => {
      const bytes = readFileSync(join(path, name));
      const format = sniff(bytes.toString())!.id;
      await fc.assert(
        fc.asyncProperty(
          fc.nat(bytes.length),
          fc.nat(bytes.length),
          fc.uint8Array({ maxLength: 40 }),
          async (from, to, garbage) => {
            const cut = Buffer.concat([bytes.subarray(0, Math.min(from, to)), garbage, bytes.subarray(Math.max(from, to))]);
            const capture = await captureOf(cut, { format });
            for (const skip of capture.skipped)
              expect(SKIPS[skip.stat as keyof typeof SKIPS].advice).toBe(skip.advice);
          },
        ),
        { numRuns: 15 },
      );
    });
  });
  return names;
}
