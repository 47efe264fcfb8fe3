// What tests of trace.dat files share: the samples of the house, and reading bytes into a capture.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Capture } from '../../corpus/schema/capture.js';
import { importSource } from '../import.js';
import { sourceOf } from '../source.js';

const FOLDER = join(import.meta.dirname, '../testdata/trace-dat');

/** The unpacked bytes of a sample under importers/testdata/trace-dat. */
export function sample(name: string): Buffer {
  const bytes = readFileSync(join(FOLDER, name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

export const X86_V7 = '001-x86_64-v7-zstd-abba.dat';
export const S390_V6 = '002-s390x-v6-abba.dat.gz';
export const ALL_LOCKS = '003-x86_64-v6-all-locks.dat.gz';

/** The capture of a file in memory. */
export async function captureOf(bytes: Uint8Array): Promise<Capture> {
  const imported = await importSource(sourceOf('made.dat', bytes), { format: 'trace-dat' });
  if (!imported.ok) throw new Error(imported.problem.title);
  return imported.capture;
}

export function skipsOf(capture: Capture): Readonly<Record<string, number>> {
  return Object.fromEntries(capture.skipped.map(({ stat, count }) => [stat, count]));
}
